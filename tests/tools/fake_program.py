#!PYTHON -IS
"""Stands for every program that gpu_proof runs: does what the program of its own name would, as far as it shows.

FAKE_FOLDER holds calls.txt, to which each run adds a line, and behaviour.json: of `fail`, `hang` and `say` each is a
list of [part of a command line, text].
"""

import json
import os
import sys
import time
from pathlib import Path

NAME = Path(sys.argv[0]).name
ARGUMENTS = sys.argv[1:]
LINE = " ".join([NAME, *ARGUMENTS])
FOLDER = Path(os.environ["FAKE_FOLDER"])
GTESTS = ("Rules.First", "Rules.Second", "Rules.Skipped")


def main() -> int:
    with (FOLDER / "calls.txt").open("a") as calls:
        calls.write(LINE + "\n")
    with (FOLDER / "environment.txt").open("a") as file:
        file.write(f"{NAME} {os.environ.get('REPLAYRT_TENSORRT_LIBRARY')} {os.environ.get('LD_LIBRARY_PATH')}\n")
    behaviour = json.loads((FOLDER / "behaviour.json").read_text())
    for part, text in behaviour.get("say", []):
        if part in LINE:
            print(text, flush=True)
    for part, _ in behaviour.get("hang", []):
        if part in LINE:
            time.sleep(60)
    for part, text in behaviour.get("fail", []):
        if part in LINE:
            print(text)
            return 1
    return PROGRAMS[NAME]()


def flag(name: str) -> str | None:
    """Of `--name value` and `--name=value`."""
    for place, argument in enumerate(ARGUMENTS):
        if argument == name:
            return ARGUMENTS[place + 1]
        if argument.startswith(f"{name}="):
            return argument.split("=", 1)[1]
    return None


def replayrt() -> int:
    if ARGUMENTS[0] == "build":
        Path(flag("-o")).write_text("a plan")
        Path(flag("--timing-cache")).write_text("timings")
    else:
        mode = {"median_us": 100.0, "p99_us": 200.0, "calls": 24}
        report = {"shapes": flag("--shapes").split(","), "modes": {"eager": mode, "replay": mode | {"p99_us": 300.0}}}
        Path(flag("--json")).write_text(json.dumps(report))
    return 0


def gpu_bench() -> int:
    report = {"latency": latency, "memory": memory, "threads": threads, "stress": stress}[ARGUMENTS[0]]()
    report |= json.loads((FOLDER / "behaviour.json").read_text()).get("report", {}).get(ARGUMENTS[0], {})
    Path(flag("--json")).write_text(json.dumps(report))
    return 1 if report.get("wrong") else 0


def latency() -> dict:
    side = {"median_us": 100.0, "p99_us": 110.0, "images_per_s": 10_000.0, "calls": 48}
    return {
        "plan": ARGUMENTS[1],
        "shapes": flag("--shapes").split(","),
        "sides": {name: side for name in flag("--sides").split(",")},
        "pipelined": {"replay": {"us_per_call": 100.0, "host_median_us": 2.0, "host_p99_us": 4.0}},
        "ratios": {
            "replay_to_eager": {"median": 0.7, "p99": 0.8},
            "replay_to_bare": {"median": 1.03, "p99": 1.1, "difference_us_median": 3.0},
        },
        "capture_ms_median": 4.0,
        "graph_bytes": 1000,
        "max_abs_difference": {"eager": 0.0, "replay": 1e-6},
    }


def memory() -> dict:
    row = {"loaded_bytes": 5e7, "per_shape_bytes": 2e6, "io_bytes_per_shape": 1e6, "beyond_io_per_shape": 1e6}
    rows = [row | {"scheme": scheme} for scheme in ("replayrt", "reference")]
    return {"plan": ARGUMENTS[1], "shapes": flag("--shapes").split(","), "rows": rows, "ratio_beyond_io": 0.05}


def threads() -> dict:
    row = {"eager_calls_per_s": 1000.0, "replay_calls_per_s": 1500.0, "ratio": 1.5}
    counts = [int(count) for count in flag("--threads").split(",")]
    engines = sorted({1, sum(argument.endswith(".plan") for argument in ARGUMENTS)})
    return {"rows": [row | {"engines": engine, "threads": count} for engine in engines for count in counts]}


def stress() -> dict:
    return {
        "calls": int(flag("--calls")), "wrong": 0, "captured": 20, "replayed": 170, "eager": 10, "evictions": 15,
        "largest_difference": 1e-4,
    }  # fmt: skip


def gtest() -> int:
    without = (flag("--gtest_filter") or "").removeprefix("-").split(":")
    tests = []
    for name in GTESTS:
        if name not in without:
            tests.append({"name": name.split(".")[1], "result": "COMPLETED"})
    if tests and tests[-1]["name"] == "Skipped":
        tests[-1] |= {"result": "SKIPPED", "skipped": [{"message": "needs two GPUs"}]}
    suites = [{"name": "Rules", "testsuite": tests}]
    Path(flag("--gtest_output").removeprefix("json:")).write_text(json.dumps({"testsuites": suites}))
    return 0


def nvidia_smi() -> int:
    print("Some GPU, 580.1, 81559")
    return 0


def compute_sanitizer() -> int:
    print("========= RACECHECK SUMMARY: 0 hazards displayed" if "racecheck" in ARGUMENTS else "========= ERROR SUMMARY: 0 errors")
    return 0


def cmake() -> int:
    if "-B" in ARGUMENTS:
        programs = Path(flag("-B")) / "bin"
        (programs / "tests").mkdir(parents=True, exist_ok=True)
        for name in ("replayrt", "gpu_bench", "tests/cuda_rules_real", "tests/tensorrt_real"):
            (programs / name).write_bytes(Path(sys.argv[0]).read_bytes())
            (programs / name).chmod(0o755)
    return 0


def ctest() -> int:
    Path(flag("--output-junit")).write_text(
        '<testsuite><testcase name="a.b" status="run"/><testcase name="a.c" status="fail">'
        "<system-out>it broke</system-out></testcase></testsuite>"
    )
    return 8


def nvcc() -> int:
    if "--list-gpu-arch" in ARGUMENTS:
        print("compute_80\ncompute_90")
    return 0


PROGRAMS = {
    "replayrt": replayrt,
    "gpu_bench": gpu_bench,
    "cuda_rules_real": gtest,
    "tensorrt_real": gtest,
    "nvidia-smi": nvidia_smi,
    "compute-sanitizer": compute_sanitizer,
    "cmake": cmake,
    "ctest": ctest,
    "nvcc": nvcc,
}

if __name__ == "__main__":
    sys.exit(main())
