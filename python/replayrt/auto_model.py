"""Model packages: from pictures to predictions."""

from __future__ import annotations

import asyncio
import operator
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from . import _core
from ._core import Engine, InferResult, PreProcessingMetadata, TRTCudaGraphCache
from .errors import InvalidParameterError
from .options import PreProcessingOverrides, RecommendedParameters
from .pictures import as_image_arguments

_T = TypeVar("_T")
_STEPS = ("disable_contrast_enhancement", "disable_grayscale", "disable_static_crop")


def _converted(what: str, value: Any, convert: Callable[[Any], _T], expected: str) -> _T | None:
    try:
        return None if value is None else convert(value)
    except (TypeError, ValueError):
        raise InvalidParameterError(f"{what} is {value!r}: expected {expected}") from None


def _real(value: Any) -> float:
    if isinstance(value, str):
        raise TypeError
    return float(value)


def _sides(value: Any) -> tuple[int, int]:
    first, second = value if isinstance(value, Sequence) else (value, value)
    return operator.index(first), operator.index(second)


def _options(
    *,
    pre_processing_overrides: PreProcessingOverrides | Mapping[str, bool] | None = None,
    image_size: int | tuple[int, int] | None = None,
    disable_cuda_graphs: bool = False,
    confidence: float | str | None = None,
    iou_threshold: float | None = None,
    max_detections: int | None = None,
    class_agnostic_nms: bool | None = None,
    masks_smoothing_enabled: bool | None = None,
    masks_binarization_threshold: float | None = None,
    masks_resolution_factor: float | None = None,
    key_points_threshold: float | None = None,
) -> _core.PredictOptions:
    overrides = pre_processing_overrides or {}
    if isinstance(overrides, Mapping):
        unknown = [name for name in overrides if name not in _STEPS]
        if unknown:
            raise InvalidParameterError(
                f"pre_processing_overrides: {unknown[0]!r} is unknown: expected some of {', '.join(_STEPS)}"
            )
        steps = [bool(overrides.get(name, False)) for name in _STEPS]
    else:
        steps = [bool(getattr(overrides, name)) for name in _STEPS]
    if not isinstance(confidence, str):
        confidence = _converted("confidence", confidence, _real, "a number, 'best' or 'default'")
    return _core.PredictOptions(
        overrides=(steps[0], steps[1], steps[2]),
        image_size=_converted("image_size", image_size, _sides, "(width, height), or one number for both"),
        disable_cuda_graphs=bool(disable_cuda_graphs),
        confidence=confidence,
        iou_threshold=_converted("iou_threshold", iou_threshold, _real, "a number"),
        max_detections=_converted("max_detections", max_detections, operator.index, "a whole number"),
        class_agnostic_nms=None if class_agnostic_nms is None else bool(class_agnostic_nms),
        masks_smoothing_enabled=None if masks_smoothing_enabled is None else bool(masks_smoothing_enabled),
        masks_binarization_threshold=_converted(
            "masks_binarization_threshold", masks_binarization_threshold, _real, "a number"
        ),
        masks_resolution_factor=_converted("masks_resolution_factor", masks_resolution_factor, _real, "a number"),
        key_points_threshold=_converted("key_points_threshold", key_points_threshold, _real, "a number"),
    )


_KNOWN = frozenset(_options.__kwdefaults__ or ())


class Model:
    """A loaded model package. Any number of threads may call it, and models that share a cache run at once.

    All calls raise ModelInputError (an image that is none; the message names its position), InvalidParameterError (an
    option that is out of range, or that this task does not have), TypeError (an option that no task has),
    ModelRuntimeError, OutOfMemoryError, and CorruptedModelPackageError if the network's outputs turn out not to be the
    family's. The GIL is released while
    they work.

    `images` is one image or a list of them: uint8 arrays (height, width, channels), BGR unless `input_color_format`
    says "rgb"; paths of files; PIL images; tensors with `__dlpack__` (channels first, RGB). The keyword arguments are
    the reference's:

    input_color_format: "bgr" or "rgb".
    pre_processing_overrides: steps to leave out (`PreProcessingOverrides`, or a mapping of its fields).
    image_size: (width, height) at which the network runs, or one number for both, if the package says that it may vary.
    disable_cuda_graphs: leaves the graph cache out for this call.
    confidence: least confidence of what is reported, 0 to 1; "best": what the package's evaluation recommends;
        "default" or None: the family's.
    iou_threshold, max_detections, class_agnostic_nms: of non-maximum suppression.
    masks_smoothing_enabled: whether masks are resized as probabilities (True) or as logits.
    masks_binarization_threshold: what of a mask is greater is part of the object; None: 0.5 of probabilities, 0 of
        logits.
    masks_resolution_factor: the size of masks, from the network's (0) to the picture's (1).
    key_points_threshold: least confidence of a key point, 0 to 1.
    """

    def __init__(
        self, loaded: _core.LoadedModel, cache: TRTCudaGraphCache | None, drops_unknown: bool, path: str
    ) -> None:
        """For `AutoModel`."""
        self._loaded = loaded
        self._cache = cache
        self._drops_unknown = drops_unknown
        self._path = path

    @property
    def class_names(self) -> tuple[str, ...]:
        """By class id, the package's removals done."""
        return self._loaded.class_names

    @property
    def key_points_classes(self) -> tuple[tuple[str, ...], ...]:
        """Names of the key points of each class, by class id; empty for models without."""
        return self._loaded.key_points_classes

    @property
    def skeletons(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Which key points of each class are connected, by class id: pairs of positions in `key_points_classes`."""
        return self._loaded.skeletons

    @property
    def task(self) -> str:
        """The reference's `task_type`: "object-detection", "classification", …"""
        return self._loaded.task

    @property
    def architecture(self) -> str:
        return self._loaded.architecture

    @property
    def engine(self) -> Engine:
        return self._loaded.engine

    @property
    def graph_cache(self) -> TRTCudaGraphCache | None:
        """None: every run is eager."""
        return self._cache

    @property
    def fuses_pre_processing(self) -> bool:
        """Whether the network does part of the pre-processing and takes uint8."""
        return self._loaded.fuses_pre_processing

    def predict(self, images: Any, *, input_color_format: str | None = None, **options: Any) -> list[Any]:
        """One result of `replayrt.results` per image, in their order."""
        return self._loaded.predict(as_image_arguments(images, input_color_format), self._read(options))

    __call__ = predict
    infer = predict

    async def predict_async(self, images: Any, **options: Any) -> list[Any]:
        """`predict` for asyncio, in the event loop's own thread pool; the loop goes on meanwhile.

        Images must not change until it returns. Cancelling the await does not stop a run that has begun.
        """
        return await asyncio.to_thread(self.predict, images, **options)

    def pre_process(
        self, images: Any, *, input_color_format: str | None = None, **options: Any
    ) -> tuple[Any, list[PreProcessingMetadata]]:
        """The network's input, (n, 3, h, w) float32 or (n, h, w, 3) uint8 if fused, and how each image became it."""
        return self._loaded.pre_process(as_image_arguments(images, input_color_format), self._read(options))

    def forward(self, pre_processed_images: Any, **options: Any) -> InferResult:
        """The network's outputs for what `pre_process` gave; the result says how the call was served."""
        return self._loaded.forward(pre_processed_images, self._read(options))

    def post_process(
        self,
        model_results: InferResult | Sequence[Any],
        pre_processing_meta: list[PreProcessingMetadata],
        **options: Any,
    ) -> list[Any]:
        """Results for the outputs of `forward`, or for arrays like them in the engine's order."""
        return self._loaded.post_process(model_results, pre_processing_meta, self._read(options))

    @property
    def closed(self) -> bool:
        """Whether `close` was called, or a `with` left."""
        return self._loaded.closed

    def close(self) -> None:
        """Frees the model when calls under way have ended; its graphs leave the cache. Later calls are errors."""
        self._loaded.close()

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._loaded.closed:
            return f"<Model {self._path!r}, closed>"
        engine = self.engine
        cache = "no graph cache" if self._cache is None else repr(self._cache)
        return (
            f"<Model {self._path!r}: {self.architecture} for {self.task}, {len(self.class_names)} classes, "
            f"{engine.backend} on {engine.device}, {cache}>"
        )

    def _read(self, options: dict[str, Any]) -> _core.PredictOptions:
        if self._drops_unknown:
            options = {name: value for name, value in options.items() if name in _KNOWN}
        unknown = [name for name in options if name not in _KNOWN]
        if unknown:
            raise TypeError(f"{unknown[0]!r} is no option of a model: expected some of {', '.join(sorted(_KNOWN))}")
        return _options(**options)


class AutoModel:
    """The seed's way to a model."""

    @staticmethod
    def from_pretrained(
        model_id_or_path: str | os.PathLike[str],
        *,
        backend: str | None = None,
        device: Any = None,
        cuda_graph_cache: TRTCudaGraphCache | None = None,
        trt_cuda_graph_cache: TRTCudaGraphCache | None = None,
        default_trt_cuda_graph_cache_size: int = 8,
        precision: str = "f32",
        inference_threads: int = 0,
        engine_host_code_allowed: bool = False,
        trt_engine_host_code_allowed: bool = False,
        activation_slots: int = 2,
        recommended_parameters: RecommendedParameters | None = None,
        rf_detr_max_input_resolution: int | tuple[int, int] | None = None,
        fuse_pre_processing: bool = True,
        reference_compatible: bool = False,
        allow_direct_local_storage_loading: bool = True,
    ) -> Model:
        """Loads the model package in a folder (docs/package_format.md); the GIL is released meanwhile.

        backend: "openvino" (weights.onnx), "tensorrt" (engine.plan; also "trt"), None or "auto": what fits.
        device: "cpu", "cuda", "cuda:N", a torch.device, or None.
        cuda_graph_cache: where captured graphs live; any number of models may share it. None: the backend's environment
            variable decides (`establish_trt_cuda_graph_cache`). `trt_cuda_graph_cache` is the same under the name of
            the reference's model classes.
        default_trt_cuda_graph_cache_size: capacity of a cache that the environment asks for.
        precision, inference_threads, engine_host_code_allowed, activation_slots: as in `load_engine`.
            `trt_engine_host_code_allowed` is the same under the name of the reference's AutoModel, where it is True.
        recommended_parameters: replaces what the package recommends.
        rf_detr_max_input_resolution: packages with a larger input, one number or (height, width), are refused.
        fuse_pre_processing: makes conversion, scaling and normalisation part of the network where that is possible.
        reference_compatible: gives the reference's answer where ReplayRT deliberately gives another one, and drops
            unknown keyword arguments of calls as it does.
        allow_direct_local_storage_loading: False refuses every path.

        Raises the class of the package's first problem (CorruptedModelPackageError, ModelPackageRestrictedError, …),
        ModelImplementationNotFoundError if there is no family for it or none of its weights fits, and as `load_engine`.
        """
        if None not in (cuda_graph_cache, trt_cuda_graph_cache) and cuda_graph_cache is not trt_cuda_graph_cache:
            raise InvalidParameterError("cuda_graph_cache and trt_cuda_graph_cache are two caches: expected one of them")
        cache = cuda_graph_cache if cuda_graph_cache is not None else trt_cuda_graph_cache
        most = _converted(
            "rf_detr_max_input_resolution",
            rf_detr_max_input_resolution,
            _sides,
            "(height, width), or one number for both",
        )
        recommended = recommended_parameters
        loaded = _core.load_model(
            model_id_or_path,
            backend={None: "auto", "trt": "tensorrt", "onnx": "openvino"}.get(backend, backend or "auto"),
            device="auto" if device is None else str(device),
            cuda_graph_cache=cache,
            default_cache_size=default_trt_cuda_graph_cache_size,
            precision=precision,
            inference_threads=inference_threads,
            engine_host_code_allowed=engine_host_code_allowed or trt_engine_host_code_allowed,
            activation_slots=activation_slots,
            recommended=None
            if recommended is None
            else (recommended.confidence, dict(recommended.per_class_confidence)),
            most_input=most,
            fuse_pre_processing=fuse_pre_processing,
            reference_compatible=reference_compatible,
            allow_local=allow_direct_local_storage_loading,
        )
        return Model(loaded, cache or loaded.graph_cache, reference_compatible, os.fspath(model_id_or_path))
