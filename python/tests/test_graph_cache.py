"""TRTCudaGraphCache: the seed's API, and every option of GraphCacheOptions."""

from __future__ import annotations

import gc
import logging
import weakref

import numpy as np
import pytest
from conftest import TRIVIAL, in_threads

import replayrt
from replayrt import GraphCacheOptions, InvalidEnvVariable, InvalidParameterError, TRTCudaGraphCache, infer


def cache_of(**options) -> TRTCudaGraphCache:
    return TRTCudaGraphCache(GraphCacheOptions(**{"admission": "always", **options}))


def test_names_are_the_seeds():
    cache = TRTCudaGraphCache(capacity=32)
    assert type(cache).__name__ == "TRTCudaGraphCache"
    assert replayrt.GraphCache is TRTCudaGraphCache
    assert cache.stats().capacity == 32
    assert TRTCudaGraphCache().stats().capacity == 8


def test_keys_are_listed_least_recently_used_first(trivial, cache, rows):
    for n in (1, 2, 3):
        infer(trivial, rows(n), graph_cache=cache)
    infer(trivial, rows(1), graph_cache=cache)
    assert cache.list_keys() == [trivial.key_for(rows(n)) for n in (2, 3, 1)]
    assert cache.get_current_size() == len(cache) == 3
    assert [key.inputs for key in cache.list_keys()] == [[("f32", (n, 8))] for n in (2, 3, 1)]


def test_membership_does_not_touch_recency(trivial, cache, rows):
    for n in (1, 2):
        infer(trivial, rows(n), graph_cache=cache)
    assert trivial.key_for(rows(1)) in cache
    assert trivial.key_for(rows(3)) not in cache
    assert cache.list_keys()[0] == trivial.key_for(rows(1))


@pytest.mark.parametrize("foreign", [None, 1, "key", ((1, 8), "f32", "cpu")])
def test_what_is_no_key_is_not_in_a_cache(cache, foreign):
    assert foreign not in cache


def test_keys_are_values(trivial, rows):
    key = trivial.key_for(rows(2))
    assert key == trivial.key_for(rows(2)) and hash(key) == hash(trivial.key_for(rows(2)))
    assert key != trivial.key_for(rows(3)) and key != "key"
    assert key.engine == trivial.id and key.device == "cpu"
    assert str(key) == f"engine {trivial.id} on cpu: f32 2x8"
    assert {key: 1}[trivial.key_for(rows(2))] == 1


def test_safe_remove_drops_one_and_does_not_mind_an_absent_one(trivial, cache, rows):
    infer(trivial, rows(1), graph_cache=cache)
    infer(trivial, rows(2), graph_cache=cache)
    assert cache.safe_remove(trivial.key_for(rows(1))) is None
    cache.safe_remove(trivial.key_for(rows(1)))
    assert cache.list_keys() == [trivial.key_for(rows(2))]


def test_purge_drops_the_oldest_or_all(trivial, cache, rows):
    for n in (1, 2, 3, 4):
        infer(trivial, rows(n), graph_cache=cache)
    cache.purge(n_oldest=1)
    assert len(cache) == 3
    cache.purge(0)
    assert len(cache) == 3
    cache.purge(2)
    assert cache.list_keys() == [trivial.key_for(rows(4))]
    cache.purge()
    assert len(cache) == 0
    with pytest.raises(InvalidParameterError, match="-1"):
        cache.purge(-1)


def test_an_empty_cache_is_true():
    assert TRTCudaGraphCache(1)


def test_leaving_the_context_drops_the_graphs_and_the_cache_stays_usable(trivial, rows):
    with cache_of() as cache:
        infer(trivial, rows(1), graph_cache=cache)
        assert len(cache) == 1
    assert len(cache) == 0
    assert infer(trivial, rows(1), graph_cache=cache).route == "captured"


def test_an_engine_that_goes_away_takes_its_graphs_along(cache, rows):
    engine = replayrt.load_engine(TRIVIAL)
    infer(engine, rows(1), graph_cache=cache)
    engine.close()
    assert len(cache) == 0
    other = replayrt.load_engine(TRIVIAL)
    infer(other, rows(1), graph_cache=cache)
    del other
    gc.collect()
    assert len(cache) == 0


def test_remove_engine_leaves_others(trivial, cache, rows):
    with replayrt.load_engine(TRIVIAL) as other:
        infer(trivial, rows(1), graph_cache=cache)
        infer(other, rows(1), graph_cache=cache)
        cache.remove_engine(other.id)
        assert cache.list_keys() == [trivial.key_for(rows(1))]


def test_statistics_add_up(trivial, cache, rows):
    for n in (1, 1, 2, 1):
        infer(trivial, rows(n), graph_cache=cache)
    infer(trivial, rows(1), graph_cache=cache, disable_cuda_graphs=True)
    stats = cache.stats()
    assert (stats.calls, stats.captured, stats.replayed, stats.eager) == (4, 2, 2, 0)
    assert (stats.hits, stats.misses, stats.size) == (2, 2, 2)
    assert stats.bytes > 0 and stats.capture_time_total > 0
    report = replayrt.cache_report(cache)
    assert report["totals"]["calls"] == 4 and len(report["keys"]) == 2
    assert "2 replayed" in repr(stats) and "2 of 4 graphs" in repr(cache)


def test_a_refusal_is_told(rows):
    with replayrt.load_engine(TRIVIAL.with_name("stateful.xml")) as engine, cache_of() as cache:
        inputs = {spec.name: np.ones([1 if d < 0 else d for d in spec.shape], np.float32) for spec in engine.inputs}
        assert infer(engine, inputs, graph_cache=cache).reason == "stateful"
        reason, message = cache.refusal(engine.key_for(inputs))
        assert reason == "stateful" and message


def test_caches_can_be_referred_to_weakly():
    cache = TRTCudaGraphCache(1)
    reference = weakref.ref(cache)
    del cache
    gc.collect()
    assert reference() is None


# Every option, in two values that give different routes or statistics.


def test_capacity(trivial, rows):
    for capacity, size in ((1, 1), (2, 2), (0, 0)):
        cache = cache_of(capacity=capacity)
        results = [infer(trivial, rows(n), graph_cache=cache) for n in (1, 2)]
        assert len(cache) == size
    assert results[0].reason == "capacity_zero"


def test_max_bytes(trivial, rows):
    cache = cache_of(max_bytes=1)
    assert infer(trivial, rows(1), graph_cache=cache).reason == "over_budget"
    assert len(cache) == 0 and cache.stats().max_bytes == 1
    free = cache_of(max_bytes=None)
    infer(trivial, rows(1), graph_cache=free)
    assert len(free) == 1


def test_admission(trivial, rows):
    routes = {}
    for admission in ("always", "sightings:2", "pays_back"):
        cache = cache_of(admission=admission)
        routes[admission] = [infer(trivial, rows(1), graph_cache=cache).route for _ in range(3)]
    assert routes["always"] == ["captured", "replayed", "replayed"]
    assert routes["sightings:2"] == ["eager", "captured", "replayed"]
    assert routes["pays_back"][0] == "eager"
    default = TRTCudaGraphCache(8)
    assert infer(trivial, rows(1), graph_cache=default).reason == "not_yet"


def test_capture(trivial, rows):
    inline, background = cache_of(capture="inline"), cache_of(capture="background")
    assert infer(trivial, rows(1), graph_cache=inline).route == "captured"
    assert infer(trivial, rows(1), graph_cache=background).reason == "capture_pending"
    background.wait_idle()
    assert infer(trivial, rows(1), graph_cache=background).route == "replayed"


def test_max_wait(rows):
    engine = replayrt.load_engine(TRIVIAL.with_name("squeezenet.onnx"))
    pictures = np.zeros((1, 3, 224, 224), np.float32)
    reasons = {}
    for wait in (0.0, None):
        cache = cache_of(max_wait=wait)
        routes = in_threads(4, lambda _: infer(engine, pictures, graph_cache=cache))
        reasons[wait] = {(result.route, result.reason) for result in routes}
        assert cache.stats().captures == 1
    assert ("eager", "capture_waited") in reasons[0.0]
    assert ("eager", "capture_waited") not in reasons[None]


def test_max_queued_captures(trivial, rows):
    captures = {}
    for most in (1, 16):
        cache = cache_of(capacity=8, capture="background", max_queued_captures=most)
        for n in range(1, 9):  # Together faster than one capture.
            infer(trivial, rows(n), graph_cache=cache)
        cache.wait_idle()
        captures[most] = cache.stats().captures
    assert captures[1] < captures[16] == 8


def test_max_instances_per_key(trivial):
    many = np.zeros((200_000, 8), np.float32)  # Long enough that four threads meet.
    instances = {}
    for most in (1, 4):
        cache = cache_of(max_instances_per_key=most)
        infer(trivial, many, graph_cache=cache)
        for _ in range(50):
            in_threads(4, lambda _: infer(trivial, many, graph_cache=cache))
            if cache.stats().captures > 1:
                break
        instances[most] = cache.stats().captures
    assert instances[1] == 1 < instances[4]


def test_verify(rows):
    """OpenVINO 2026.4.1 compiles this model wrongly for this width; only verification notices."""
    engine = replayrt.load_engine(TRIVIAL.with_name("ppocrv6_rec.onnx"))
    lines = np.random.default_rng(7).random((1, 3, 48, 64), np.float32)
    mismatches = {}
    for verify in ("first", "off", 1.0, 0.0):
        cache = cache_of(verify=verify)
        infer(engine, lines, graph_cache=cache)
        mismatches[verify] = cache.stats().mismatches
    assert mismatches == {"first": 1, "off": 0, 1.0: 1, 0.0: 0}


def test_max_captures_per_second(trivial, rows):
    limited, free = cache_of(max_captures_per_second=1), cache_of(max_captures_per_second=0)
    reasons = [infer(trivial, rows(n), graph_cache=limited).reason for n in (1, 2, 3)]
    assert "rate_limited" in reasons
    assert [infer(trivial, rows(n), graph_cache=free).reason for n in (1, 2, 3)] == ["none"] * 3


def test_retry_interval_reaches_the_cache():
    assert cache_of(retry_interval=0.0).stats().size == 0
    with pytest.raises(InvalidParameterError, match="retry_interval"):
        cache_of(retry_interval=-1.0)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"capacity": -1}, "capacity"),
        ({"max_bytes": -1}, "max_bytes"),
        ({"capture": "later"}, "capture"),
        ({"verify": "sometimes"}, "verify"),
        ({"verify": 2.0}, "verify"),
        ({"admission": "never"}, "never"),
        ({"admission": "sightings:0"}, "sightings"),
        ({"max_wait": -1.0}, "max_wait"),
        ({"max_wait": float("nan")}, "max_wait"),
        ({"max_instances_per_key": 0}, "max_instances_per_key"),
        ({"capacity": "many"}, "capacity"),
    ],
)
def test_an_option_out_of_range_is_named(options, name):
    with pytest.raises(InvalidParameterError, match=name):
        cache_of(**options)


@pytest.mark.parametrize("capacity", [-1, "8", None, 2.5])
def test_a_capacity_that_is_none_is_refused(capacity):
    with pytest.raises(InvalidParameterError, match="capacity"):
        TRTCudaGraphCache(capacity)


# establish_trt_cuda_graph_cache: the seed's rule.

VARIABLE = "ENABLE_AUTO_CUDA_GRAPHS_FOR_TRT_BACKEND"


@pytest.mark.parametrize("value", ["True", "true", "TRUE"])
def test_the_environment_can_ask_for_a_cache(monkeypatch, value):
    monkeypatch.setenv(VARIABLE, value)
    cache = replayrt.establish_trt_cuda_graph_cache(default_cuda_graph_cache_size=5)
    assert cache.stats().capacity == 5


@pytest.mark.parametrize("value", ["False", "false", None])
def test_without_it_there_is_none(monkeypatch, value):
    monkeypatch.delenv(VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    assert replayrt.establish_trt_cuda_graph_cache(default_cuda_graph_cache_size=5) is None


@pytest.mark.parametrize("value", ["", "1", "yes", " true"])
def test_any_other_value_is_an_error(monkeypatch, value):
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(InvalidEnvVariable, match=VARIABLE):
        replayrt.establish_trt_cuda_graph_cache(default_cuda_graph_cache_size=5)


def test_a_given_cache_comes_back_whatever_the_environment_says(monkeypatch):
    monkeypatch.setenv(VARIABLE, "nonsense")
    mine = TRTCudaGraphCache(capacity=32)
    assert replayrt.establish_trt_cuda_graph_cache(default_cuda_graph_cache_size=-1, cuda_graph_cache=mine) is mine


def test_each_backend_has_its_variable(monkeypatch):
    monkeypatch.setenv("ENABLE_AUTO_GRAPHS_FOR_OPENVINO_BACKEND", "true")
    monkeypatch.delenv(VARIABLE, raising=False)
    assert replayrt.establish_trt_cuda_graph_cache(3, backend="openvino").stats().capacity == 3
    assert replayrt.establish_trt_cuda_graph_cache(3, backend="tensorrt") is None
    with pytest.raises(InvalidParameterError, match="backend"):
        replayrt.establish_trt_cuda_graph_cache(3, backend="onnx")


def test_a_negative_size_is_an_error_only_if_a_cache_is_made(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert replayrt.establish_trt_cuda_graph_cache(-1) is None
    monkeypatch.setenv(VARIABLE, "true")
    with pytest.raises(InvalidParameterError):
        replayrt.establish_trt_cuda_graph_cache(-1)


def test_messages_reach_pythons_logger(trivial, rows, caplog):
    with caplog.at_level(logging.DEBUG, logger="replayrt"):
        replayrt.set_log_level("debug")
        try:
            infer(trivial, rows(5), graph_cache=cache_of())
            told = len(caplog.records)
            replayrt.set_log_level("off")
            infer(trivial, rows(6), graph_cache=cache_of())
        finally:
            replayrt.set_log_level("warning")
    assert told > 0 and len(caplog.records) == told
    with pytest.raises(InvalidParameterError, match="loud"):
        replayrt.set_log_level("loud")
