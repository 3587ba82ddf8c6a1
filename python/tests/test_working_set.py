"""What the cache remembers and tells: eviction, prewarming, files of keys, metrics."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import MODELS, TRIVIAL
from prometheus_client.parser import text_string_to_metric_families

import replayrt
from replayrt import (
    CorruptedModelPackageError,
    FileAccessError,
    GraphCacheOptions,
    InvalidParameterError,
    ModelInputError,
    TRTCudaGraphCache,
    infer,
    load_engine,
    prewarm,
)


def cache_of(**options) -> TRTCudaGraphCache:
    return TRTCudaGraphCache(GraphCacheOptions(**{"admission": "always", **options}))


def test_eviction():
    """A graph that is used much goes under "lru" once others were used later, and stays under "cost_aware"."""
    captures = {}
    with load_engine(MODELS / "launch_bound.onnx") as engine:
        calls = [np.zeros((n, 16, 16, 16), np.float32) for n in [2] * 60 + [1, 3, 2] * 4]
        for eviction in ("lru", "cost_aware"):
            cache = cache_of(capacity=2, eviction=eviction)
            for x in calls:
                infer(engine, x, graph_cache=cache)
            captures[eviction] = cache.stats().captures
            assert len(cache) == 2
    assert captures["lru"] == 1 + 4 * 3
    assert 1 + 4 * 2 <= captures["cost_aware"] < captures["lru"]  # What it saves is measured.
    with pytest.raises(InvalidParameterError, match="oldest"):
        cache_of(eviction="oldest")


def test_prewarmed_shapes_are_replayed_by_their_first_call(trivial, rows):
    cache = cache_of()
    report = prewarm(cache, trivial, [(1, 8), (2, 8)])
    assert (report.accepted, report.refused) == (2, 0) and "2 accepted" in repr(report)
    assert infer(trivial, rows(2), graph_cache=cache).route == "replayed"
    assert prewarm(cache, trivial, [(1, 8)]).held == 1
    assert cache.stats().prewarmed == 2


def test_prewarming_in_the_background(trivial, rows):
    cache = cache_of()
    prewarm(cache, trivial, [(1, 8), (2, 8)], mode="background")
    cache.wait_idle()
    assert len(cache) == 2


def test_prewarming_stops_when_the_cache_is_full(trivial):
    cache = cache_of(capacity=1)
    report = prewarm(cache, trivial, [(1, 8), (2, 8), (3, 8)])
    assert report.accepted == 1 and report.no_room == 2 and len(cache) == 1


def test_shapes_of_several_inputs_go_by_name():
    with load_engine(MODELS / "two_inputs.onnx") as engine:
        shapes = {spec.name: [2 if d < 0 else d for d in spec.shape] for spec in engine.inputs}
        cache = cache_of()
        assert prewarm(cache, engine, [shapes]).accepted == 1
        with pytest.raises(InvalidParameterError, match="nothing"):
            prewarm(cache, engine, [shapes | {"nothing": [1]}])


@pytest.mark.parametrize("shapes", [[(1, 9)], [(1,)], [(1, 8), (1, 9)]])
def test_shapes_that_do_not_fit_are_refused_before_anything_is_done(trivial, shapes):
    cache = cache_of()
    with pytest.raises(ModelInputError):
        prewarm(cache, trivial, shapes)
    assert len(cache) == 0
    with pytest.raises(InvalidParameterError, match="later"):
        prewarm(cache, trivial, [(1, 8)], mode="later")


def test_the_working_set_survives_a_restart(tmp_path, rows):
    file = tmp_path / "keys.json"
    with load_engine(TRIVIAL) as engine, cache_of() as cache:
        for n in (1, 2, 3):
            infer(engine, rows(n), graph_cache=cache)
        cache.save_keys(file)
        hash_before = engine.content_hash()
    assert json.loads(file.read_text())["version"] == 1
    with load_engine(TRIVIAL) as engine, cache_of() as cache:
        assert engine.content_hash() == hash_before != ""
        report = cache.load_keys(file, [engine], mode="inline")
        assert report.accepted == 3 and len(cache) == 3
        assert infer(engine, rows(3), graph_cache=cache).route == "replayed"
    with load_engine(MODELS / "squeezenet.onnx") as other, cache_of() as cache:
        assert cache.load_keys(file, [other]).unknown == 3
        assert other.content_hash() != hash_before


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "replayrt-keys", "version": 99, "keys": []}'])
def test_a_file_that_is_damaged_changes_nothing(tmp_path, trivial, content):
    file = tmp_path / "keys.json"
    file.write_text(content)
    cache = cache_of()
    with pytest.raises(CorruptedModelPackageError, match="keys.json"):
        cache.load_keys(file, [trivial])
    assert len(cache) == 0
    with pytest.raises(FileAccessError, match="missing.json"):
        cache.load_keys(tmp_path / "missing.json", [trivial])
    with pytest.raises(FileAccessError):
        cache.save_keys(tmp_path / "no folder" / "keys.json")
    with pytest.raises(InvalidParameterError, match=r"engines\[1\] is 'trivial': expected an Engine"):
        cache.load_keys(file, [trivial, "trivial"])


def test_metrics_are_prometheus(trivial, rows):
    cache = cache_of()
    for _ in range(3):
        infer(trivial, rows(1), graph_cache=cache)
    families = {family.name: family for family in text_string_to_metric_families(cache.metrics('service="ocr"'))}
    calls = {s.labels["route"]: s.value for s in families["replayrt_graph_cache_calls"].samples}
    assert calls["replayed"] == 2 and calls["captured"] == 1
    assert all(s.labels["service"] == "ocr" for family in families.values() for s in family.samples)
    assert "service" not in cache.metrics()
    with pytest.raises(InvalidParameterError, match="service"):
        cache.metrics("service=")
