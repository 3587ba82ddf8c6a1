import os
os.environ["ENABLE_AUTO_CUDA_GRAPHS_FOR_TRT_BACKEND"] = "True"

from replayrt.developer_tools import (
    establish_trt_cuda_graph_cache,
)

cache = establish_trt_cuda_graph_cache(default_cuda_graph_cache_size=8)
print(type(cache))  # <class 'TRTCudaGraphCache'>
