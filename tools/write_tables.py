#!/usr/bin/env python3
"""Writes the tables of README.md and docs/*.md from the figures in benchmarks/results.

A table stands between `<!-- bench:NAME begin -->` and `<!-- bench:NAME end -->`; all else of a page is left alone. A
table whose figures are not there is empty.
"""

import argparse
import json
import re
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import gpu_tables
import python_tables
import working_set_tables
from table_text import milliseconds, model_name, ratio, table, time_text

ROOT = Path(__file__).resolve().parent.parent
MARKED = re.compile(r"(<!-- bench:(?P<name>[\w-]+) begin -->\n).*?(<!-- bench:(?P=name) end -->)", re.DOTALL)
MARKER = re.compile(r"<!-- bench:[\w-]+ (?:begin|end) -->")

CACHE_OPERATIONS = {
    "hit": "`acquire` and the lease's end, key at hand",
    "measured_hit": "the same, the run timed and booked",
    "key_and_hit": "the same, key made from the inputs",
    "infer_hit": "`infer` on an engine that does nothing",
    "plain_lru": "for comparison: mutex + hash map + list",
}
BESIDE_REFERENCE = ("reference, median", "ReplayRT", "ratio", "reference, p99", "ReplayRT", "ratio")
CACHE_KEYS = {"one_key": "one key", "64_keys": "64 keys in turn", "key_each": "a key each"}


class TableError(Exception):
    """Something in the results or pages that a person has to mend; the message says what."""


class NotMeasured(Exception):
    """There are no figures of this benchmark."""


def maker(name: str) -> str:
    """The command that measures it."""
    return "tools/gpu_proof.sh" if name == "gpu_proof" else f"tools/bench.sh {name}"


class Results:
    """benchmarks/results, read as needed."""

    def __init__(self, folder: Path):
        self._folder = folder

    def __getitem__(self, name: str) -> dict:
        path = self._folder / f"{name}.json"
        try:
            return json.loads(path.read_text())
        except FileNotFoundError:
            raise NotMeasured(f"{path} is missing: `{maker(name)}` makes it") from None
        except json.JSONDecodeError as error:
            raise TableError(f"{path} is no JSON: {error}") from None

    def rows_if_measured(self, name: str) -> list[dict]:
        try:
            return self[name]["rows"]
        except NotMeasured:
            return []


def origin(result: dict) -> str:
    """Where the figures come from: the line under a table."""
    changed = ", with uncommitted changes" if result["dirty"] else ""
    machine = result["machine"]
    return (
        f"\n{result['date'][:10]}, {machine['cpu']}, {machine['cores']} cores (load {machine['load_average']:.1f} before), "
        f"{result['threads']} threads a run, {result['precision']}; commit {result['commit'][:9]}{changed}, "
        f"{versions_text(result)}; `{result['command']}`\n"
    )


def versions_text(result: dict) -> str:
    """Of what took part; the Python reference brings its own onnxruntime."""
    versions, names = result["versions"], ("onnxruntime", "rapidocr")
    if "reference_versions" in result:
        versions, names = versions | result["reference_versions"], ("inference-models", "onnxruntime", "torch")
    if "python_versions" in result:
        versions, names = versions | result["python_versions"], tuple(result["python_versions"])
    return ", ".join([f"OpenVINO {versions['openvino']}", *(f"{name} {versions[name]}" for name in names)])


def routes(results: Results) -> str:
    rows = []
    for row in results["routes"]["rows"]:
        eager, replay = row["modes"]["eager"], row["modes"]["replay"]
        rows.append([
            model_name(row), f"{row['shapes']} ({row['calls_per_round']})",
            milliseconds(eager["ms_per_round"]), milliseconds(replay["ms_per_round"]), f"**{ratio(row['ratio_median'])}**",
            milliseconds(row["capture_ms_median"]), f"{row['bytes'] / row['shapes'] / 1e6:.0f} MB",
            f"{row['max_abs_difference_to_eager']:.1e}",
        ])  # fmt: skip
    heads = ["model", "shapes (calls)", "eager", "replay", "replay / eager", "one capture", "its bytes", "largest difference"]
    return table(heads, rows) + origin(results["routes"])


def replay_overhead(results: Results) -> str:
    rows = []
    for row in results["replay_overhead"]["rows"]:
        pair = row["replay_to_bare"]
        difference = pair["difference_us_median"]
        rows.append([
            f"{model_name(row)} {row['shape']}", time_text(row["bare"]["median_us"]), time_text(row["replay"]["median_us"]),
            f"**{ratio(pair['ratio_median'])}**", ratio(pair["ratio_p99"]),
            f"{difference:.1f} µs" if row["bare"]["median_us"] < 1000 else "",
            ratio(row["bare_to_bare"]["ratio_median"]),
        ])  # fmt: skip
    heads = ["model and shape", "bare OpenVINO", "`infer`, replayed", "ratio", "its p99", "difference", "bare / bare"]
    return table(heads, rows) + origin(results["replay_overhead"])


def cache_hit(results: Results) -> str:
    rows = [
        [
            CACHE_OPERATIONS[row["name"]], CACHE_KEYS[row["keys"]], str(row["threads"]), f"{row['wall_ns']:.0f} ns",
            f"{row['cpu_ns']:.0f} ns", "" if row["replayed"] is None else f"{row['replayed']:.0%}",
        ]
        for row in results["cache_hit"]["rows"]
    ]  # fmt: skip
    heads = ["operation", "keys", "threads", "time of one", "CPU time", "replayed"]
    return table(heads, rows) + origin(results["cache_hit"])


def vs_onnxruntime(results: Results) -> str:
    rows = []
    for row in results["vs_onnxruntime"]["rows"]:
        replay, eager = row["replay_to_onnxruntime"], row["eager_to_onnxruntime"]
        rows.append([
            model_name(row), f"{row['shapes']} ({row['calls_per_round']})", milliseconds(row["onnxruntime_ms_per_round"]),
            milliseconds(row["eager_ms_per_round"]), milliseconds(row["replay_ms_per_round"]),
            ratio(eager["ratio_median"]), f"**{ratio(replay['ratio_median'])}**", ratio(replay["call_ratio_p99"]),
        ])  # fmt: skip
    heads = ["model", "shapes (calls)", "onnxruntime", "eager", "replay", "eager / onnxruntime", "replay / onnxruntime",
             "p99 of calls"]  # fmt: skip
    return table(heads, rows) + origin(results["vs_onnxruntime"])


def ocr_vs_rapidocr(results: Results) -> str:
    rows = [
        [
            row["pipeline"], milliseconds(row["total_of_medians_ms"]), milliseconds(row["p99_ms"]),
            f"**{ratio(median_ratio(row))}**" if "ratio_by_round" in row else "",
        ]
        for row in results["ocr_vs_rapidocr"]["rows"]
    ]  # fmt: skip
    heads = ["pipeline", "all pictures", "p99 of one", "replayrt / it"]
    return table(heads, rows) + origin(results["ocr_vs_rapidocr"])


def admission(results: Results) -> str:
    rows = [
        [
            f"{row['workload']}, {model_name(row)}", f"{row['shapes']} ({row['calls']})",
            f"{row['eager_s']:.1f} s", f"{row['cached_s']:.1f} s", f"**{ratio(row['ratio_total'])}**",
            f"{row['replayed']:.0%}", str(row["captures"]), str(row["evictions"]),
        ]
        for row in results["admission"]["rows"]
    ]  # fmt: skip
    heads = ["workload, from cold", "shapes (calls)", "eager", "with the cache", "ratio", "replayed", "captures", "evictions"]
    return table(heads, rows) + origin(results["admission"])


def background_capture(results: Results) -> str:
    rows = [
        [
            row["capture"], f"{row['shapes']} ({row['calls']})", time_text(row["eager_median_us"]), time_text(row["median_us"]),
            f"**{ratio(row['ratio_median'])}**", time_text(row["eager_p99_us"]), time_text(row["p99_us"]),
            f"**{ratio(row['ratio_p99'])}**",
        ]
        for row in results["background_capture"]["rows"]
    ]  # fmt: skip
    heads = ["capture", "new shapes (calls)", "eager, median", "with the cache", "ratio", "eager, p99", "with the cache", "ratio"]
    return table(heads, rows) + origin(results["background_capture"])


def callers(results: Results) -> str:
    rows = [
        [model_name(row), f"{row['calls_per_s_one']:.1f}/s", f"{row['calls_per_s_two']:.1f}/s", f"**{row['ratio_median']:.2f}**"]
        for row in results["callers"]["rows"]
    ]
    return table(["model", "one caller", "two callers", "two / one"], rows) + origin(results["callers"])


def capture_churn(results: Results) -> str:
    def mega(value: float) -> str:
        return f"{value / 1e6:.0f} MB"

    rows = [
        [
            model_name(row), str(row["cycles"]), mega(row["footprint_least"]), mega(row["footprint_mean"]),
            mega(row["eager_bytes"]), mega(row["early_bytes"]), mega(row["late_bytes"]), mega(row["purged_bytes"]),
        ]
        for row in results["capture_churn"]["rows"]
    ]  # fmt: skip
    heads = ["model", "cycles", "least footprint", "mean footprint", "eager only", "after 20", "after all", "purged"]
    return table(heads, rows) + origin(results["capture_churn"])


def auto_model(results: Results) -> str:
    """All pictures together."""
    result = results["auto_model"]
    rows = [
        [
            f"{row['what']}, {row['precision']}", *beside_reference(row),
            f"{row['classes_in_common']:.1%}" if "classes_in_common" in row else "",
        ]
        for row in result["rows"]
        if row["picture"] == "all"
    ]  # fmt: skip
    heads = ["all pictures", *BESIDE_REFERENCE, "same classes"]
    note = f"\n{result['note']}\n" if result["note"] else ""
    return table(heads, rows) + note + origin(result)


def auto_model_pictures(results: Results) -> str:
    """Whole calls, picture by picture."""
    rows = [
        [f"{row['picture']}, {row['precision']}", *beside_reference(row)]
        for row in results["auto_model"]["rows"]
        if row["what"] == "whole call" and row["picture"] != "all"
    ]
    return table(["whole call", *BESIDE_REFERENCE], rows) + origin(results["auto_model"])


def masks(results: Results) -> str:
    """All pictures together, and what is made of each picture's output."""
    result = results["masks"]
    found = result["answers"]["f32"]["detections"]
    rows = [
        [f"{row['what']}, {row['picture']}", str(found.get(row["picture"], "")), *beside_reference(row)]
        for row in result["rows"]
        if row["picture"] == "all" or row["what"] == "post_process"
    ]
    return table(["call, picture", "masks", *BESIDE_REFERENCE], rows) + origin(result)


def beside_reference(row: dict) -> list[str]:
    return [
        time_text(row["reference_median_us"]), time_text(row["median_us"]), f"**{ratio(row['ratio_median'])}**",
        time_text(row["reference_p99_us"]), time_text(row["p99_us"]), ratio(row["ratio_p99"]),
    ]  # fmt: skip


def auto_model_batches(results: Results) -> str:
    rows = [
        [
            row["batches"], str(row["calls"]),
            time_text(row["eager_median_us"]), time_text(row["median_us"]), f"**{ratio(row['ratio_median'])}**",
            time_text(row["eager_p99_us"]), time_text(row["p99_us"]), ratio(row["ratio_p99"]),
        ]
        for row in results["auto_model_batches"]["rows"]
        if row["kind"] == "captured"
    ]  # fmt: skip
    heads = ["batches", "times", "eager, median", "replay", "ratio", "eager, p99", "replay", "ratio"]
    return table(heads, rows) + origin(results["auto_model_batches"])


def auto_model_cold(results: Results) -> str:
    rows = [
        [
            f"{row['images']} images, batches of 1, 2, 3", str(row["calls"]),
            f"{row['eager_s']:.1f} s", f"{row['cached_s']:.1f} s", f"**{ratio(row['ratio_total'])}**",
            f"{row['replayed']:.0%}", str(row["captures"]),
        ]
        for row in results["auto_model_batches"]["rows"]
        if row["kind"] == "cold"
    ]  # fmt: skip
    heads = ["workload, from cold", "calls", "eager", "with the cache", "ratio", "replayed", "captures"]
    return table(heads, rows) + origin(results["auto_model_batches"])


def median_ratio(row: dict) -> float:
    return statistics.median(row["ratio_by_round"])


def headline(results: Results) -> str:
    """What the other benchmarks have come to; those that were not run are left out."""
    rows = [
        [f"{model_name(row)}, {row['shapes']} shapes: replay / eager", ratio(row["ratio_median"])]
        for row in results["routes"]["rows"]
    ]
    rows += [
        [f"{model_name(row)}, {row['shapes']} shapes: replay / onnxruntime", ratio(row["replay_to_onnxruntime"]["ratio_median"])]
        for row in results.rows_if_measured("vs_onnxruntime")
    ]
    rows += [
        [f"the whole OCR demo, {row['pictures']} pictures, same text: ReplayRT / {row['pipeline']}", ratio(median_ratio(row))]
        for row in results.rows_if_measured("ocr_vs_rapidocr")
        if "ratio_by_round" in row
    ]
    return table(["the shapes of real pictures, f32 on the CPU, all captured before", "time"], rows) + origin(results["routes"])


TABLES = {
    function.__name__: function
    for function in (
        headline,
        routes,
        replay_overhead,
        cache_hit,
        vs_onnxruntime,
        ocr_vs_rapidocr,
        admission,
        background_capture,
        callers,
        capture_churn,
        auto_model,
        auto_model_pictures,
        masks,
        auto_model_batches,
        auto_model_cold,
    )
}


def of_result(name: str, function: Callable[[dict], str]) -> Callable[[Results], str]:
    return lambda results: function(results[name]) + origin(results[name])


for benchmark, functions in (python_tables.TABLES | working_set_tables.TABLES).items():
    TABLES |= {function.__name__: of_result(benchmark, function) for function in functions}


def of_gpu_proof(function: Callable[[dict], str]) -> Callable[[Results], str]:
    return lambda results: function(results["gpu_proof"])


TABLES |= {name: of_gpu_proof(function) for name, function in gpu_tables.TABLES.items()}


def pages(root: Path) -> list[Path]:
    return [page for page in (root / "README.md", *sorted((root / "docs").glob("*.md"))) if page.exists()]


def filled_table(name: str, results: Results) -> str:
    try:
        return TABLES[name](results)
    except NotMeasured as missing:
        print(f"write_tables: table '{name}' is empty: {missing}", file=sys.stderr)
        return ""


def filled(text: str, page: Path, results: Results) -> str:
    """The page with every table as the results have it."""

    def fill(match: re.Match) -> str:
        name = match["name"]
        if name not in TABLES:
            raise TableError(f"{page}: there is no table '{name}': there are {', '.join(TABLES)}")
        return f"{match[1]}{filled_table(name, results)}{match[3]}"

    whole = sum(1 for _ in MARKED.finditer(text)) * 2
    if whole != len(MARKER.findall(text)):
        raise TableError(f"{page}: a bench marker has no counterpart: expected pairs of begin and end")
    return MARKED.sub(fill, text)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is not up to date")
    parser.add_argument("--print", action="store_true", help="write nothing; print every table that has results")
    parser.add_argument("--results", type=Path, help="folder of the JSON files (default: benchmarks/results)")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of README.md and docs")
    arguments = parser.parse_args(argv)
    results = Results(arguments.results or arguments.root / "benchmarks/results")
    try:
        if arguments.print:
            for name in TABLES:
                if text := filled_table(name, results):
                    print(f"{name}\n\n{text}")
            return 0
        return update(arguments.root, results, arguments.check)
    except TableError as error:
        print(f"write_tables: {error}", file=sys.stderr)
        return 1


def update(root: Path, results: Results, check: bool) -> int:
    # All are made before the first is written: an error leaves every page as it was.
    new = {page: filled(page.read_text(), page, results) for page in pages(root)}
    stale = [page for page, text in new.items() if text != page.read_text()]
    for page in stale:
        if check:
            print(f"write_tables: {page} is not what the results give: run tools/write_tables.py", file=sys.stderr)
        else:
            page.write_text(new[page])
            print(f"write_tables: wrote {page}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
