"""Arrays on a CUDA device, on the doubles of CUDA and TensorRT. `on_gpu.py` is the same on a real GPU."""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from dlpack_by_hand import DeviceArray, shape_in, tensor_in

import replayrt
from replayrt import GraphCacheOptions

FOLDER = Path(os.environ.get("REPLAYRT_ON_DOUBLE", ""))


@pytest.fixture(scope="module")
def core() -> ModuleType:
    """The extension on the doubles. TensorRT's, opened late, takes CUDA's from the process."""
    sys.path.insert(0, str(FOLDER))
    before = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_NOW | os.RTLD_GLOBAL)
    try:
        return importlib.import_module("_core_on_double")
    finally:
        sys.setdlopenflags(before)


@pytest.fixture
def engine(core, tmp_path) -> Iterator[object]:
    """y = 4 + x for x of (1 to 8, 3); nothing may be left behind, and no rule of CUDA broken."""
    core.reset_machine()
    core.write_plan(tmp_path / "model.plan")
    loaded = core.load_engine(
        tmp_path / "model.plan",
        backend="tensorrt",
        device="auto",
        precision="f32",
        inference_threads=0,
        argmax=[],
        image_inputs=[],
        engine_host_code_allowed=False,
        activation_slots=2,
    )
    yield loaded
    loaded.close()
    gc.collect()
    assert core.violations() == []


@pytest.fixture
def cache(core):
    with core.TRTCudaGraphCache(GraphCacheOptions(capacity=2)) as made:
        yield made


class FakeArray(DeviceArray):
    """In memory of the double of CUDA."""

    def __init__(self, core: ModuleType, values: np.ndarray, **changes: int) -> None:
        super().__init__(values, core.allocate(values.nbytes), **changes)
        self.core = core
        core.write(self.address, values.tobytes())

    def free(self) -> None:
        self.core.free(self.address)


def to_host(core: ModuleType, output: object, stream: int | None = None) -> np.ndarray:
    capsule = output.__dlpack__(stream=stream)
    tensor = tensor_in(capsule)
    shape = shape_in(tensor)
    assert shape == output.shape and (tensor.device_type, tensor.code, tensor.bits) == (2, 2, 32)
    return np.frombuffer(core.read(tensor.data, int(np.prod(shape)) * 4, stream or 0), np.float32).reshape(shape)


def values_of(n: int, start: float = 0) -> np.ndarray:
    return np.arange(n * 3, dtype=np.float32).reshape(n, 3) + np.float32(start)


def test_device_in_device_out(core, engine, cache):
    given = FakeArray(core, values_of(2))
    routes = []
    for _ in range(3):
        result = core.infer(engine, given, graph_cache=cache)
        routes.append(result.route)
        output = result[0]
        assert (output.shape, output.dtype, output.device) == ((2, 3), "f32", "cuda:0")
        assert output.__dlpack_device__() == (2, 0)
        np.testing.assert_array_equal(to_host(core, output), values_of(2) + 4)
    assert routes == ["captured", "replayed", "replayed"]
    assert given.asked == [1, 1, 1]  # Ready on CUDA's legacy default stream.
    given.free()


def test_host_in_host_out(core, engine, cache):
    for _ in range(2):
        output = core.infer(engine, values_of(3), graph_cache=cache)[0]
        assert isinstance(output, np.ndarray)
        np.testing.assert_array_equal(output, values_of(3) + 4)


def test_work_is_ordered_on_the_callers_stream(core, engine, cache):
    stream = engine.make_stream()
    given = FakeArray(core, values_of(1))
    for i in range(6):
        core.write_later(given.address, values_of(1, i).tobytes(), stream.cuda_stream)
        result = core.infer(engine, given, graph_cache=cache, stream=stream, synchronize=False)
        np.testing.assert_array_equal(to_host(core, result[0], stream.cuda_stream), values_of(1, i) + 4)
        result.wait()
        assert result.done()
    assert given.asked == [stream.cuda_stream] * 6
    given.free()


def test_exporting_to_another_stream_waits_for_the_run(core, engine):
    stream = engine.make_stream()
    given = FakeArray(core, values_of(1))
    result = core.infer(engine, given, stream=stream, synchronize=False)
    assert not result.done()
    output = result[0]
    output.__dlpack__(stream=stream.cuda_stream)  # In the order of the run: nobody waits.
    assert not result.done()
    output.__dlpack__(stream=1)
    assert result.done()
    given.free()


def test_a_result_that_is_dropped_early_waits_before_its_inputs_go(core, engine):
    stream = engine.make_stream()
    given = FakeArray(core, values_of(1))
    before = sys.getrefcount(given)
    result = core.infer(engine, given, stream=stream, synchronize=False)
    assert sys.getrefcount(given) > before and core.pending_work() > 0
    del result
    assert sys.getrefcount(given) == before and core.pending_work() == 0
    given.free()


def test_in_place_reads_at_the_arrays_address(core, engine, cache):
    given = FakeArray(core, values_of(2))
    assert core.infer(engine, given, graph_cache=cache, input_binding="in_place").route == "captured"
    core.write(given.address, values_of(2, 7).tobytes())
    result = core.infer(engine, given, graph_cache=cache, input_binding="in_place")
    assert result.route == "replayed"
    np.testing.assert_array_equal(to_host(core, result[0]), values_of(2, 7) + 4)
    other = FakeArray(core, values_of(2))
    assert core.infer(engine, other, graph_cache=cache, input_binding="in_place").route == "captured"
    assert "at 0x" in str(engine.key_for(given, input_binding="in_place"))
    assert "at 0x" not in str(engine.key_for(given))
    given.free()
    other.free()


def test_outputs_outlive_all_else(core, engine, cache):
    given = FakeArray(core, values_of(1))
    outputs = [core.infer(engine, given, graph_cache=cache)[0] for _ in range(4)]
    engine.close()
    cache.purge()
    gc.collect()
    for output in outputs:
        np.testing.assert_array_equal(to_host(core, output), values_of(1) + 4)
    given.free()


def test_nothing_stays_on_the_device(core, engine, cache):
    given = FakeArray(core, values_of(1))
    for _ in range(50):
        to_host(core, core.infer(engine, given, graph_cache=cache)[0])
    engine.close()
    gc.collect()
    given.free()
    assert core.device_blocks() == 0


@pytest.mark.parametrize(
    ("changes", "text"),
    [({"device_type": 4}, "device"), ({"device_id": 3}, "cuda:3"), ({"code": 5}, "DLPack code"), ({"bits": 16}, "f16")],
)
def test_what_does_not_fit_is_refused(core, engine, changes, text):
    given = FakeArray(core, values_of(1), **changes)
    with pytest.raises(replayrt.ModelInputError, match=text):
        core.infer(engine, given)
    given.free()


def test_a_device_array_that_is_not_contiguous_is_refused(core, engine):
    given = FakeArray(core, values_of(3))
    strides = (ctypes.c_int64 * 2)(1, 3)
    given.changes = {"strides": ctypes.addressof(strides)}
    with pytest.raises(replayrt.ModelInputError, match="not contiguous"):
        core.infer(engine, given)
    given.free()
