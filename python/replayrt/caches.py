"""Which cache a model uses."""

from __future__ import annotations

import json
from typing import Any

from . import _core
from ._core import TRTCudaGraphCache
from .errors import InvalidParameterError

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
