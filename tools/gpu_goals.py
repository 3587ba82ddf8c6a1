"""The goals of the proof on a GPU, and whether what was measured meets them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

MOST_REPLAY_TO_BARE = 1.02
LONG_RUN_US = 200
MOST_OVER_BARE_US = 5
MOST_SQUEEZENET = 0.78
MOST_SQUEEZENET_CYCLE = 0.74
MOST_HOST_US = 5
MOST_BEYOND_IO = 0.1
LEAST_STRESS_CALLS = 100_000


# What became of tests.
KINDS = ("passed", "failed", "skipped")


def count(tests: int | list) -> int:
    """Of tests that are listed, or only counted, as the report does with those that have passed."""
    return tests if isinstance(tests, int) else len(tests)


@dataclass(frozen=True)
class Goal:
    text: str
    seen: str
    verdict: str


@dataclass(frozen=True)
class Figure:
    value: float
    of: str


def all_goals(proof: dict) -> list[Goal]:
    latency = Latency(proof)
    return [
        latency.goal(f"replay / bare launches at most {MOST_REPLAY_TO_BARE} for runs over {LONG_RUN_US} µs",
                     long_run_ratio, MOST_REPLAY_TO_BARE, "{:.3f}"),
        latency.goal(f"replay at most {MOST_OVER_BARE_US} µs more than bare launches for shorter runs",
                     short_run_difference, MOST_OVER_BARE_US, "{:.1f} µs"),
        latency.goal("the same, inputs read in place", short_run_in_place, MOST_OVER_BARE_US, "{:.1f} µs"),
        latency.goal(f"replay / eager at most {MOST_SQUEEZENET} on SqueezeNet fp16, batches 1 to 3",
                     replay_to_eager, MOST_SQUEEZENET, "{:.3f}", [f"squeezenet_fp16_batch{size}" for size in (1, 2, 3)]),
        latency.goal(f"replay / eager at most {MOST_SQUEEZENET_CYCLE} on SqueezeNet fp16, batches in turn",
                     replay_to_eager, MOST_SQUEEZENET_CYCLE, "{:.3f}", ["squeezenet_fp16_cycle"]),
        latency.goal(f"host's time of a replay at most {MOST_HOST_US} µs on SqueezeNet fp16", host_of_replay,
                     MOST_HOST_US, "{:.1f} µs", [f"squeezenet_fp16_{kind}" for kind in ("batch1", "batch2", "batch3", "cycle")]),
        never_slower(proof),
        memory_goal(proof),
        stress_goal(proof),
        tests_goal(proof),
    ]  # fmt: skip


class Latency:
    """The workloads of step `latency`."""

    def __init__(self, proof: dict) -> None:
        record = proof["steps"].get("latency", {})
        self._entries = record.get("results", {})
        self._is_whole = record.get("status") == "passed"

    def goal(
        self, text: str, value: Callable[[dict], float | None], most: float, form: str, names: list[str] | None = None
    ) -> Goal:
        """Of all workloads that have such a figure, or of the named ones, the worst decides."""
        figures = list(self.figures(value, names))
        is_whole = self._is_whole if names is None else len(figures) == len(names)
        return bounded(text, figures, most, form, is_whole)

    def figures(self, value: Callable[[dict], float | None], names: list[str] | None = None) -> Iterator[Figure]:
        for name, entry in self._entries.items():
            if names is None or name in names:
                found = value(entry["report"])
                if found is not None:
                    yield Figure(found, entry["title"])


def replay_to_eager(report: dict) -> float | None:
    return report.get("ratios", {}).get("replay_to_eager", {}).get("median")


def long_run_ratio(report: dict) -> float | None:
    return to_bare(report, "median", is_long=True)


def short_run_difference(report: dict) -> float | None:
    return to_bare(report, "difference_us_median", is_long=False)


def short_run_in_place(report: dict) -> float | None:
    return to_bare(report, "difference_us_median", is_long=False, side="in_place")


def to_bare(report: dict, figure: str, is_long: bool, side: str = "replay") -> float | None:
    bare = report.get("sides", {}).get("bare")
    if bare is None or (bare["median_us"] > LONG_RUN_US) != is_long:
        return None
    return report.get("ratios", {}).get(f"{side}_to_bare", {}).get(figure)


def host_of(side: str, report: dict) -> float | None:
    """In microseconds, until a call returns that is not waited for."""
    return report.get("pipelined", {}).get(side, {}).get("host_median_us")


def host_of_replay(report: dict) -> float | None:
    return host_of("replay", report)


def bounded(text: str, figures: list[Figure], most: float, form: str, is_whole: bool) -> Goal:
    if not figures:
        return Goal(text, "", "not measured")
    worst = max(figures, key=lambda figure: figure.value)
    seen = f"{form.format(worst.value)} ({worst.of})"
    return Goal(text, seen, verdict(worst.value <= most, is_whole))


def verdict(is_met: bool, is_whole: bool) -> str:
    if not is_met:
        return "missed"
    return "met" if is_whole else "met so far, not all is measured"


def never_slower(proof: dict) -> Goal:
    threads = proof["steps"].get("threads", {})
    figures = list(Latency(proof).figures(replay_to_eager))
    for entry in threads.get("results", {}).values():
        for row in entry["report"]["rows"]:
            where = f"{entry['title']}, {row['threads']} threads, {row['engines']} engines"
            figures.append(Figure(row["eager_calls_per_s"] / row["replay_calls_per_s"], where))
    is_whole = all(proof["steps"].get(step, {}).get("status") == "passed" for step in ("latency", "threads"))
    return bounded("replay never slower than eager: time at most 1 of eager's", figures, 1, "{:.3f}", is_whole)


def memory_goal(proof: dict) -> Goal:
    text = f"device memory of an added shape of det, beyond inputs and outputs, at most {MOST_BEYOND_IO} of the reference's"
    entry = proof["steps"].get("memory", {}).get("results", {}).get("ppocrv6_det")
    value = entry["report"]["ratio_beyond_io"] if entry else None  # Null if the reference's was 0, as on the doubles.
    figures = [] if value is None else [Figure(value, entry["title"])]
    return bounded(text, figures, MOST_BEYOND_IO, "{:.3f}", is_whole=True)


def stress_goal(proof: dict) -> Goal:
    text = f"8 threads, 2 engines: no wrong answer in {LEAST_STRESS_CALLS} calls, with captures and evictions going on"
    entry = proof["steps"].get("stress", {}).get("results", {}).get("two_engines")
    if entry is None:
        return Goal(text, "", "not measured")
    report = entry["report"]
    counts = ", ".join(f"{report[field]} {field}" for field in ("wrong", "captured", "evictions"))
    is_met = report["wrong"] == 0 and report["captured"] > 0 and report["evictions"] > 0
    is_whole = report["calls"] >= LEAST_STRESS_CALLS
    return Goal(text, f"{report['calls']} calls: {counts}", verdict(is_met, is_whole))


def tests_goal(proof: dict) -> Goal:
    record = proof["steps"].get("tests")
    if record is None:
        return Goal("all tests green", "", "not measured")
    results = record["results"].values()
    counts = ", ".join(f"{sum(count(result[kind]) for result in results)} {kind}" for kind in KINDS)
    # A program that crashed has no failed test, but the step says so.
    return Goal("all tests green", counts, verdict(not record["failed"], record["status"] == "passed"))
