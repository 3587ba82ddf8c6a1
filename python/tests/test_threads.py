"""Many threads: the GIL is let go, answers stay apart, one cache serves all."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest
from conftest import MODELS, TRIVIAL, in_threads

import replayrt
from replayrt import GraphCacheOptions, TRTCudaGraphCache, infer, load_engine


@pytest.fixture
def no_switching():
    """Python changes threads only where the GIL is let go of."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(before)


def others_run_during(call) -> bool:
    """Whether another thread ever gets on while `call` is under way; on a busy machine not at every try."""
    return any(another_runs_during(call) for _ in range(20))


def another_runs_during(call) -> bool:
    """Whether another thread got on while `call` was under way: it waits to be told, and then needs the GIL."""
    told, seen, over = threading.Event(), [], []

    def other():
        told.wait()
        seen.append(not over)

    thread = threading.Thread(target=other)
    thread.start()
    told.set()
    call()
    over.append(True)
    thread.join()
    return seen[0]


def test_the_check_itself_sees_a_call_that_keeps_the_gil(no_switching):
    assert not another_runs_during(lambda: sum(range(1_000_000)))


def test_loading_lets_the_gil_go(no_switching):
    assert others_run_during(lambda: load_engine(MODELS / "squeezenet.onnx").close())


def test_running_and_capturing_let_the_gil_go(no_switching):
    pictures = np.zeros((1, 3, 224, 224), np.float32)
    with load_engine(MODELS / "squeezenet.onnx") as engine:
        cache = TRTCudaGraphCache(GraphCacheOptions(admission="always"))
        assert others_run_during(lambda: infer(engine, pictures))
        assert another_runs_during(lambda: infer(engine, pictures, graph_cache=cache))  # It captures.
        assert others_run_during(lambda: infer(engine, pictures, graph_cache=cache))
        assert cache.stats().replayed >= 1


def test_waiting_for_captures_lets_the_gil_go(no_switching):
    with load_engine(MODELS / "squeezenet.onnx") as engine:
        cache = TRTCudaGraphCache(GraphCacheOptions(admission="always", capture="background"))
        infer(engine, np.zeros((1, 3, 224, 224), np.float32), graph_cache=cache)
        assert another_runs_during(cache.wait_idle)


def test_threads_get_their_own_answers_of_one_cache(rows):
    """Two models and six shapes on four places, so that graphs are evicted while others use them."""
    cache = TRTCudaGraphCache(GraphCacheOptions(capacity=4, admission="always"))
    with load_engine(TRIVIAL) as first, load_engine(TRIVIAL) as second:

        def work(number: int) -> int:
            engine = (first, second)[number % 2]
            for call in range(200):
                x = rows(1 + (number + call) % 6) + number
                np.testing.assert_array_equal(infer(engine, x, graph_cache=cache)[0], np.maximum(x, 0))
            return number

        assert in_threads(8, work) == list(range(8))
        stats = cache.stats()
        assert stats.calls == 1600 == stats.eager + stats.captured + stats.replayed
        assert stats.size <= 4


def test_closing_and_purging_while_others_run(rows):
    cache = TRTCudaGraphCache(GraphCacheOptions(capacity=2, admission="always"))
    engine = load_engine(TRIVIAL)
    answered = threading.Event()

    def work(number: int) -> None:
        if number == 0:
            answered.wait()
            for _ in range(50):
                cache.purge()
            engine.close()
            return
        try:
            while True:
                x = rows(number)
                np.testing.assert_array_equal(infer(engine, x, graph_cache=cache)[0], np.maximum(x, 0))
                answered.set()
        except replayrt.InvalidParameterError as error:
            assert "closed" in str(error)

    in_threads(4, work)
    assert len(cache) == 0


def test_messages_of_other_threads_do_not_block_the_end_of_a_cache(rows):
    """The thread that captures in the background logs, which takes the GIL, while the cache's end waits for it."""
    messages: list[str] = []
    replayrt._core.set_log_sink(lambda level, message: messages.append(message), "debug")
    try:
        with load_engine(TRIVIAL) as engine:
            for n in range(1, 20):
                cache = TRTCudaGraphCache(GraphCacheOptions(admission="always", capture="background"))
                infer(engine, rows(n), graph_cache=cache)
                if n == 1:
                    cache.wait_idle()  # It does log; the others end at whatever moment their capture has come to.
                    assert messages
                del cache
    finally:
        replayrt.set_log_level("warning")
