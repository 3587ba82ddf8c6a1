"""Step `tests`: the whole suite on the doubles; then their rules and the contract on the real driver."""

import json
import os
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from .commands import last_lines
from .job import Job
from .outcomes import Failed, OutOfTime, Refused

# Of GoogleTest, each in a process of its own.
REAL_PROGRAMS = ("cuda_rules_real", "tensorrt_real")
SECONDS_OF_ONE_TEST = 300
MOST_AT_ONCE = 8
MOST_REASON = 400
PASSED_LINE = re.compile(r"^\[ +OK \] ([^\s,]+)", re.MULTILINE)


def run(job: Job) -> None:
    with job.attempt("ctest"):
        run_ctest(job)
    for name in REAL_PROGRAMS:
        with job.attempt(name):
            run_program(job, name)


def run_ctest(job: Job) -> None:
    if job.settings.programs:
        raise Refused("--programs names programs, not a build folder of this run")
    if is_done(job, "ctest"):
        return
    junit = job.settings.out / "logs/tests-ctest.xml"
    junit.unlink(missing_ok=True)
    done = job.commands.run(
        "ctest", "ctest", "--test-dir", job.build_folder, "--output-junit", junit, "--no-tests=error",
        "--timeout", SECONDS_OF_ONE_TEST, "--parallel", min(MOST_AT_ONCE, os.cpu_count() or 1),
        environment=job.tensorrt.environment_of_doubles(),
    )  # fmt: skip
    if not junit.is_file():
        raise Failed(f"ctest: exit code {done.code} and no result: {last_lines(done.output)}")
    finish(job, "ctest", junit_result(junit), done.code, done.output)


def run_program(job: Job, name: str) -> None:
    """All of its tests but those that have passed before."""
    if is_done(job, name):
        return
    passed = job.record.results.get(name, {}).get("passed", [])
    report = job.settings.out / f"logs/tests-{name}.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    without = (f"--gtest_filter=-{':'.join(passed)}",) if passed else ()
    try:
        done = job.commands.run(name, job.program(f"tests/{name}"), f"--gtest_output=json:{report}", *without)
    except OutOfTime as stopped:
        job.record.results[name] = {"passed": passed + PASSED_LINE.findall(stopped.output), "failed": [], "skipped": []}
        raise
    if not report.is_file():
        raise Failed(f"{name}: exit code {done.code} and no result: {last_lines(done.output)}")
    result = gtest_result(json.loads(report.read_text()))
    result["passed"] = passed + result["passed"]
    finish(job, name, result, done.code, done.output)


def is_done(job: Job, name: str) -> bool:
    done = job.record.results.get(name, {}).get("complete", False)
    if done:
        job.commands.say(f"{name}: kept")
    return done


def finish(job: Job, name: str, result: dict, code: int, output: str) -> None:
    job.record.results[name] = result
    counts = ", ".join(f"{len(result[kind])} {kind}" for kind in ("passed", "failed", "skipped"))
    job.commands.say(f"{name}: {counts}")
    for test in result["failed"]:
        job.record.note(f"{name}: {test['name']}", Failed(test["reason"]))
    if not result["failed"] and code != 0:
        raise Failed(f"{name}: exit code {code}, though no test failed: {last_lines(output)}")
    if not result["passed"] and not result["failed"]:
        raise Failed(f"{name}: no test has passed: {last_lines(output)}")
    result["complete"] = not result["failed"]


def junit_result(path: Path) -> dict:
    result = {"passed": [], "failed": [], "skipped": []}
    for test in ElementTree.parse(path).iter("testcase"):
        name, note = test.get("name"), test.find("skipped")
        said = "" if note is None else note.get("message", "")
        if test.get("status") == "run":
            result["passed"].append(name)
        elif said.startswith("SKIP_") or test.get("status") == "disabled":
            result["skipped"].append({"name": name, "reason": said or "disabled"})
        else:
            # CTest says "skipped" too of a test whose program or fixture is missing.
            output = test.findtext("system-out") or said or "failed"
            result["failed"].append({"name": name, "reason": output[-MOST_REASON:]})
    return result


def gtest_result(report: dict) -> dict:
    result = {"passed": [], "failed": [], "skipped": []}
    for suite in report.get("testsuites", []):
        for test in suite.get("testsuite", []):
            name = f"{suite['name']}.{test['name']}"
            if test.get("failures"):
                result["failed"].append({"name": name, "reason": test["failures"][0]["failure"][:MOST_REASON]})
            elif test.get("result") == "SKIPPED":
                said = [note.get("message", "") for note in test.get("skipped", [])]
                result["skipped"].append({"name": name, "reason": (said[0] if said else "")[:MOST_REASON]})
            elif test.get("result") == "COMPLETED":
                result["passed"].append(name)
    return result
