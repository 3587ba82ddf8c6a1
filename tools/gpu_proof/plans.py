"""Step `plans`: TensorRT's plans, each built once and kept from run to run with the timings of its kernels."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from .commands import require_well
from .files import digest_of, read_json, write_json
from .job import Job
from .machine import gpu_name
from .outcomes import Failed, Missing, Refused
from .records import path_of as record_of
from .tensorrt import TensorRT, version_text

# The first TensorRT that takes types from the model alone.
STRONGLY_TYPED = (11, 0, 0)
# What its builder says of a layer for which it has no kernel of its own, where cuBLAS is missing.
NO_KERNEL = ("Could not find any implementation for node", "cuBLAS")
SIXTEEN_SHAPES = 16
# Two graphs each: as many callers of one shape can replay at once.
THREE_SHAPES_TWICE = 6
# What a step's time does for: on an H100 17 profiles of det took longer than 400 s.
FIVE_SHAPES = 5
THREE_SHAPES = 3


@dataclass(frozen=True)
class Plan:
    """`graphs`: how many graphs of it are captured at once; where profiles are not shared each needs one, and eager another."""

    name: str
    model: str
    least: str
    best: str
    most: str
    graphs: int
    flags: tuple[str, ...] = ()

    def profiles(self, tensorrt: TensorRT) -> int:
        return 1 if tensorrt.shares_profiles else self.graphs + 1

    def arguments(self, tensorrt: TensorRT) -> list[str]:
        return [
            "--min", self.least, "--opt", self.best, "--max", self.most,
            "--profiles", str(self.profiles(tensorrt)), "--no-library-kernels", *self.flags,
        ]  # fmt: skip


# The most important first, as a step's time may not do for all.
PLANS = (
    Plan("launch_bound", "launch_bound", "1x16x16x16", "2x16x16x16", "16x16x16x16", SIXTEEN_SHAPES),
    Plan("squeezenet_fp16", "squeezenet", "1x3x224x224", "2x3x224x224", "8x3x224x224", THREE_SHAPES_TWICE, ("--fp16",)),
    Plan("ppocrv6_det", "ppocrv6_det", "1x3x32x32", "1x3x480x640", "1x3x736x736", FIVE_SHAPES),
    Plan("resnet50", "resnet50", "1x3x224x224", "2x3x224x224", "8x3x224x224", THREE_SHAPES),
    Plan("ppocrv6_rec", "ppocrv6_rec", "1x3x48x32", "1x3x48x320", "6x3x48x640", THREE_SHAPES),
)


def named(name: str) -> Plan:
    return next(plan for plan in PLANS if plan.name == name)


def run(job: Job) -> None:
    # All that are kept are among the results again: their sizes and times are facts of this run, too.
    job.record.results = {}
    for plan in PLANS:
        with job.attempt(plan.name):
            entry = kept(job, plan)
            if entry:
                job.commands.say(f"{plan.name}: kept, built in {entry['seconds']:.0f} s")
            else:
                entry = build(job, plan)
            job.record.results[plan.name] = entry


def is_kept(job: Job) -> bool:
    return all(kept(job, plan) for plan in PLANS)


def file_of(job: Job, name: str) -> Path:
    """The plan for this GPU and TensorRT."""
    plan = named(name)
    require_possible(job, plan)
    if not kept(job, plan):
        for refusal in read_json(record_of(job.settings.out, "plans")).get("refused", []):
            if refusal["check"] == name:
                raise Refused(f"there is no plan: {refusal['why']}")
        raise Missing(f"there is no plan {path_of(job, plan)} of this model, GPU and TensorRT: step `plans` makes it")
    return path_of(job, plan)


def require_possible(job: Job, plan: Plan) -> None:
    version = job.tensorrt.headers
    if "--fp16" in plan.flags and version is not None and version >= STRONGLY_TYPED:
        raise Refused(f"TensorRT {version_text(version)} takes types from the model alone, and {plan.model}.onnx is f32")
    if not model_of(job, plan).is_file():
        raise Missing(f"the model {model_of(job, plan)} is missing: `make setup` makes it, --models names its folder")


def kept(job: Job, plan: Plan) -> dict | None:
    """Its entry, if it is one of the same model, settings, TensorRT and GPU."""
    entry = read_json(index_of(job)).get(plan.name)
    is_there = entry and model_of(job, plan).is_file() and path_of(job, plan).is_file()
    return entry if is_there and entry["key"] == key_of(job, plan) else None


def build(job: Job, plan: Plan) -> dict:
    require_possible(job, plan)
    model, path = model_of(job, plan), path_of(job, plan)
    path.parent.mkdir(parents=True, exist_ok=True)
    command = (
        job.program("replayrt"), "build", model, "-o", path, *plan.arguments(job.tensorrt),
        "--timing-cache", path.parent / "timing.cache",
    )  # fmt: skip
    done = job.commands.run(plan.name, *command)
    if done.code != 0 and all(text in done.output for text in NO_KERNEL):
        raise Refused("TensorRT has no kernel for a layer of it without cuBLAS, which is not here")
    require_well(command, done)
    if not path.is_file():
        raise Failed(f"`replayrt build` ended well, but made no {path}")
    entry = {
        "key": key_of(job, plan),
        "profiles": plan.profiles(job.tensorrt),
        "seconds": round(done.seconds, 1),
        "bytes": path.stat().st_size,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }
    write_json(index_of(job), read_json(index_of(job)) | {plan.name: entry})
    return entry


def key_of(job: Job, plan: Plan) -> dict:
    return {
        "model_sha256": digest_of(model_of(job, plan)),
        "flags": plan.arguments(job.tensorrt),
        "tensorrt": version_text(job.tensorrt.headers),
        "gpu": gpu_name(),
    }


def model_of(job: Job, plan: Plan) -> Path:
    return job.settings.models / f"{plan.model}.onnx"


def path_of(job: Job, plan: Plan) -> Path:
    return job.settings.plans / f"{plan.name}.plan"


def index_of(job: Job) -> Path:
    return job.settings.plans / "plans.json"
