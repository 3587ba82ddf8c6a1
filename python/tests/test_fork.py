"""After a fork: a clear error where the parent had threads, and everything works where it had not."""

from __future__ import annotations

from conftest import TRIVIAL

PRELUDE = f"""
import os, signal, sys
import numpy as np
import replayrt
TRIVIAL = {str(TRIVIAL)!r}
X = np.ones((2, 8), np.float32)

def in_child(work):
    '''Runs work in a forked child and says how it ended; a child that hangs is killed by its alarm.'''
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        try:
            work()
        except BaseException as error:
            print(type(error).__name__, error, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""


def test_what_the_parent_loaded_is_an_error_in_the_child(run_script):
    done = run_script(
        PRELUDE
        + """
engine, cache = replayrt.load_engine(TRIVIAL), replayrt.TRTCudaGraphCache(4)
output = replayrt.infer(engine, X, graph_cache=cache)[0]
calls = {
    "infer": lambda: replayrt.infer(engine, X),
    "load": lambda: replayrt.load_engine(TRIVIAL),
    "stats": lambda: cache.stats(),
    "keys": lambda: cache.list_keys(),
    "purge": lambda: cache.purge(),
    "cache": lambda: replayrt.TRTCudaGraphCache(1),
    "model": lambda: replayrt.AutoModel.from_pretrained("/nowhere"),
}
def work():
    for name, call in calls.items():
        try:
            call()
        except replayrt.ModelRuntimeError as error:
            assert "forked" in str(error) and "spawn" in str(error), error
        else:
            raise AssertionError(name + " did not fail")
    assert output.sum() == 16  # What the parent got is still there.
assert in_child(work) == 0
assert replayrt.infer(engine, X, graph_cache=cache)[0].sum() == 16  # The parent goes on.
print("ok")
"""
    )
    assert done.stdout == "ok\n"


def test_the_child_may_drop_and_leave(run_script):
    """Ending the parent's objects would wait for threads that the child has not."""
    done = run_script(
        PRELUDE
        + """
import gc
engine = replayrt.load_engine(TRIVIAL)
cache = replayrt.TRTCudaGraphCache(replayrt.GraphCacheOptions(admission="always", capture="background"))
result = replayrt.infer(engine, X, graph_cache=cache)
output = result[0]
def work():
    global engine, cache, result, output
    engine.close()
    del engine, cache, result, output
    gc.collect()
assert in_child(work) == 0
for n in range(20):  # Whatever the thread that captures is doing at that moment.
    replayrt.infer(engine, np.ones((n + 3, 8), np.float32), graph_cache=cache)
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        print("child", end=" ")
        sys.exit(7)  # Through Python's whole shutdown.
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
print("ok")
"""
    )
    assert done.stdout == "child " * 20 + "ok\n"


def test_a_parent_that_only_imported_leaves_its_children_free(run_script):
    done = run_script(
        PRELUDE
        + """
cache = replayrt.TRTCudaGraphCache(4)  # As a server's module makes it before its workers are forked.
def work():
    with replayrt.load_engine(TRIVIAL) as engine:
        assert replayrt.infer(engine, X, graph_cache=cache)[0].sum() == 16
assert in_child(work) == 0
assert in_child(work) == 0
print("ok")
"""
    )
    assert done.stdout == "ok\n"


def test_multiprocessing_with_spawn_works(run_script):
    done = run_script(
        f"""
import multiprocessing
import numpy as np
import replayrt

def work(n):
    with replayrt.load_engine({str(TRIVIAL)!r}) as engine:
        return float(replayrt.infer(engine, np.ones((n, 8), np.float32))[0].sum())

if __name__ == "__main__":
    engine = replayrt.load_engine({str(TRIVIAL)!r})
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(pool.map(work, [1, 2]))
"""
    )
    assert done.stdout == "[8.0, 16.0]\n"
