"""What the steps `latency`, `memory`, `threads`, `background` and `stress` measure."""

from collections.abc import Sequence
from dataclasses import dataclass

from . import plans
from .job import Job

SIDES = "eager,replay,in_place,bare,bare_copies,bare_eager,reference,recapture"
# In a turn of a side, at least.
CALLS = 48
THREADS = "1,2,4,8"
STRESS_THREADS = 8
# Fewer than the keys in use, so that it captures and evicts all the time.
STRESS_CAPACITY = 5

# Multiples of 32, as the demo's detection takes them, the largest among the first.
DET_SIDES = (
    "480x640", "640x480", "320x480", "544x736", "736x736", "320x320", "480x320", "640x640",
    "256x736", "736x256", "736x544", "416x608", "608x416", "352x704", "704x352", "160x736",
)  # fmt: skip
NEW_SHAPES = 12


def batches(model: str, sizes: Sequence[int]) -> tuple[str, ...]:
    inner = {"launch_bound": "16x16x16", "ppocrv6_rec": "3x48x320"}.get(model, "3x224x224")
    return tuple(f"{size}x{inner}" for size in sizes)


def det_sizes(job: Job, most: int = len(DET_SIDES)) -> tuple[str, ...]:
    """As many as there can be graphs."""
    count = most if job.tensorrt.shares_profiles else min(most, plans.named("ppocrv6_det").graphs)
    return tuple(f"1x3x{sides}" for sides in DET_SIDES[:count])


@dataclass(frozen=True)
class Workload:
    """One run of a program that writes one JSON report. `title` is what the tables call it.

    Of several plans those after the first are engines that share the cache with it.
    """

    name: str
    title: str
    plans: tuple[str, ...]
    shapes: tuple[str, ...]
    flags: tuple = ()
    program: str = "gpu_bench"

    def command(self, job: Job, verb: str, report) -> list:
        first, *others = [plans.file_of(job, name) for name in self.plans]
        sharing = ["--with", *others] if others else []
        shapes = ["--shapes", ",".join(self.shapes)]
        return [job.program(self.program), verb, first, *sharing, *shapes, *self.flags, f"--json={report}"]


def latency(job: Job) -> list[Workload]:
    rounds, warm_up = job.settings.amount(1, 30, 100), job.settings.amount(0, 1, 1) * 0.2

    def one(plan: str, kind: str, title: str, shapes: tuple[str, ...]) -> Workload:
        calls = -(-CALLS // len(shapes)) * len(shapes)  # Each shape is called equally often.
        # One slot: for one caller, as docs/tensorrt.md says.
        flags = ("--rounds", rounds, "--calls", calls, "--warm-up", warm_up, "--slots", 1, "--sides", SIDES)
        return Workload(f"{plan}_{kind}", title, (plan,), shapes, flags)

    squeezenet, resnet, small = "SqueezeNet fp16", "ResNet-50", "200 small layers"
    return [
        one("squeezenet_fp16", "batch1", f"{squeezenet}, batch 1", batches("squeezenet", (1,))),
        one("squeezenet_fp16", "cycle", f"{squeezenet}, batches 1, 2, 3 in turn", batches("squeezenet", (1, 2, 3))),
        one("launch_bound", "batch1", f"{small}, batch 1", batches("launch_bound", (1,))),
        one("launch_bound", "cycle", f"{small}, batches 1, 2, 3 in turn", batches("launch_bound", (1, 2, 3))),
        one("launch_bound", "trace", f"{small}, batches 1 to 16 in turn", batches("launch_bound", range(1, 17))),
        one("ppocrv6_det", "trace", f"PP-OCRv6 det, {len(det_sizes(job))} sizes in turn", det_sizes(job)),
        one("resnet50", "batch1", f"{resnet}, batch 1", batches("resnet50", (1,))),
        one("resnet50", "cycle", f"{resnet}, batches 1, 2, 3 in turn", batches("resnet50", (1, 2, 3))),
        one("squeezenet_fp16", "batch2", f"{squeezenet}, batch 2", batches("squeezenet", (2,))),
        one("squeezenet_fp16", "batch3", f"{squeezenet}, batch 3", batches("squeezenet", (3,))),
        one("ppocrv6_rec", "cycle", "PP-OCRv6 rec, batches 1, 2, 3 in turn", batches("ppocrv6_rec", (1, 2, 3))),
    ]


def memory(job: Job) -> list[Workload]:
    most = 8 if job.tensorrt.shares_profiles else plans.named("resnet50").graphs
    return [
        Workload("ppocrv6_det", "PP-OCRv6 det", ("ppocrv6_det",), det_sizes(job)),
        Workload("resnet50", "ResNet-50", ("resnet50",), batches("resnet50", range(1, most + 1))),
    ]


def threads(job: Job) -> list[Workload]:
    """One engine, and two: the same plan twice, whose graphs must not be mixed."""
    flags = ("--threads", THREADS, "--rounds", job.settings.amount(1, 5, 9), "--calls", job.settings.amount(6, 400, 1000))
    return [
        Workload(plan, title, (plan, plan), batches(plan, (1, 2, 3)), flags)
        for plan, title in (("launch_bound", "200 small layers"), ("squeezenet_fp16", "SqueezeNet fp16"))
    ]


def background(job: Job) -> list[Workload]:
    """New shapes arrive all the time: what the calls meanwhile cost."""
    rows = []
    for plan, title, shapes in (
        ("launch_bound", "200 small layers", batches("launch_bound", range(1, NEW_SHAPES + 1))),
        ("ppocrv6_det", "PP-OCRv6 det", det_sizes(job, NEW_SHAPES)),
    ):
        for capture in ("inline", "background"):
            flags = (
                "--modes", "eager,replay", "--admission", "always", "--capture", capture, "--cold", "--shuffle", 1,
                "--iterations", job.settings.amount(1, 5, 9), "--repeat", job.settings.amount(2, 20, 50),
            )  # fmt: skip
            rows.append(Workload(f"{plan}_{capture}", f"{title}, {capture}", (plan,), shapes, flags, program="replayrt"))
    return rows


def stress(job: Job) -> list[Workload]:
    """Two engines that take the same inputs and answer differently."""
    flags = (
        "--threads", STRESS_THREADS, "--calls", job.settings.amount(200, 100_000, 100_000),
        "--capacity", STRESS_CAPACITY,
    )  # fmt: skip
    pair = ("squeezenet_fp16", "resnet50")
    return [Workload("two_engines", "SqueezeNet fp16 and ResNet-50", pair, batches("resnet50", (1, 2, 3)), flags)]
