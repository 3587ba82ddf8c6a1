"""The reference's import path for what runs TensorRT engines."""

from ..._core import TRTCudaGraphCache
from ...caches import establish_trt_cuda_graph_cache
from ...engines import get_trt_engine_inputs_and_outputs, infer_from_trt_engine, load_trt_model

__all__ = [
    "TRTCudaGraphCache",
    "establish_trt_cuda_graph_cache",
    "get_trt_engine_inputs_and_outputs",
    "infer_from_trt_engine",
    "load_trt_model",
]
