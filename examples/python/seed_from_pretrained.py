from replayrt.models.common.trt import establish_trt_cuda_graph_cache

cache = establish_trt_cuda_graph_cache(
    default_cuda_graph_cache_size=8,
    cuda_graph_cache=None,  # let env var decide
)
# cache is None when env var is disabled (default)
