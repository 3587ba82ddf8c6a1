"""Nothing is kept: references are given back, and memory stays flat over 10^5 calls."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import PACKAGES, TRIVIAL

import replayrt
from replayrt import AutoModel, GraphCacheOptions, ModelInputError, TRTCudaGraphCache, infer, load_engine

CALLS = 100_000
PAGES = 2**20  # Bytes by which a process may grow without having leaked: arenas, caches of the allocator.


def private_bytes() -> int:
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no Private_Dirty")


def growth(call, calls: int) -> int:
    """Bytes by which the process grows over `calls` calls, after as many as warm it up."""
    for _ in range(calls // 10):
        call()
    gc.collect()
    before = private_bytes()
    for _ in range(calls):
        call()
    gc.collect()
    return private_bytes() - before


def test_the_check_itself_sees_a_leak():
    kept = []
    assert growth(lambda: kept.append(bytearray(64)), CALLS) > PAGES


def test_runs(trivial, rows):
    cache, x = TRTCudaGraphCache(GraphCacheOptions(admission="always")), rows(2)
    assert growth(lambda: infer(trivial, x, graph_cache=cache)[0], CALLS) < PAGES
    assert cache.stats().replayed > CALLS


def test_errors(trivial):
    wrong = np.zeros((1, 9), np.float32)

    def call():
        with pytest.raises(ModelInputError):
            infer(trivial, wrong)

    assert growth(call, CALLS // 10) < PAGES


def test_keys_and_statistics(trivial, cache, rows):
    infer(trivial, rows(1), graph_cache=cache)
    x = rows(1)
    assert growth(lambda: (cache.list_keys(), trivial.key_for(x) in cache, cache.stats()), CALLS // 4) < PAGES


def test_predictions():
    with AutoModel.from_pretrained(PACKAGES / "yolov8-stretch") as model:
        picture = np.random.default_rng(5).integers(0, 256, (64, 64, 3), np.uint8)
        assert growth(lambda: model(picture, confidence=0.05)[0].to_dict(), 2000) < 2 * PAGES
        before = sys.getrefcount(picture), sys.getrefcount(model.class_names)
        for _ in range(10):
            model(picture)
        assert (sys.getrefcount(picture), sys.getrefcount(model.class_names)) == before


def test_engines_and_caches_that_come_and_go(rows):
    def call():
        with load_engine(TRIVIAL, inference_threads=1) as engine:
            infer(engine, rows(1), graph_cache=TRTCudaGraphCache(GraphCacheOptions(admission="always")))

    assert growth(call, 100) < 8 * PAGES  # OpenVINO itself grows by some KB per model.


def test_references_of_singletons_are_given_back(trivial, rows):
    none, empty = sys.getrefcount(None), sys.getrefcount(())
    for _ in range(1000):
        infer(trivial, rows(1), graph_cache=None, stream=None, batch_limits=None)
        replayrt.establish_trt_cuda_graph_cache(1)
    if sys.version_info < (3, 12):  # Later ones do not count them.
        assert sys.getrefcount(None) < none + 100 and sys.getrefcount(()) < empty + 100
