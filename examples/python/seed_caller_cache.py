from replayrt.models.common.trt import (
    TRTCudaGraphCache,
    establish_trt_cuda_graph_cache,
)

my_cache = TRTCudaGraphCache(capacity=32)
result = establish_trt_cuda_graph_cache(
    default_cuda_graph_cache_size=8,
    cuda_graph_cache=my_cache,
)
assert result is my_cache  # returned as-is
