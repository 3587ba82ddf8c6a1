"""Engines: models without a package, and how they are run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from typing import Any

from . import _core
from ._core import Engine, InferResult, TRTCudaGraphCache, infer
from .errors import CorruptedModelPackageError, FileAccessError, InvalidParameterError, ModelInputError
from .options import ImageInput

StrPath = str | os.PathLike[str]


def load_engine(
    path: StrPath,
    *,
    backend: str = "auto",
    device: str = "auto",
    precision: str = "f32",
    inference_threads: int = 0,
    argmax: Mapping[str, int] | None = None,
    image_inputs: Iterable[ImageInput] = (),
    engine_host_code_allowed: bool = False,
    activation_slots: int = 2,
) -> Engine:
    """Loads a model file: `.onnx`, OpenVINO IR (`.xml`), or a TensorRT plan (`.plan`, `.engine`).

    backend: "auto", "openvino", "tensorrt"; device: "auto", "cpu", "cuda", "cuda:N".
    precision: numeric type in which f32 models are computed: "f32", "f16", "bf16", "auto"; anything but "f32" changes
        answers.
    inference_threads: threads that one run uses; 0: as many as this process has cores.
    argmax: output name -> axis; the output becomes the index (int64) of the largest element along it.
    image_inputs: inputs that take uint8 pictures instead.
    engine_host_code_allowed, activation_slots: for TensorRT plans; the first lets a trusted plan run code of its own on
        the host, the second says how many runs are on the device at once (1 to 64).

    The GIL is released while it loads. Raises FileAccessError, CorruptedModelPackageError, MissingDependencyError,
    UnsupportedError, InvalidParameterError; the message names the file.
    """
    return _core.load_engine(
        path,
        backend=backend,
        device=device,
        precision=precision,
        inference_threads=inference_threads,
        argmax=list((argmax or {}).items()),
        image_inputs=[(i.input, i.scale, list(i.mean), list(i.standard_deviation)) for i in image_inputs],
        engine_host_code_allowed=engine_host_code_allowed,
        activation_slots=activation_slots,
    )


def load_trt_model(model_path: StrPath, engine_host_code_allowed: bool = False) -> Engine:
    """Loads a TensorRT plan. As in the reference, a file that cannot be read raises CorruptedModelPackageError, too."""
    try:
        return load_engine(model_path, backend="tensorrt", engine_host_code_allowed=engine_host_code_allowed)
    except FileAccessError as error:
        raise CorruptedModelPackageError(str(error)) from error


def get_trt_engine_inputs_and_outputs(engine: Engine) -> tuple[list[str], list[str]]:
    """Names of the inputs and of the outputs, in the engine's order. Any backend's engine will do."""
    return [spec.name for spec in engine.inputs], [spec.name for spec in engine.outputs]


def infer_from_trt_engine(
    pre_processed_images: Any,
    trt_config: Any = None,
    engine: Engine | None = None,
    context: Any = None,
    device: Any = None,
    input_name: str | None = None,
    outputs: Iterable[str] | None = None,
    stream: Any = None,
    trt_cuda_graph_cache: TRTCudaGraphCache | None = None,
    synchronize: bool = True,
) -> list[Any]:
    """The reference's call, for code that has it: one input, a list of outputs in the order of `outputs`.

    trt_config: a mapping or object with `static_batch_size`, or `dynamic_batch_size_min` and `dynamic_batch_size_max`;
        more rows than the most are split, fewer than the least padded with zeros. None: runs the batch as it is.
    context, device: not needed, and ignored: ReplayRT keeps the contexts, and the engine its device.
    outputs: names; None: all, in the engine's order.
    The rest is as in `replayrt.infer`, which also tells how the call was served.
    """
    if not isinstance(engine, Engine):
        raise InvalidParameterError(f"engine is a {type(engine).__name__}: expected what load_trt_model returned")
    inputs, names = get_trt_engine_inputs_and_outputs(engine)
    if len(inputs) != 1:
        raise ModelInputError(f"the model has {len(inputs)} inputs: infer_from_trt_engine takes one, replayrt.infer all")
    wanted = names if outputs is None else list(outputs)
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise InvalidParameterError(f"outputs: {unknown[0]!r} is none of the model's: expected some of {names}")
    result = infer(
        engine,
        {input_name or inputs[0]: pre_processed_images},
        graph_cache=trt_cuda_graph_cache,
        batch_limits=_batch_limits(trt_config),
        stream=stream,
        synchronize=synchronize,
    )
    return [result[name] for name in wanted]


def _batch_limits(trt_config: Any) -> tuple[int, int] | None:
    def value(name: str) -> int | None:
        found = trt_config.get(name) if isinstance(trt_config, Mapping) else getattr(trt_config, name, None)
        if found is not None and (not isinstance(found, int) or isinstance(found, bool)):
            raise InvalidParameterError(f"trt_config: {name} is {found!r}: expected an int")
        return found

    if trt_config is None:
        return None
    static = value("static_batch_size")
    if static is not None:
        return static, static
    least, most = value("dynamic_batch_size_min"), value("dynamic_batch_size_max")
    if least is None or most is None:
        raise InvalidParameterError(
            "trt_config: expected static_batch_size, or dynamic_batch_size_min and dynamic_batch_size_max"
        )
    return least, most


async def infer_async(engine: Engine, inputs: Any, **options: Any) -> InferResult:
    """`infer` for asyncio: awaits the call in the event loop's own thread pool; the loop goes on meanwhile.

    Inputs must not change until it returns. Cancelling the await does not stop a run that has begun.
    """
    return await asyncio.to_thread(infer, engine, inputs, **options)
