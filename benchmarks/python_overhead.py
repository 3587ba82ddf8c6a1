#!/usr/bin/env python3
"""What a call from Python costs: `replayrt.infer` above C++ `infer`, and the cache's own operations.

The calls replay a captured graph of a model that does next to nothing, in turns in one process; from Python the
outputs are turned into arrays. `key in cache` and `list_keys()` run beside the Python reference's cache, which is in a
process of its own that rests while ours is measured.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import replayrt
from cache_operations import ENTRIES, time_of_one
from peer import Peer, aligned
from python_side import new_cache, replays_only, versions
from side_by_side import pair, rotated, summary_us, time_calls

HERE = Path(__file__).resolve().parent
SHAPE = (1, 8)
# Gives the outputs.
Call = Callable[[], list[Any]]
CALL_GOAL_US = 10.0  # Above C++.
# Threads, and how much longer a round is: threads take a while until they are in each other's way for good.
THREADS = {1: 1, 4: 10}
LIST_KEYS = "list_keys"
# Calls of a round, in each thread.
CALLS = {"contains": 16_000, "hit": 16_000, LIST_KEYS: 2_000}
# Nanoseconds of a call in each round, by ("ours" or "reference", operation, threads).
Rounds = dict[tuple[str, str, int], list[float]]


class Compared(NamedTuple):
    """A row of what is compared: what it is called, our operation, the reference's, and ours at most."""

    name: str
    ours: str
    reference: str
    goal_us: float


# Ours has no `cache[key]`: from Python a graph is found by `infer` only.
COMPARED = (
    Compared("key in cache", "contains", "contains", 1.0),
    Compared("key in cache; the reference's hit, cache[key]", "contains", "hit", 1.0),
    Compared(f"list_keys() of {ENTRIES}", LIST_KEYS, LIST_KEYS, 10.0),
)


class ReferenceCache:
    """The reference's cache behind reference_cache.py."""

    def __init__(self, python: str):
        command = (python, str(HERE / "reference_cache.py"))
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answers = self._process.stdout
        self.versions = json.loads(self._answer())

    def time_of_one(self, operation: str, threads: int, calls: int) -> float:
        print(operation, threads, calls, file=self._process.stdin, flush=True)
        return float(self._answer())

    def close(self) -> None:
        self._process.communicate()

    def _answer(self) -> str:
        line = self._answers.readline() if self._answers else ""
        if not line:
            raise RuntimeError(f"reference_cache.py ended with exit code {self._process.wait()}")
        return line


def python_calls(model: Path, threads: int, values: np.ndarray, cache: replayrt.TRTCudaGraphCache) -> dict[str, Call]:
    """By name."""
    engine = replayrt.load_engine(model, inference_threads=threads)
    return {
        "infer": lambda: replayrt.infer(engine, values, graph_cache=cache).outputs,
        "infer_from_trt_engine": lambda: replayrt.infer_from_trt_engine(
            values, engine=engine, trt_cuda_graph_cache=cache
        ),
    }


def measure_calls(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    values = aligned(np.random.default_rng(1).uniform(-1, 1, SHAPE).astype(np.float32))
    cache = new_cache(1)
    calls = python_calls(arguments.model, arguments.threads, values, cache)
    peer = Peer(arguments.library, arguments.model, arguments.threads, capacity=1)
    run_peer = peer.prepare(values, with_cache=True)
    run_peer()
    for name, call in calls.items():
        call()
        if call()[0].tobytes() != peer.output().tobytes():
            raise RuntimeError(f"{name} and C++ give different bytes")

    sides: dict[str, Callable[[], Any]] = {"cpp": partial(peer.time_replays, values, arguments.calls)}
    sides |= {name: partial(time_calls, call, arguments.calls) for name, call in calls.items()}
    times: dict[str, list[Any]] = {name: [] for name in sides}
    with replays_only(cache):
        for number in range(arguments.rounds):
            for name in rotated(list(sides), number):
                times[name].append(sides[name]())
    peer.close()
    cpp = times.pop("cpp")
    return [
        {"kind": "call", "call": name, "model": arguments.model.stem, "shape": "x".join(map(str, SHAPE))}
        | summary_us(np.ravel(cpp), "cpp_") | summary_us(np.ravel(ours)) | pair(np.mean(ours, 1), np.mean(cpp, 1))
        | {"goal_difference_us": CALL_GOAL_US}
        for name, ours in times.items()
    ]  # fmt: skip


def measure_cache(arguments: argparse.Namespace, reference: ReferenceCache | None) -> list[dict[str, Any]]:
    cache = new_cache(ENTRIES)
    engine = replayrt.load_engine(arguments.model, inference_threads=arguments.threads)
    for rows in range(1, ENTRIES + 1):
        replayrt.infer(engine, np.zeros((rows, *SHAPE[1:]), np.float32), graph_cache=cache)

    def time_ours(operation: str, threads: int, calls: int) -> float:
        return time_of_one(operation, cache, threads, calls)

    sides = [("ours", row.ours, time_ours) for row in COMPARED]
    if reference is not None:
        sides += [("reference", row.reference, reference.time_of_one) for row in COMPARED]
    sides = list(dict.fromkeys(sides))
    times: Rounds = {}
    for number in range(arguments.cache_rounds):
        for threads, longer in THREADS.items():
            for side, operation, time_one in rotated(sides, number):
                taken = time_one(operation, threads, longer * CALLS[operation])
                times.setdefault((side, operation, threads), []).append(taken)
    return [cache_row(row, threads, times) for row in COMPARED for threads in THREADS]


def cache_row(compared: Compared, threads: int, times: Rounds) -> dict[str, Any]:
    """Of the rounds' averages. None in place of what was not measured."""
    ours = times["ours", compared.ours, threads]
    reference = times.get(("reference", compared.reference, threads))
    names = ("reference_median_us", "reference_p99_us", "ratio_median", "ratio_p99", "difference_us_median")
    beside: dict[str, Any] = dict.fromkeys(names)
    if reference is not None:
        beside = summary_us(reference, "reference_") | pair(ours, reference)
    row = {"kind": "cache", "operation": compared.name, "threads": threads} | summary_us(ours) | beside
    return row | {"goal_us": compared.goal_us}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, metavar="MODEL", help="an ONNX model of one f32 input, (n, 8)")
    parser.add_argument("--library", type=Path, required=True, help="the shared library made of peer_shim.cpp")
    parser.add_argument("--reference-python", help="a Python that has the reference; without it that is not measured")
    parser.add_argument("--rounds", type=int, default=100, help="of calls")
    parser.add_argument("--calls", type=int, default=200, help="of each side in a round")
    parser.add_argument("--cache-rounds", type=int, default=20, help="of the cache's operations")
    parser.add_argument("--threads", type=int, default=2, help="of one run")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()

    reference = ReferenceCache(arguments.reference_python) if arguments.reference_python else None
    rows = measure_calls(arguments) + measure_cache(arguments, reference)
    result = {"python_versions": versions() | (reference.versions if reference else {}), "rows": rows}
    if reference is not None:
        reference.close()
    for row in rows:
        if row["kind"] == "call":
            print(f"{row['call']}: C++ {row['cpp_median_us']:.2f} us, Python {row['median_us']:.2f} us, "
                  f"{row['difference_us_median']:.2f} us above (goal {row['goal_difference_us']:.0f})")  # fmt: skip
        else:
            beside = "not measured" if reference is None else f"{row['reference_median_us']:.2f} us"
            print(f"{row['operation']}, {row['threads']} threads: {row['median_us']:.2f} us, reference {beside}")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
