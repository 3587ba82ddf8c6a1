"""Runs the steps that the command line names."""

import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from . import build, machine, measure, plans, records, report, sanitizers, settings, tests, workloads
from .commands import Commands
from .files import Sources, read_json
from .job import Job
from .outcomes import Failed, Outcome
from .tensorrt import TensorRT, version_text


@dataclass(frozen=True)
class Step:
    """`is_kept`: whether what a step that has passed made is still there. None: a step that always runs."""

    summary: str
    run: Callable[[Job], None]
    is_kept: Callable[[Job], bool] | None = lambda job: True


STEPS = {
    "machine": Step("what is here, and which checks the machine refuses", machine.run, None),
    "build": Step("programs and tests; the sources by nvcc, too", build.run, build.is_kept),
    "plans": Step("TensorRT's plans, each built once and kept", plans.run, plans.is_kept),
    "tests": Step("the suite on the doubles, rules and contract on the GPU", tests.run),
    "sanitizers": Step("compute-sanitizer over the contract and a short benchmark", sanitizers.run),
    "latency": Step("eager, replay, bare launches and the reference's scheme", measure.step("latency", workloads.latency)),
    "memory": Step("device memory of each added shape", measure.step("memory", workloads.memory)),
    "threads": Step("1 to 8 threads on one engine and on two", measure.step("threads", workloads.threads)),
    "background": Step("new shapes, captured inline and in the background", measure.step("bench", workloads.background)),
    "stress": Step("8 threads, two engines, one cache that evicts", measure.step("stress", workloads.stress)),
    "report": Step("OUT/gpu_proof.json and OUT/gpu_proof.md", report.run, None),
}


def main(argv: list[str]) -> int:
    chosen = settings.parse(argv, {name: step.summary for name, step in STEPS.items()})
    if chosen.only_list:
        list_steps(chosen)
        return 0
    # As an exception, so that the command under way is ended, too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sources = Sources.read(chosen.commit)
    tensorrt = TensorRT(chosen.tensorrt, chosen.prefix)
    failed = [name for name in chosen.steps if run_step(name, chosen, sources, tensorrt) == "failed"]
    if failed:
        print(f"gpu_proof: failed: {', '.join(failed)}; {chosen.out / 'steps'} says why", flush=True)
    return 1 if failed else 0


def list_steps(chosen: settings.Settings) -> None:
    for name in chosen.steps:
        status = read_json(records.path_of(chosen.out, name)).get("status", "not run")
        print(f"{name:<11} {status:<11} {STEPS[name].summary}")


def run_step(name: str, chosen: settings.Settings, sources: Sources, tensorrt: TensorRT) -> str:
    """Its status."""
    identity = {
        "sources": sources.digest,
        "effort": chosen.effort,
        "gpu": machine.gpu_name(),
        "tensorrt": version_text(tensorrt.headers),
    }
    about = {"commit": sources.commit, "dirty": sources.dirty, "command": chosen.command}
    commands = Commands(name, chosen.step_seconds, tensorrt.environment(), chosen.out / "logs")
    job = Job(chosen, tensorrt, commands, records.begin(chosen.out, name, identity, about, chosen.again))
    step = STEPS[name]
    if not chosen.again and records.has_passed(chosen.out, name, identity) and step.is_kept and step.is_kept(job):
        commands.say("passed before")
        return "passed"
    job.record.save()
    try:
        step.run(job)
    except Outcome as outcome:
        job.record.note(name, outcome)
    except Exception as error:  # Time on such a machine is dear: the other steps still run.
        traceback.print_exc()
        job.record.note(name, Failed(f"a defect of tools/gpu_proof: {type(error).__name__}: {error}"))
    status = job.record.status()
    job.record.save(status)
    commands.say(f"{status}, {job.record.seconds():.0f} s")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
