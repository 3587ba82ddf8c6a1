#!/usr/bin/env python3
"""One and two callers from Python beside one and two from C++: whether Python threads run at once.

Each run has one inference thread. Two callers have an input shape each, one caller runs both in turn; all replay.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import replayrt
from peer import Peer, aligned
from python_side import new_cache, replays_only, versions
from side_by_side import pair, rotated, run_together, summary_us, time_calls

CALLERS = (1, 2)
SIDES = ("cpp", "python")
# A caller's work: gives the nanoseconds of each call.
Work = Callable[[], Iterable[int]]


class Run:
    """Rounds of one side with so many callers."""

    def __init__(self, works: list[Work], callers: int):
        self.walls: list[int] = []
        self.calls: list[int] = []
        self._shares = [works[first::callers] for first in range(callers)]

    def __call__(self) -> None:
        self.walls.append(run_together([partial(self._do, share) for share in self._shares]))

    def _do(self, share: list[Work]) -> None:
        for work in share:
            self.calls.extend(work())

    def calls_per_second(self) -> float:
        return len(self.calls) / len(self.walls) / (float(np.median(self.walls)) / 1e9)


def outputs(engine: replayrt.Engine, values: np.ndarray, cache: replayrt.TRTCudaGraphCache) -> list[Any]:
    return replayrt.infer(engine, values, graph_cache=cache).outputs


def works_of(arguments: argparse.Namespace, cache: replayrt.TRTCudaGraphCache, peer: Peer) -> dict[str, list[Work]]:
    """By side, one for each shape; every shape is captured."""
    engine = replayrt.load_engine(arguments.model, inference_threads=1)
    rng = np.random.default_rng(1)
    works: dict[str, list[Work]] = {side: [] for side in SIDES}
    for shape in arguments.shapes:
        values = aligned(rng.uniform(-1, 1, shape).astype(np.float32))
        run_peer = peer.prepare(values, with_cache=True)
        call = partial(outputs, engine, values, cache)
        for _ in range(2):
            run_peer()
            call()
        works["cpp"].append(partial(peer.time_replays, values, arguments.calls))
        works["python"].append(partial(time_calls, call, arguments.calls))
    return works


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    capacity = len(arguments.shapes)
    cache = new_cache(capacity)
    peer = Peer(arguments.library, arguments.model, 1, capacity)
    works = works_of(arguments, cache, peer)
    runs = {(side, callers): Run(works[side], callers) for callers in CALLERS for side in SIDES}
    with replays_only(cache):
        for number in range(arguments.rounds):
            for key in rotated(list(runs), number):
                runs[key]()
    peer.close()
    return [row_of(arguments.model.stem, runs, callers) for callers in CALLERS]


def row_of(model: str, runs: dict[tuple[str, int], Run], callers: int) -> dict[str, Any]:
    def against_one(side: str) -> float:
        """Calls per second, of the same round's one caller."""
        return pair(runs[side, 1].walls, runs[side, callers].walls)["ratio_median"]

    cpp, ours = runs["cpp", callers], runs["python", callers]
    return (
        {
            "model": model,
            "callers": callers,
            "cpp_calls_per_s": cpp.calls_per_second(),
            "calls_per_s": ours.calls_per_second(),
            "cpp_against_one": against_one("cpp"),
            "against_one": against_one("python"),
        }
        | summary_us(cpp.calls, "cpp_")
        | summary_us(ours.calls)
        | pair(ours.walls, cpp.walls)
    )


def shape_of(text: str) -> tuple[int, ...]:
    return tuple(int(extent) for extent in text.split("x"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, metavar="MODEL", help="an ONNX model with one f32 input")
    parser.add_argument("--shapes", nargs=2, type=shape_of, required=True, metavar="SHAPE", help="of like cost")
    parser.add_argument("--library", type=Path, required=True, help="the shared library made of peer_shim.cpp")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=30, help="of each shape in a round")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    rows = measure(arguments)
    for row in rows:
        print(f"{row['callers']} callers: C++ {row['cpp_calls_per_s']:.1f}/s, Python {row['calls_per_s']:.1f}/s; "
              f"against one {row['cpp_against_one']:.2f} and {row['against_one']:.2f}; time ratio "
              f"{row['ratio_median']:.3f}")  # fmt: skip
    if arguments.json:
        result = {"python_versions": versions(), "threads": 1, "rounds": arguments.rounds, "rows": rows}
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
