"""What benchmarks whose sides take turns in one process have in common. Times are in nanoseconds."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Side = TypeVar("Side")
Times = Sequence[float] | npt.NDArray[Any]


def rotated(sides: list[Side], by: int) -> list[Side]:
    by %= len(sides)
    return sides[by:] + sides[:by]


def time_calls(call: Callable[[], object], count: int) -> list[int]:
    """How long each call took, the end of what it gave included."""
    clock = time.perf_counter_ns
    nanoseconds = []
    for _ in range(count):
        start = clock()
        call()
        end = clock()
        nanoseconds.append(end - start)
    return nanoseconds


def run_together(works: Sequence[Callable[[], object]]) -> int:
    """Each in a thread of its own; how long it took from their common start until the last one had ended."""
    times: list[int] = []
    errors: list[BaseException] = []
    barrier = threading.Barrier(len(works), action=lambda: times.append(time.perf_counter_ns()))

    def run(work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:
            errors.append(error)
        times.append(time.perf_counter_ns())

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return max(times) - times[0]


def summary_us(nanoseconds: Times, prefix: str = "") -> dict[str, float]:
    return {
        f"{prefix}median_us": float(np.median(nanoseconds)) / 1e3,
        f"{prefix}p99_us": float(np.percentile(nanoseconds, 99)) / 1e3,
    }


def pair(ours: Times, others: Times) -> dict[str, float]:
    """Median and p99 of ours / theirs over what ran next to each other, and the median of ours - theirs."""
    ratios = np.divide(ours, others)
    return {
        "ratio_median": float(np.median(ratios)),
        "ratio_p99": float(np.percentile(ratios, 99)),
        "difference_us_median": float(np.median(np.subtract(ours, others))) / 1e3,
    }
