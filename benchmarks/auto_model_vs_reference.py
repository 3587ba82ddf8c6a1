#!/usr/bin/env python3
"""Times AutoModel beside the Python reference, inference-models, on the same package and pictures, in one process.

Whole calls first, at f32 and (where the CPU has it) at bf16, then the three stages by themselves at f32. The sides take
turns on every picture and who goes first rotates; ReplayRT replays captured graphs only. Both sides must find as many
objects of the same classes in every picture, with masks of the same pixels but for a thousandth, or there is no figure.
Run with the Python that tools/reference/setup.sh
prints; `tools/bench.sh auto_model` does.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from importlib import metadata
from pathlib import Path

# Before the reference is imported: no network, no GPU, and threads that do not spin on while the other side runs.
os.environ.update(OFFLINE_MODE="true", DEFAULT_DEVICE="cpu", OMP_WAIT_POLICY="PASSIVE", LOG_LEVEL="ERROR")

import cv2
import numpy as np
import torch
from inference_models import AutoModel

from auto_model_peer import ReplayRt
from side_by_side import rotated

ROOT = Path(__file__).resolve().parent.parent
# File of build/data and the size that it is brought to, (height, width); None: its own.
PICTURES = (
    ("packages/pictures/motorcycle_333x500.png", None),
    ("pictures/astronaut.png", (480, 640)),
    ("pictures/coffee.png", None),
    ("pictures/coffee.png", (720, 1280)),
)
# What is hoped for: (what, precision) -> ReplayRT's median / the reference's.
GOALS = {
    "object-detection": {
        ("whole call", "f32"): 0.70,
        ("whole call", "bf16"): 0.45,
        ("pre_process", "f32"): 0.4,
        ("post_process", "f32"): 0.2,
    },
    "instance-segmentation": {("whole call", "f32"): 0.70, ("post_process", "f32"): 0.3},
}
MOST_MASK_PIXELS_OFF = 1e-3  # Of all that either side has set.
BF16_FLAGS = {"avx512_bf16", "amx_bf16"}
STAGES = ("pre_process", "forward", "post_process")
ALL = "all"


class Reference:
    """The same package in the reference, with the same calls."""

    def __init__(self, package: Path):
        self._model = AutoModel.from_pretrained(str(package))

    def predict(self, picture: np.ndarray) -> int:
        found, nanoseconds = _timed(self._model, picture)
        self._found = found[0]
        return nanoseconds

    def pre_process(self, picture: np.ndarray) -> int:
        (self._batch, self._metadata), nanoseconds = _timed(self._model.pre_process, picture)
        return nanoseconds

    def forward(self) -> int:
        self._output, nanoseconds = _timed(self._model.forward, self._batch)
        return nanoseconds

    def post_process(self) -> int:
        found, nanoseconds = _timed(self._model.post_process, self._output, self._metadata)
        self._found = found[0]
        return nanoseconds

    def take_outputs(self, outputs: list[np.ndarray]) -> None:
        """Lets post_process work on these in place of what forward gave."""
        tensors = tuple(torch.from_numpy(output) for output in outputs)
        self._output = tensors if len(tensors) > 1 else tensors[0]

    def classes(self) -> list[int]:
        return sorted(self._found.class_id.tolist())

    def mask_pixels(self) -> int:
        mask = getattr(self._found, "mask", None)
        return 0 if mask is None else int(mask.sum())


def _timed(function, *arguments) -> tuple:
    start = time.perf_counter_ns()
    result = function(*arguments)
    return result, time.perf_counter_ns() - start


def read_pictures(data: Path) -> dict[str, np.ndarray]:
    pictures = {}
    for name, size in PICTURES:
        picture = cv2.imread(str(data / name))
        if picture is None:
            raise RuntimeError(f"{data / name}: expected a picture; `make setup` makes it")
        if size is not None:
            picture = cv2.resize(picture, size[::-1], interpolation=cv2.INTER_CUBIC)
        height, width, _ = picture.shape
        pictures[f"{Path(name).stem.split('_')[0]} {height}x{width}"] = picture
    return pictures


def in_common(first: list[int], second: list[int]) -> float:
    """The share of detections whose class the other side has as often."""
    most = max(len(first), len(second))
    return (Counter(first) & Counter(second)).total() / most if most else 1.0


def same_masks(first: Reference | ReplayRt, second: Reference | ReplayRt) -> bool:
    pixels = first.mask_pixels(), second.mask_pixels()
    return abs(pixels[0] - pixels[1]) <= MOST_MASK_PIXELS_OFF * max(pixels)


def compare_answers(reference: Reference, ours: dict[str, ReplayRt], pictures: dict) -> dict[str, dict]:
    """By precision: detections per picture, and the least share of classes in common. f32 must agree in all."""
    answers = {precision: {"detections": {}, "classes_in_common": 1.0} for precision in ours}
    for name, picture in pictures.items():
        reference.predict(picture)
        for precision, model in ours.items():
            model.predict(picture)  # Captures; the next one replays.
            model.predict(picture)
            expected, found = reference.classes(), model.classes()
            if precision == "f32" and not (found == expected and same_masks(reference, model)):
                raise RuntimeError(f"{name}: the reference finds {len(expected)} objects, ReplayRT {len(found)}, or of "
                                   "other classes or masks: their times say nothing")  # fmt: skip
            answer = answers[precision]
            answer["detections"][name] = len(found)
            answer["classes_in_common"] = min(answer["classes_in_common"], in_common(expected, found))
    return answers


class Times:
    """Nanoseconds by what was measured, who was measured and the picture."""

    def __init__(self, pause: float, goals: dict[tuple[str, str], float]):
        self._pause = pause
        self._goals = goals
        self._values: dict[tuple, list[int]] = {}

    def take(self, what: str, side: str, picture: str, function, *arguments) -> None:
        time.sleep(self._pause)  # Idle worker threads of onnxruntime spin for a while.
        self._values.setdefault((what, side, picture), []).append(function(*arguments))

    def rows(self, what: str, precision: str, pictures: list[str]) -> list[dict]:
        groups = {name: [name] for name in pictures} | {ALL: pictures}
        return [self._row(what, precision, name, group) for name, group in groups.items()]

    def _row(self, what: str, precision: str, name: str, pictures: list[str]) -> dict:
        ours, reference = (
            np.concatenate([self._values[what, side, picture] for picture in pictures]) / 1e3
            for side in (precision, "reference")
        )
        median, reference_median = np.median(ours), np.median(reference)
        p99, reference_p99 = np.percentile(ours, 99), np.percentile(reference, 99)
        return {
            "what": what,
            "precision": precision,
            "picture": name,
            "calls": len(ours),
            "reference_median_us": float(reference_median),
            "median_us": float(median),
            "ratio_median": float(median / reference_median),
            "reference_p99_us": float(reference_p99),
            "p99_us": float(p99),
            "ratio_p99": float(p99 / reference_p99),
            "goal": self._goals.get((what, precision)),
        }


def measure_calls(times: Times, reference: Reference, ours: dict[str, ReplayRt], pictures: dict, rounds: int) -> None:
    sides = list({"reference": reference, **ours}.items())
    for number in range(rounds):
        for index, (name, picture) in enumerate(pictures.items()):
            for side, model in rotated(sides, number + index):
                times.take("whole call", side, name, model.predict, picture)


def measure_stages(times: Times, reference: Reference, ours: ReplayRt, pictures: dict, rounds: int) -> None:
    """Both post_process the very same output."""
    for number in range(rounds):
        for index, (name, picture) in enumerate(pictures.items()):
            sides = rotated([("reference", reference), ("f32", ours)], number + index)
            for side, model in sides:
                times.take("pre_process", side, name, model.pre_process, picture)
            for side, model in sides:
                times.take("forward", side, name, model.forward)
            reference.take_outputs(ours.outputs())
            for side, model in sides:
                times.take("post_process", side, name, model.post_process)
            if reference.classes() != ours.classes() or not same_masks(reference, ours):
                raise RuntimeError(f"{name}: of one output, post_process and the reference's make different objects")


def has_bf16() -> bool:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return any(line.startswith("flags") and BF16_FLAGS & set(line.split()) for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, help="the JSON file")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--f32-only", action="store_true", help="leave bf16 out")
    parser.add_argument("--threads", type=int, default=2, help="of each side; there must be as many cores")
    parser.add_argument("--data", type=Path, default=ROOT / "build/data")
    parser.add_argument("--package", type=Path, help="default: packages/yolov8n-640 of the data")
    parser.add_argument("--library", type=Path, default=ROOT / "build/release/bin/replayrt_auto_model_shim.so")
    parser.add_argument("--pause", type=float, default=0.02, help="seconds between two calls (default: 0.02)")
    arguments = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    if cores != arguments.threads:
        # The reference cannot be told otherwise: onnxruntime takes a thread per core.
        parser.error(f"this process may use {cores} cores, but --threads is {arguments.threads}: use `taskset -c`")
    torch.set_num_threads(arguments.threads)

    package = arguments.package or arguments.data / "packages/yolov8n-640"
    task = json.loads((package / "model_config.json").read_text())["task_type"]
    note = None if arguments.f32_only or has_bf16() else "bf16 was not measured: this CPU has none"
    precisions = ("f32",) if arguments.f32_only or note else ("f32", "bf16")
    try:
        pictures = read_pictures(arguments.data)
        reference = Reference(package)
        ours = {name: ReplayRt(arguments.library, package, name, arguments.threads) for name in precisions}
        answers = compare_answers(reference, ours, pictures)
        before = {precision: model.served_otherwise() for precision, model in ours.items()}
        times = Times(arguments.pause, GOALS[task])
        measure_calls(times, reference, ours, pictures, arguments.rounds)
        measure_stages(times, reference, ours["f32"], pictures, arguments.rounds)
        if before != {precision: model.served_otherwise() for precision, model in ours.items()}:
            raise RuntimeError("expected replays only: some measured runs were captures or eager")
        for model in ours.values():
            model.close()
    except RuntimeError as error:
        print(f"auto_model_vs_reference: {error}", file=sys.stderr)
        return 1

    names = list(pictures)
    rows = [row | {"classes_in_common": answers[precision]["classes_in_common"]}
            for precision in precisions for row in times.rows("whole call", precision, names)]  # fmt: skip
    rows += [row for stage in STAGES for row in times.rows(stage, "f32", names)]
    packages = ("inference-models", "onnxruntime", "torch", "torchvision", "opencv-python", "numpy")
    result = {
        "package": package.name,
        "pictures": names,
        "rounds": arguments.rounds,
        "precision": " and ".join(precisions),
        "note": note,
        "answers": answers,
        "reference_versions": {name: metadata.version(name) for name in packages} | {"python": sys.version.split()[0]},
        "rows": rows,
    }
    arguments.output.write_text(json.dumps(result, indent=2) + "\n")
    if note is not None:
        print(note)
    for row in rows:
        goal = f"  goal {row['goal']}" if row["goal"] else ""
        reference_ms, ms = row["reference_median_us"] / 1e3, row["median_us"] / 1e3
        print(f"{row['what']:13}{row['precision']:5}{row['picture']:20}{reference_ms:9.2f} ms{ms:9.2f} ms  "
              f"{row['ratio_median']:.3f}, p99 {row['ratio_p99']:.3f}{goal}")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
