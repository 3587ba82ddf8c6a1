"""Step `sanitizers`: compute-sanitizer's tools over the contract and a short benchmark."""

import re
from dataclasses import dataclass

from . import plans
from .commands import last_lines
from .job import Job
from .machine import find_tool
from .outcomes import Failed, Refused

ERRORS_FOUND = 99  # The exit code that it is told to give.
SUMMARY = re.compile(r"(?:ERROR SUMMARY: (\d+) error|RACECHECK SUMMARY: (\d+) hazard)")
REFUSAL = "device not supported"
# All of these share two small engines: a build under a sanitizer takes its time.
CONTRACT = "--gtest_filter=*EngineContract.*"
ROUTES = "--gtest_filter=*EngineContract.AnswerDoesNotDependOnTheRoute*:*EngineContract.ThreadsGetTheirOwnAnswers*"
SMALL_PLAN = "launch_bound"
SMALL_SHAPE = "1x16x16x16"


@dataclass(frozen=True)
class Check:
    tool: str
    program: str
    arguments: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.tool} {self.program}"


CHECKS = (
    Check("memcheck", "tensorrt_real", (CONTRACT,)),
    Check("synccheck", "tensorrt_real", (ROUTES,)),
    Check("racecheck", "tensorrt_real", (ROUTES,)),
    Check("memcheck", "gpu_bench"),
)


def run(job: Job) -> None:
    missing = [check for check in CHECKS if check.name not in job.record.results]
    for place, check in enumerate(missing):
        with job.attempt(check.name):
            # An equal share of what is left, so that a slow one does not cost the others their turn.
            seconds = max(job.commands.left(), 0) / (len(missing) - place)
            job.record.results[check.name] = run_check(job, check, seconds)


def run_check(job: Job, check: Check, seconds: float) -> dict:
    sanitizer = find_tool("compute-sanitizer")
    if sanitizer is None:
        raise Refused("no compute-sanitizer in PATH or the CUDA toolkit")
    done = job.commands.run(
        check.name, sanitizer, "--tool", check.tool, "--error-exitcode", ERRORS_FOUND, *command_of(job, check),
        seconds=seconds,
    )  # fmt: skip
    if REFUSAL in done.output.lower():
        raise Refused("compute-sanitizer says: Device not supported")
    errors = errors_of(done.output)
    if errors or done.code == ERRORS_FOUND:
        raise Failed(f"{check.tool} found {'some' if errors is None else errors} errors: {last_lines(done.output)}")
    if done.code != 0 or errors is None:
        raise Failed(f"{check.program}: exit code {done.code} under {check.tool}: {last_lines(done.output)}")
    return {"verdict": "clean", "errors": errors, "seconds": round(done.seconds, 1), "arguments": list(check.arguments)}


def command_of(job: Job, check: Check) -> list:
    if check.program != "gpu_bench":
        return [job.program(f"tests/{check.program}"), *check.arguments]
    return [
        job.program("gpu_bench"), "latency", plans.file_of(job, SMALL_PLAN), "--shapes", SMALL_SHAPE, "--rounds", 1,
        "--calls", 3, "--sides", "eager,replay,in_place,bare", f"--json={job.settings.out / 'logs/sanitizers-bench.json'}",
    ]  # fmt: skip


def errors_of(output: str) -> int | None:
    """The sum of all summaries: one of each process. None if there is none."""
    found = [int(errors or hazards) for errors, hazards in SUMMARY.findall(output)]
    return sum(found) if found else None
