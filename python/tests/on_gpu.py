"""The package on a real GPU, without any other library for it: `on_gpu.py MODEL.onnx OUT.json [--build FLAG...]`.

MODEL has one f32 image input (n, 3, 224, 224), like SqueezeNet. Builds a plan, and checks arrays on the device (through
DLPack, made by hand with CUDA's runtime), streams, captures and what is refused. Not part of `make test`: it needs
a GPU, a build with TensorRT, and TensorRT's libraries. docs/gpu-results.md says what was seen.
"""

from __future__ import annotations

import ctypes
import functools
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from dlpack_by_hand import DeviceArray, shape_in, tensor_in

import replayrt

TO_DEVICE, TO_HOST = 1, 2
SHAPES = "1x3x224x224", "2x3x224x224", "3x3x224x224"


@functools.cache
def cuda() -> ctypes.CDLL:
    return ctypes.CDLL("libcudart.so.13")


def check(status: int) -> None:
    if status != 0:
        raise RuntimeError(f"CUDA error {status}")


class CudaArray(DeviceArray):
    """In memory of CUDA's runtime."""

    def __init__(self, values: np.ndarray) -> None:
        pointer = ctypes.c_void_p()
        check(cuda().cudaMalloc(ctypes.byref(pointer), ctypes.c_size_t(values.nbytes)))
        super().__init__(values, pointer.value or 0)
        self.write(values)

    def write(self, values: np.ndarray, stream: int | None = None) -> None:
        to, source = ctypes.c_void_p(self.address), values.ctypes.data_as(ctypes.c_void_p)
        size = ctypes.c_size_t(values.nbytes)
        if stream is None:
            check(cuda().cudaMemcpy(to, source, size, TO_DEVICE))
        else:
            check(cuda().cudaMemcpyAsync(to, source, size, TO_DEVICE, ctypes.c_void_p(stream)))

    def __del__(self) -> None:
        cuda().cudaFree(ctypes.c_void_p(self.address))


def to_host(output: Any, stream: int | None = None) -> np.ndarray:
    """What a DeviceTensor holds, read through its own DLPack."""
    assert output.__dlpack_device__() == (2, 0) and output.device == "cuda:0" and output.dtype == "f32"
    capsule = output.__dlpack__(stream=stream)
    tensor = tensor_in(capsule)
    assert shape_in(tensor) == output.shape
    values = np.empty(output.shape, np.float32)
    target = values.ctypes.data_as(ctypes.c_void_p)
    size = ctypes.c_size_t(values.nbytes)
    if stream is None:
        check(cuda().cudaMemcpy(target, ctypes.c_void_p(tensor.data + tensor.byte_offset), size, TO_HOST))
    else:
        source = ctypes.c_void_p(tensor.data + tensor.byte_offset)
        check(cuda().cudaMemcpyAsync(target, source, size, TO_HOST, ctypes.c_void_p(stream)))
        check(cuda().cudaStreamSynchronize(ctypes.c_void_p(stream)))
    return values


class Proof:
    def __init__(self, engine: replayrt.Engine) -> None:
        self.engine = engine
        self.random = np.random.default_rng(11)
        self.cache = replayrt.TRTCudaGraphCache(8)
        self.seen: dict[str, Any] = {}

    def picture(self, n: int = 1) -> np.ndarray:
        return self.random.random((n, 3, 224, 224), np.float32)

    def expected(self, values: np.ndarray) -> np.ndarray:
        return np.array(replayrt.infer(self.engine, values)[0])

    def host_and_device_agree(self) -> None:
        for n in (1, 2, 3):
            values = self.picture(n)
            on_device = CudaArray(values)
            result = replayrt.infer(self.engine, on_device)
            np.testing.assert_array_equal(to_host(result[0]), self.expected(values))
            assert on_device.asked == [1]

    def graphs_are_captured_and_replayed(self) -> None:
        values, routes = self.picture(), []
        on_device = CudaArray(values)
        for _ in range(4):
            result = replayrt.infer(self.engine, on_device, graph_cache=self.cache)
            routes.append(result.route)
            np.testing.assert_array_equal(to_host(result[0]), self.expected(values))
        assert routes == ["captured", "replayed", "replayed", "replayed"], routes
        host = [replayrt.infer(self.engine, values, graph_cache=self.cache).route for _ in range(2)]
        assert host == ["captured", "replayed"], host  # Fed from the host it is another graph.
        assert [key.inputs[0][1] for key in self.cache.list_keys()] == [(1, 3, 224, 224)] * 2

    def in_place_reads_where_the_memory_is(self) -> None:
        values = self.picture()
        on_device = CudaArray(values)
        run = dict(graph_cache=self.cache, input_binding="in_place")
        assert replayrt.infer(self.engine, on_device, **run).route == "captured"
        other = self.picture()
        on_device.write(other)
        result = replayrt.infer(self.engine, on_device, **run)
        written = int(np.prod(result[0].shape)) * 4  # The result owns its memory: only that is copied.
        assert result.route == "replayed" and result.bytes_copied == written, (result, result.bytes_copied)
        np.testing.assert_array_equal(to_host(result[0]), self.expected(other))

    def work_is_ordered_on_the_callers_stream(self) -> None:
        with_stream = self.engine.make_stream()
        stream = with_stream.cuda_stream
        on_device, wrong = CudaArray(self.picture()), 0
        for synchronize in (True, False) * 20:
            values = self.picture()
            on_device.write(values, stream)  # Not waited for.
            run = dict(stream=with_stream, synchronize=synchronize, graph_cache=self.cache)
            result = replayrt.infer(self.engine, on_device, **run)
            wrong += not np.array_equal(to_host(result[0], stream), self.expected(values))
            result.wait()
        assert wrong == 0 and set(on_device.asked) == {stream}, (wrong, set(on_device.asked))

    def results_live_as_long_as_they_are_kept(self) -> None:
        values = [self.picture() for _ in range(8)]
        kept = [replayrt.infer(self.engine, CudaArray(v), graph_cache=self.cache)[0] for v in values]
        for output, v in zip(kept, values):
            np.testing.assert_array_equal(to_host(output), self.expected(v))

    def what_does_not_fit_is_refused(self) -> None:
        for wrong in (self.random.random((1, 3, 9, 9), np.float32), self.random.random((99, 3, 224, 224), np.float32)):
            for given in (wrong, CudaArray(wrong)):
                try:
                    replayrt.infer(self.engine, given)
                except replayrt.ModelInputError:
                    continue
                raise AssertionError(f"{wrong.shape} was not refused")

    def host_time_of_a_replay(self) -> None:
        on_device = CudaArray(self.picture())
        run = dict(graph_cache=self.cache, stream=self.engine.make_stream(), synchronize=False)
        times = []
        for _ in range(300):
            begin = time.perf_counter_ns()
            result = replayrt.infer(self.engine, on_device, **run)
            times.append(time.perf_counter_ns() - begin)
            result.wait()
        times.sort()
        self.seen["host_us_of_a_replay"] = {"median": times[150] / 1000, "p99": times[297] / 1000}


def main() -> int:
    model, out, *flags = sys.argv[1:]
    plan = Path(out).with_suffix(".plan")
    if not plan.exists():
        build = ["build", model, "-o", plan, "--min", SHAPES[0], "--opt", SHAPES[0], "--max", SHAPES[2], "--profiles", "8"]
        subprocess.run([sys.executable, "-m", "replayrt", *map(str, build), *flags], check=True)
    record: dict[str, Any] = {"backends": replayrt.list_backends(), "checks": {}}
    with replayrt.load_trt_model(plan) as engine:
        proof = Proof(engine)
        for name in [name for name in vars(Proof) if not name.startswith("_") and name not in ("picture", "expected")]:
            try:
                getattr(proof, name)()
                record["checks"][name] = "ok"
            except Exception as error:
                record["checks"][name] = f"{type(error).__name__}: {error}"[:2000]
        record |= {"seen": proof.seen, "stats": repr(proof.cache.stats()), "engine": repr(engine)}
    Path(out).write_text(json.dumps(record, indent=1) + "\n")
    print(json.dumps(record, indent=1))
    return any(result != "ok" for result in record["checks"].values())


if __name__ == "__main__":
    sys.exit(main())
