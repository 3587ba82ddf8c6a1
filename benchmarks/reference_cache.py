"""The Python reference's cache of captured graphs, full, in a process of its own, for python_overhead.py.

Run by the reference's Python. Its cache needs neither TensorRT nor a GPU, but its module imports both, so names stand
in for them. The first line of output tells the versions; after that each line of input, "OPERATION THREADS CALLS", is
answered by the time of one call.
"""

import json
import os
import sys
import types
from importlib import metadata
from typing import Any

from cache_operations import ENTRIES, time_of_one


class StandIn(types.ModuleType):
    """A module that has any class."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"Severity": object})


def full_cache() -> Any:
    os.environ.update(OFFLINE_MODE="true", LOG_LEVEL="ERROR")
    sys.modules |= {name: StandIn(name) for name in ("tensorrt", "pycuda", "pycuda.driver")}
    import torch
    from inference_models.models.common.trt import TRTCudaGraphCache

    cache = TRTCudaGraphCache(ENTRIES)
    for rows in range(1, ENTRIES + 1):
        cache[(rows, 8), torch.float32, torch.device("cuda:0")] = object()  # Nothing looks into a graph's state.
    return cache


def main() -> None:
    # Whatever an import prints goes elsewhere.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    cache = full_cache()
    versions = {name: metadata.version(name) for name in ("inference-models", "torch")}
    print(json.dumps(versions), file=answers, flush=True)
    for line in sys.stdin:
        operation, threads, calls = line.split()
        print(time_of_one(operation, cache, int(threads), int(calls)), file=answers, flush=True)


if __name__ == "__main__":
    main()
