"""Operations on a cache of captured graphs: the same code for ours and, in its own process, for the reference's."""

from collections.abc import Callable
from functools import partial
from typing import Any

from side_by_side import run_together

ENTRIES = 16


def contains(cache: Any, keys: list[Any], calls: int) -> None:
    for _ in range(calls // ENTRIES):
        for key in keys:
            key in cache  # noqa: B015


def hit(cache: Any, keys: list[Any], calls: int) -> None:
    """The reference's: the graph, which becomes the newest. Ours is inside of `infer`."""
    for _ in range(calls // ENTRIES):
        for key in keys:
            cache[key]


def list_keys(cache: Any, keys: list[Any], calls: int) -> None:
    for _ in range(calls):
        cache.list_keys()


OPERATIONS: dict[str, Callable[[Any, list[Any], int], None]] = {
    function.__name__: function for function in (contains, hit, list_keys)
}


def time_of_one(operation: str, cache: Any, threads: int, calls: int) -> float:
    """Nanoseconds that a call takes a thread, when so many make `calls` each at once (a multiple of ENTRIES)."""
    keys = cache.list_keys()
    if len(keys) != ENTRIES or not all(key in cache for key in keys):
        raise RuntimeError(f"expected a cache of {ENTRIES} graphs, it has {len(keys)}")
    return run_together([partial(OPERATIONS[operation], cache, keys, calls)] * threads) / calls
