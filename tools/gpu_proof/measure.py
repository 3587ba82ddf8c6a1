"""Runs workloads and keeps each one's report as it is."""

import shlex
from collections.abc import Callable

from .commands import require_well
from .files import read_json
from .job import Job
from .outcomes import Failed
from .workloads import Workload


def step(verb: str, workloads: Callable[[Job], list[Workload]]) -> Callable[[Job], None]:
    """A step that runs `verb` of the program on all workloads that are not yet among its results."""

    def run(job: Job) -> None:
        results = job.record.results
        for workload in workloads(job):
            if workload.name in results and not wrong_answers(results[workload.name]):
                job.commands.say(f"{workload.name}: kept")
                continue
            with job.attempt(workload.name):
                entry = results[workload.name] = measure(job, verb, workload)
                if wrong_answers(entry):
                    raise Failed(f"{wrong_answers(entry)} answers are wrong: {entry['command']}")

    return run


def wrong_answers(entry: dict) -> int:
    """Of a stress run; other reports have no such count."""
    return entry["report"].get("wrong", 0)


def measure(job: Job, verb: str, workload: Workload) -> dict:
    path = job.settings.out / f"logs/{job.record.step}-{workload.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    command = [str(part) for part in workload.command(job, verb, path)]
    done = job.commands.run(workload.name, *command)
    report = read_json(path)
    # A program that counted wrong answers says how many before it fails.
    if not report.get("wrong"):
        require_well(command, done)
    if not report:
        raise Failed(f"{workload.program} {verb} ended well, but wrote no report {path}")
    return {
        "title": workload.title,
        "plans": list(workload.plans),
        "command": shlex.join(command),
        "seconds": round(done.seconds, 1),
        "report": report,
    }
