"""What the benchmarks of the Python package do with it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata

import replayrt


def new_cache(capacity: int, max_bytes: int | None = None) -> replayrt.TRTCudaGraphCache:
    """Captures every shape at its first call."""
    options = replayrt.GraphCacheOptions(capacity=capacity, max_bytes=max_bytes, admission="always")
    return replayrt.TRTCudaGraphCache(options)


@contextmanager
def replays_only(cache: replayrt.TRTCudaGraphCache) -> Iterator[None]:
    """Raises RuntimeError at the end unless there were calls meanwhile, and all were replays."""
    before = cache.stats()
    yield
    after = cache.stats()
    calls, replayed = after.calls - before.calls, after.replayed - before.replayed
    if calls == 0 or replayed != calls:
        raise RuntimeError(f"expected replays only: {replayed} of {calls} measured runs were")


def versions() -> dict[str, str]:
    return {"python": sys.version.split()[0]} | {name: metadata.version(name) for name in ("numpy", "pillow")}
