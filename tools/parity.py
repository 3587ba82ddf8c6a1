"""Compares every family with the reference's answers once more, and writes benchmarks/results/parity.json.

`write_tables.py` makes the tables of docs/families.md from it: what `replayrt families` lists, and how far
`parity_test` saw each file of tests/models/expected to be off. Takes some minutes; build both programs first.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "benchmarks"))

import facts  # noqa: E402
from family_tables import COUNTS, WORST, by_file, family_of  # noqa: E402

EXPECTED = ROOT / "tests/models/expected"
RESULT = ROOT / "benchmarks/results/parity.json"
# How `parity_test` runs each case; the first leaves out where ReplayRT differs on purpose.
WAYS = ("default", "unfused", "cached")
LEAST_CASES = 4
COMMAND = "build/venv/bin/python tools/parity.py"  # It has the packages whose versions are told.
TEXTS = ("expected", "way", "architecture", "task")
FRACTIONS = ("score", "covariance", "mask_iou", "map_number")


def listed_families(program: Path) -> list[dict]:
    done = subprocess.run((program, "families", "--json"), check=True, capture_output=True)
    return json.loads(done.stdout)["families"]


def expected_answers(folder: Path = EXPECTED) -> dict[str, dict]:
    """By name, the files that have answers of models; the others have tensors and pixels."""
    files = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    return {name: file for name, file in files.items() if "predictions" in file.get("cases", [{}])[0]}


def value_of(name: str, text: str) -> str | float | int:
    if name in TEXTS:
        return text
    return float(text) if name in FRACTIONS else int(text)


def rows_of(report: dict) -> list[dict]:
    """What the tests have recorded (tests/auto/deviation.hpp), of the report of GoogleTest."""
    tests = (test for suite in report["testsuites"] for test in suite["testsuite"])
    return [{name: value_of(name, test[name]) for name in (*TEXTS, *WORST, *COUNTS, "mask_iou")} for test in tests]


def compare(parity_test: Path) -> list[dict]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = (parity_test, "--gtest_filter=*ParityTest.AnswersAreTheReferences*", f"--gtest_output=json:{report}")
        subprocess.run(command, check=True)
        return rows_of(json.loads(report.read_text()))


def reference_versions(answers: dict[str, dict]) -> dict[str, str]:
    return dict(file["reference"].rsplit(" ", 1) for file in answers.values())


def family_problems(families: list[dict], result: dict) -> list[str]:
    """How the result differs from what the program lists, and which families it has not compared enough."""
    known = {family_of(family): family for family in result["families"]}
    listed = {family_of(family): family for family in families}
    problems = [f"{', '.join(family)} is not in the registry" for family in known if family not in listed]
    seen = by_file(result["rows"]).values()
    for family, entry in listed.items():
        cases = sum(of_file["cases"] for of_file in seen if family_of(of_file) == family)
        if cases < LEAST_CASES:
            problems.append(f"{', '.join(family)} was compared in {cases} cases: expected at least {LEAST_CASES}")
        if family not in known:
            problems.append(f"{', '.join(family)} of the registry is missing")
        elif known[family] != entry:
            problems.append(f"{', '.join(family)} is {entry} in the registry, not {known[family]}")
        elif not any(entry["tested_against"].startswith(" ".join(of)) for of in result["reference_versions"].items()):
            problems.append(f"{', '.join(family)} was compared with {result['reference_versions']}, the registry says "
                            f"'{entry['tested_against']}'")  # fmt: skip
    if not problems and list(known) != list(listed):
        problems.append("the families are in another order than in the registry")
    return problems


def answer_problems(answers: dict[str, dict], result: dict) -> list[str]:
    """How the result differs from the files of cases."""
    files = by_file(result["rows"])
    problems = [f"tests/models/expected has no {name}.json" for name in files if name not in answers]
    for name, file in answers.items():
        ways = tuple(row["way"] for row in result["rows"] if row["expected"] == name)
        if ways != WAYS:
            problems.append(f"{name}.json was compared in the ways {ways}: expected {WAYS}")
        elif files[name]["cases"] != len(file["cases"]):
            problems.append(f"{name}.json has {len(file['cases'])} cases, {files[name]['cases']} were compared")
    if result["reference_versions"] != reference_versions(answers):
        problems.append(f"the answers are of {reference_versions(answers)}, not of {result['reference_versions']}")
    return problems


def problems_of(families: list[dict], answers: dict[str, dict], result: dict) -> list[str]:
    return family_problems(families, result) + answer_problems(answers, result)


def measured(programs: Path, families: list[dict], answers: dict[str, dict]) -> dict:
    version = subprocess.run((programs / "replayrt", "--version"), check=True, capture_output=True, text=True)
    start = time.monotonic()
    result = {"benchmark": "parity"}
    result |= facts.collect(COMMAND, len(os.sched_getaffinity(0)), version.stdout.split()[-1])
    result |= {"reference_versions": reference_versions(answers), "families": families}
    result["rows"] = compare(programs / "tests/parity_test")
    return result | {"seconds": round(time.monotonic() - start, 1)}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=Path, default=ROOT / "build/release/bin", help="folder of the built programs")
    parser.add_argument("--check", action="store_true",
                        help="compare nothing; exit 1 if the result is not of these families and cases")  # fmt: skip
    arguments = parser.parse_args(argv)
    families, answers = listed_families(arguments.programs / "replayrt"), expected_answers()
    result = json.loads(RESULT.read_text()) if arguments.check else measured(arguments.programs, families, answers)
    problems = problems_of(families, answers, result)
    for problem in problems:
        print(f"parity: {problem}", file=sys.stderr)
    if problems:
        if arguments.check:
            print(f"parity: run {COMMAND} and tools/write_tables.py", file=sys.stderr)
        return 1
    if not arguments.check:
        RESULT.write_text(json.dumps(result, indent=1) + "\n")
        print(f"parity: wrote {RESULT.relative_to(ROOT)}; tools/write_tables.py writes docs/families.md from it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
