"""Benchmarks of what a cache keeps, which run.py offers among the others: evictions, and a restart."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from run import Bench

# Of the workloads from cold, those of run.py too.
CAPACITY = 16
ZIPF_EXPONENT = 1.1


def eviction(bench: Bench) -> list[dict]:
    """What is saved under half of the bytes that all graphs need, by which graph is given up."""
    rows = []
    # A call of det takes several times as long.
    for name, model, quick in (("det", "ppocrv6_det", 60), ("rec", "ppocrv6_rec", 200)):
        shapes = sorted(set(bench.trace(name).read_text().split()))
        for trace in ("zipf", "cycle"):
            row = bench.report_of(
                bench.programs / "eviction", bench.model(model), "--shapes", ",".join(shapes), "--trace", trace,
                "--calls", bench.amount(12, quick, 5 * quick), "--inference-threads", bench.threads,
            )  # fmt: skip
            lru, cost_aware = row["lru"]["saved_s"], row["cost_aware"]["saved_s"]
            rows.append(row | {
                "saved_ratio": cost_aware / lru if lru > 0 else None,
                "total_ratio": row["cost_aware"]["total_s"] / row["lru"]["total_s"],  # Captures included.
            })  # fmt: skip
    return rows


def restart(bench: Bench) -> list[dict]:
    """The first calls after a restart, with a saved working set and without; shapes of real pictures by Zipf's law."""
    rows = []
    history = {"det": 100, "rec": 1000}
    # A thread less leaves a core to captures, as machines with more cores have one, and those with a GPU.
    fewer = max(bench.threads - 1, 1)
    runs = [(name, "always", threads) for threads in (bench.threads, fewer) for name in history]
    if bench.amount(False, False, True):
        runs += [(name, "pays_back", bench.threads) for name in history]
    for name, admission, threads in runs:
        frequent = [shape for shape, _ in Counter(bench.trace(name).read_text().split()).most_common()]
        report = bench.report_of(
            bench.programs / "restart", bench.model(f"ppocrv6_{name}"), "--shapes", ",".join(frequent),
            "--history", bench.amount(6, history[name], 2000), "--calls", bench.amount(6, 200, 200),
            "--rounds", bench.amount(1, 2, 7), "--capacity", CAPACITY, "--exponent", ZIPF_EXPONENT,
            "--admission", admission, "--inference-threads", threads,
        )  # fmt: skip
        rows.append({"shapes": len(frequent), "admission": admission, "inference_threads": threads} | report)
    return rows


WORKING_SET_BENCHMARKS = (eviction, restart)
