"""Which cache a model uses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import _core
from ._core import Engine, PrewarmReport, TRTCudaGraphCache
from .errors import InvalidParameterError
from .options import BucketProposal

_BACKENDS = ("tensorrt", "openvino")


def establish_trt_cuda_graph_cache(
    default_cuda_graph_cache_size: int,
    cuda_graph_cache: TRTCudaGraphCache | None = None,
    backend: str = "tensorrt",
) -> TRTCudaGraphCache | None:
    """Resolves which cache of captured graphs a model uses.

    A given cache comes back as it is; environment and size are then not looked at. Otherwise the backend's environment
    variable decides: "true" makes a new cache of that capacity, "false" or unset gives None, which means plain
    execution. The variable is ENABLE_AUTO_CUDA_GRAPHS_FOR_TRT_BACKEND, for `backend="openvino"`
    ENABLE_AUTO_GRAPHS_FOR_OPENVINO_BACKEND; its value is compared whole and in any case, all else raises
    InvalidEnvVariable. Raises InvalidParameterError if a cache is to be made and the size is negative. Touches no device.
    """
    if cuda_graph_cache is not None:
        return cuda_graph_cache
    if backend not in _BACKENDS:
        raise InvalidParameterError(f"backend is {backend!r}: expected one of {', '.join(_BACKENDS)}")
    return _core.establish_cache(default_cuda_graph_cache_size, backend)


def cache_report(cache: TRTCudaGraphCache) -> dict[str, Any]:
    """Everything that a cache knows of itself, at one moment: `totals`, `engines` and `keys`, times in milliseconds."""
    report: dict[str, Any] = json.loads(cache.report_json())
    return report


def prewarm(
    cache: TRTCudaGraphCache,
    engine: Engine,
    shapes: Iterable[Sequence[int] | Mapping[str, Sequence[int]]],
    mode: str = "inline",
    *,
    on_device: bool = False,
) -> PrewarmReport:
    """Captures graphs before calls ask for them, in the order given: the hottest first.

    shapes: one per call: a shape, or shapes by input name where the engine has several inputs.
    mode: "inline": before this returns; "background": by the cache's thread, while calls are served.
    on_device: for inputs in the memory of the engine's GPU.

    Evicts nothing and stops when the cache is full; admission is not asked. Raises ModelInputError before anything is done
    if the engine does not take one of the shapes.
    """
    names = [spec.name for spec in engine.inputs]

    def by_input(call: Sequence[int] | Mapping[str, Sequence[int]]) -> list[list[int]]:
        if not isinstance(call, Mapping):
            return [list(call)]
        unknown = [name for name in call if name not in names]
        missing = [name for name in names if name not in call]
        if unknown or missing:
            raise InvalidParameterError(f"shapes: {(unknown or missing)[0]!r}: expected exactly the inputs {names}")
        return [list(call[name]) for name in names]

    return cache.prewarm_shapes(engine, [by_input(call) for call in shapes], mode, on_device)


def propose_buckets(
    histogram: Mapping[int, int],
    *,
    max_bytes: int | None = None,
    base_bytes: int = 0,
    bytes_per_unit: int = 0,
    max_buckets: int = 8,
) -> BucketProposal:
    """The list of buckets that pads least of what was seen (extent -> how often) and fits the budget.

    One graph is taken to hold base_bytes + bytes_per_unit * its bucket. Raises InvalidParameterError for an extent below 1,
    negative bytes or no bucket.
    """
    found = _core.propose_buckets(list(histogram.items()), max_bytes, base_bytes, bytes_per_unit, max_buckets)
    return BucketProposal(**found)
