#!/usr/bin/env python3
"""Runs benchmarks and writes build/bench/NAME.json for each. `make bench` builds first and calls this.

Times on a busy machine mean little: every comparison is of things that run in turns in one process, and its figure is
the median of their ratios.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

import facts
from auto_model_runs import NO_REFERENCE, OF_REFERENCE, auto_model, auto_model_batches, has_reference, masks
from python_runs import PYTHON_BENCHMARKS
from working_set_runs import CAPACITY, WORKING_SET_BENCHMARKS, ZIPF_EXPONENT

ROOT = facts.ROOT
HERE = Path(__file__).resolve().parent
# Of PP-OCRv6 rec: the class of each step in place of 18,710 scores.
REC_ARGMAX = "argmax:fetch_name_0:2"
RESNET_SHAPES = ("1x3x224x224", "2x3x224x224", "3x3x224x224")
SMALL_MODEL = "squeezenet"


@dataclass
class Bench:
    """Where things are, and how much is run: "smoke" shows that a benchmark works, on a small model."""

    programs: Path
    data: Path
    out: Path
    threads: int
    effort: str
    has_traces: bool = False

    def amount(self, smoke: int, quick: int, full: int) -> int:
        return {"smoke": smoke, "quick": quick, "full": full}[self.effort]

    @property
    def is_smoke(self) -> bool:
        return self.effort == "smoke"

    def model(self, name: str) -> Path:
        return self.data / "models" / f"{SMALL_MODEL if self.is_smoke else name}.onnx"

    def run(self, *command) -> None:
        command = [str(part) for part in command]
        print(f"$ {shlex.join(command)}", flush=True)
        subprocess.run(command, check=True, cwd=ROOT)

    def report_of(self, *command, flag: str = "--json=") -> dict:
        """What a program writes to the file that its last flag names."""
        path = self.out / "raw.json"
        self.run(*command, f"{flag}{path}")
        report = json.loads(path.read_text())
        path.unlink()
        return report

    def trace(self, name: str) -> Path:
        """The shapes that the pictures really produce, in their order; `name` is "det" or "rec"."""
        folder = self.out / "traces"
        path = folder / f"{name}.trace"
        if self.is_smoke or name == "resnet50":
            folder.mkdir(exist_ok=True)
            path.write_text("".join(f"{shape}\n" for shape in RESNET_SHAPES))
        elif not self.has_traces:
            pictures = sorted((self.data / "pictures").glob("*.png"))
            self.run(self.programs / "replayrt-ocr", *pictures, "--models", self.data / "packages", "--no-cache",
                     "--inference-threads", self.threads, "--trace-out", folder)  # fmt: skip
            self.has_traces = True
        return path


@dataclass
class Workload:
    """Calls that a cache meets from cold: the shapes of a trace, over and over."""

    name: str
    model: str
    trace: Path
    repeat: int


def cache_hit(bench: Bench) -> list[dict]:
    report = bench.report_of(
        bench.programs / "cache_hit",
        f"--benchmark_min_time={0.001 if bench.is_smoke else 0.1}",
        f"--benchmark_repetitions={bench.amount(1, 9, 25)}",
        "--benchmark_enable_random_interleaving=true",
        flag="--benchmark_out=",
    )
    repetitions: dict[tuple, list[dict]] = {}
    for run in sorted(report["benchmarks"], key=lambda run: run["family_index"]):  # They ran in random order.
        if run["run_type"] == "iteration":
            name, keys = run["name"].split("/")[:2]
            repetitions.setdefault((name, keys, run["threads"]), []).append(run)
    return [
        {
            "name": name,
            "keys": keys,
            "threads": threads,
            # Google Benchmark divides a wall time by the calls of all threads.
            "wall_ns": median([run["real_time"] * threads for run in runs]),
            "cpu_ns": median([run["cpu_time"] for run in runs]),
            "replayed": median([run["replayed"] for run in runs]) if "replayed" in runs[0] else None,
        }
        for (name, keys, threads), runs in repetitions.items()
    ]


def replay_overhead(bench: Bench) -> list[dict]:
    rows = []
    # A call of the trivial model takes less than a switch from one side to the other costs.
    for model, shapes, rounds, calls in (
        ("trivial", "1x8", bench.amount(2, 100, 500), 200),
        ("ppocrv6_det", "1x3x480x640", bench.amount(1, 25, 100), 1),
        ("ppocrv6_rec", "1x3x48x320,6x3x48x320", bench.amount(1, 40, 150), 1),
        ("resnet50", "1x3x224x224,3x3x224x224", bench.amount(1, 40, 150), 1),
    ):
        if bench.is_smoke and model != "trivial":
            break
        report = bench.report_of(
            bench.programs / "replay_overhead", bench.data / "models" / f"{model}.onnx", "--shapes", shapes,
            "--rounds", rounds, "--calls", calls, "--instances", bench.amount(1, 3, 7),
            "--inference-threads", bench.threads,
        )  # fmt: skip
        rows += [row | {"rounds": rounds, "calls_per_round": calls} for row in report["rows"]]
    return rows


def routes(bench: Bench) -> list[dict]:
    rows = []
    for name, model, fuse in (
        ("det", "ppocrv6_det", None),
        ("rec", "ppocrv6_rec", None),
        ("rec", "ppocrv6_rec", REC_ARGMAX),
        ("resnet50", "resnet50", None),
    ):
        fuse = None if bench.is_smoke else fuse
        report = bench.report_of(
            bench.programs / "replayrt", "bench", bench.model(model), "--trace", bench.trace(name),
            "--modes", "eager,replay", "--iterations", bench.amount(1, 5, 15), "--warmup", bench.amount(0, 1, 2),
            "--inference-threads", bench.threads, *(("--fuse", fuse) if fuse else ()),
        )  # fmt: skip
        rows.append(route_row(bench.model(model).stem, fuse, report))
    return rows


def route_row(model: str, fuse: str | None, report: dict) -> dict:
    replay, cache = report["modes"]["replay"], report["cache"]
    if replay["routes"]["replayed"] != replay["calls"]:
        raise RuntimeError(f"{model}: expected replays only, got {replay['routes']}: {replay['eager_reasons']}")
    return {
        "model": model,
        "fuse": fuse,
        "shapes": len(report["shapes"]),
        "calls_per_round": report["calls_per_round"],
        "rounds": report["rounds"],
        "ratio_median": replay["ratio_to_eager"],
        "modes": {
            mode: {
                "ms_per_round": median(figures["round_s"]) * 1e3,
                "median_us": figures["median_us"],
                "p99_us": figures["p99_us"],
            }
            for mode, figures in report["modes"].items()
        },
        "captures": cache["captures"],
        "capture_ms_median": cache["capture_ms_median"],
        "bytes": cache["bytes"],
        "max_abs_difference_to_eager": report["max_abs_difference_to_eager"],
    }


def vs_onnxruntime(bench: Bench) -> list[dict]:
    rows = []
    for name, model in (("det", "ppocrv6_det"), ("rec", "ppocrv6_rec")):
        report = bench.report_of(
            sys.executable, HERE / "vs_onnxruntime.py", bench.model(model), "--trace", bench.trace(name),
            "--library", bench.programs / "replayrt_peer.so", "--threads", bench.threads,
            "--rounds", bench.amount(1, 5, 15),
        )  # fmt: skip
        rows += report["rows"]
    return rows


def ocr_vs_rapidocr(bench: Bench) -> list[dict]:
    pictures = (bench.data / "pictures" / "word.png",) if bench.is_smoke else sorted((bench.data / "pictures").glob("*.png"))
    report = bench.report_of(
        sys.executable, HERE / "ocr_vs_rapidocr.py", *pictures, "--models", bench.data / "packages",
        "--library", bench.programs / "replayrt_ocr_shim.so", "--threads", bench.threads,
        "--rounds", bench.amount(1, 5, 15),
    )  # fmt: skip
    if not report["reads_what_onnxruntime_reads"]:
        raise RuntimeError("the demo and rapidocr (onnxruntime) read different text: their times say nothing")
    return [
        {"pipeline": name, "pictures": len(pictures), "rounds": report["rounds"]} | figures
        for name, figures in report["pipelines"].items()
    ]


def admission(bench: Bench) -> list[dict]:
    """Whole workloads from cold, captures included, under the rule that a capture has to pay back."""
    rows = []
    for workload in workloads(bench):
        report = bench.report_of(
            bench.programs / "replayrt", "bench", bench.model(workload.model), "--trace", workload.trace,
            "--modes", "eager,replay", "--admission", "pays_back", "--cold", "--iterations", 1,
            "--repeat", workload.repeat, "--shuffle", 1, "--capacity", CAPACITY,
            "--inference-threads", bench.threads,
        )  # fmt: skip
        replay, cache = report["modes"]["replay"], report["cache"]
        rows.append({
            "workload": workload.name,
            "model": bench.model(workload.model).stem,
            "shapes": len(report["shapes"]),
            "calls": replay["calls"],
            "capacity": CAPACITY,
            "eager_s": report["modes"]["eager"]["total_s"],
            "cached_s": replay["total_s"],
            "ratio_total": replay["total_s"] / report["modes"]["eager"]["total_s"],
            "replayed": replay["routes"]["replayed"] / replay["calls"],
            "captures": cache["captures"],
            "evictions": cache["evictions"],
            "capture_s": cache["capture_ms_total"] / 1e3,
        })  # fmt: skip
        print(rows[-1], flush=True)  # The next workload may take a quarter of an hour.
    return rows


def workloads(bench: Bench) -> list[Workload]:
    """2,000 calls each: shapes of all kinds, and those of real pictures in a shuffled order."""
    calls = bench.amount(24, 2000, 2000)
    random = Random(1)
    folder = bench.out / "traces"
    folder.mkdir(exist_ok=True)
    made = []

    def add(name: str, model: str, shapes: list[str]) -> None:
        path = folder / f"{name}.trace"
        path.write_text("".join(f"{shape}\n" for shape in shapes))
        made.append(Workload(name.replace("_", " "), model, path, -(-calls // len(shapes))))

    if bench.is_smoke:
        add("three_shapes", "squeezenet", list(RESNET_SHAPES))
        return made
    add("never_repeats", "ppocrv6_rec", [f"{1 + i % 4}x3x48x{64 + i // 4}" for i in range(calls)])
    add("cycle", "ppocrv6_rec", [f"1x3x48x{320 + 16 * i}" for i in range(CAPACITY + 8)])
    add("three_shapes", "ppocrv6_det", ["1x3x480x640", "1x3x640x480", "1x3x640x640"])
    shapes = [f"1x3x{height}x{width}" for height in range(480, 640, 32) for width in range(480, 800, 32)]
    weights = [1 / (rank + 1) ** ZIPF_EXPONENT for rank in range(len(shapes))]
    add("zipf", "ppocrv6_det", random.choices(random.sample(shapes, len(shapes)), weights, k=calls))
    for name in ("rec", "det"):
        trace = bench.trace(name)
        add(f"{name}_pictures", f"ppocrv6_{name}", trace.read_text().split())
    return made


def background_capture(bench: Bench) -> list[dict]:
    """New shapes arrive all the time: what the calls meanwhile cost."""
    shapes = RESNET_SHAPES if bench.is_smoke else [f"1x3x48x{320 + 40 * i}" for i in range(12)]
    rows = []
    for capture in ("inline", "background"):
        report = bench.report_of(
            bench.programs / "replayrt", "bench", bench.model("ppocrv6_rec"), "--shapes", ",".join(shapes),
            "--modes", "eager,replay", "--admission", "always", "--capture", capture, "--cold", "--shuffle", 1,
            "--iterations", bench.amount(1, 5, 9), "--repeat", bench.amount(2, 20, 20),
            "--inference-threads", bench.threads,
        )  # fmt: skip
        eager, replay = report["modes"]["eager"], report["modes"]["replay"]
        rows.append({
            "capture": capture,
            "model": bench.model("ppocrv6_rec").stem,
            "shapes": len(report["shapes"]),
            "calls": replay["calls"],
            "eager_median_us": eager["median_us"],
            "eager_p99_us": eager["p99_us"],
            "median_us": replay["median_us"],
            "p99_us": replay["p99_us"],
            "ratio_median": replay["median_us"] / eager["median_us"],
            "ratio_p99": replay["p99_us"] / eager["p99_us"],
            "routes": replay["routes"],
        })  # fmt: skip
    return rows


def callers(bench: Bench) -> list[dict]:
    """Two callers on different keys, one inference thread each, against one caller."""
    rows = []
    model = bench.model("ppocrv6_rec")
    shapes = ",".join(RESNET_SHAPES[:2]) if bench.is_smoke else "1x3x48x320,1x3x48x480"
    throughput: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(bench.amount(1, 5, 9)):
        for count in throughput:
            report = bench.report_of(
                bench.programs / "replayrt", "bench", model, "--shapes", shapes, "--modes", "replay",
                "--callers", count, "--instances", count, "--iterations", 1, "--repeat", bench.amount(2, 60, 120),
                "--inference-threads", 1,
            )  # fmt: skip
            replay = report["modes"]["replay"]
            throughput[count].append(replay["calls"] / replay["total_s"])
    rows.append({
        "model": model.stem,
        "calls_per_s_one": median(throughput[1]),
        "calls_per_s_two": median(throughput[2]),
        "ratio_median": median([two / one for one, two in zip(throughput[1], throughput[2])]),
        "ratios": [two / one for one, two in zip(throughput[1], throughput[2])],
    })  # fmt: skip
    return rows


def capture_churn(bench: Bench) -> list[dict]:
    """What captures and evictions leave in memory."""
    rows = []
    for model, shapes in (
        ("ppocrv6_rec", "1x3x48x320,1x3x48x480,2x3x48x320,1x3x48x32"),
        ("ppocrv6_det", "1x3x320x320,1x3x320x480,1x3x480x320,1x3x32x32"),
    ):
        rows.append(bench.report_of(
            bench.programs / "capture_churn", bench.model(model),
            "--shapes", ",".join(RESNET_SHAPES[:2]) if bench.is_smoke else shapes,
            "--cycles", bench.amount(4, 200, 200), "--inference-threads", bench.threads,
        ))  # fmt: skip
    return rows


BENCHMARKS = {
    function.__name__: function
    for function in (
        cache_hit,
        replay_overhead,
        routes,
        vs_onnxruntime,
        ocr_vs_rapidocr,
        background_capture,
        callers,
        capture_churn,
        *PYTHON_BENCHMARKS,
        *WORKING_SET_BENCHMARKS,
        auto_model,
        masks,
        auto_model_batches,
        admission,
    )
}
# Run only when named, or with all at full effort.
LONG = ("auto_model_batches", "admission", "eviction", "restart")


def median(values: list[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; if none is named all "
                        f"but the longest ({', '.join(LONG)}), and {' and '.join(OF_REFERENCE)} only where the reference is")  # fmt: skip
    parser.add_argument("--effort", choices=("smoke", "quick", "full"), default="quick")
    parser.add_argument("--threads", type=int, default=2, help="threads of one run")
    parser.add_argument("--programs", type=Path, default=ROOT / "build/release/bin")
    parser.add_argument("--data", type=Path, default=ROOT / "build/data")
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in BENCHMARKS:
            parser.error(f"unknown benchmark '{name}': there are {', '.join(BENCHMARKS)}")

    arguments.out.mkdir(parents=True, exist_ok=True)
    bench = Bench(arguments.programs.resolve(), arguments.data.resolve(), arguments.out.resolve(), arguments.threads,
                  arguments.effort)  # fmt: skip
    version = subprocess.run((bench.programs / "replayrt", "--version"), check=True, capture_output=True, text=True)
    unasked = [name for name in BENCHMARKS if arguments.effort == "full" or name not in LONG]
    if not arguments.names and not has_reference():
        unasked = [name for name in unasked if name not in OF_REFERENCE]
        print(NO_REFERENCE, flush=True)
    for name in arguments.names or unasked:
        start = time.monotonic()
        command = f"BENCH_FULL={int(arguments.effort == 'full')} tools/bench.sh {name}"
        result = {"benchmark": name} | facts.collect(command, arguments.threads, version.stdout.split()[-1])
        measured = BENCHMARKS[name](bench)
        result |= measured if isinstance(measured, dict) else {"rows": measured}
        result["seconds"] = round(time.monotonic() - start, 1)
        path = bench.out / f"{name}.json"
        path.write_text(json.dumps(result, indent=2) + "\n")
        print(f"{name}: {result['seconds']} s, {os.path.relpath(path)}", flush=True)


if __name__ == "__main__":
    main()
