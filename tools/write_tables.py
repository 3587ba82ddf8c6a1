#!/usr/bin/env python3
"""Writes the tables of README.md and docs/*.md from the figures in benchmarks/results.

A table stands between `<!-- bench:NAME begin -->` and `<!-- bench:NAME end -->`; all else of a page is left alone. A
table whose figures are not there is empty.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import auto_model_tables
import family_tables
import gpu_tables
import python_tables
import runtime_tables
import working_set_tables
from runtime_tables import median_ratio
from table_text import model_name, ratio, table

ROOT = Path(__file__).resolve().parent.parent
MARKED = re.compile(r"(<!-- bench:(?P<name>[\w-]+) begin -->\n).*?(<!-- bench:(?P=name) end -->)", re.DOTALL)
MARKER = re.compile(r"<!-- bench:[\w-]+ (?:begin|end) -->")
REFERENCE_PARTS = ("inference-models", "onnxruntime", "torch")
OTHER_MAKERS = {"gpu_proof": "tools/gpu_proof.sh", "parity": "build/venv/bin/python tools/parity.py"}


class TableError(Exception):
    """Something in the results or pages that a person has to mend; the message says what."""


class NotMeasured(Exception):
    """There are no figures of this benchmark."""


def maker(name: str) -> str:
    """The command that measures it."""
    return OTHER_MAKERS.get(name, f"tools/bench.sh {name}")


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
    """Of what took part; the Python reference brings its own onnxruntime, unless its answers are from a file."""
    versions, names = result["versions"], ("onnxruntime", "rapidocr")
    if "reference_versions" in result:
        reference = result["reference_versions"]
        versions, names = versions | reference, tuple(name for name in REFERENCE_PARTS if name in reference)
    if "python_versions" in result:
        versions, names = versions | result["python_versions"], tuple(result["python_versions"])
    return ", ".join([f"OpenVINO {versions['openvino']}", *(f"{name} {versions[name]}" for name in names)])


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


def of_result(name: str, function: Callable[[dict], str]) -> Callable[[Results], str]:
    return lambda results: function(results[name]) + origin(results[name])


TABLES = {"headline": headline}
for of_benchmarks in (runtime_tables, auto_model_tables, python_tables, working_set_tables, family_tables):
    for benchmark, functions in of_benchmarks.TABLES.items():
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
