#!/usr/bin/env python3
"""Times the demo's OCR pipeline beside rapidocr's on the same pictures, in one process, at f32.

Three pipelines take turns on every picture: ReplayRT (warm: every shape captured), rapidocr with onnxruntime (its
default engine) and rapidocr with OpenVINO forced to f32. The first readings warm up and are not counted. Run with
the Python of build/venv after `make build`.
"""

import argparse
import ctypes
import json
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A line that the direction classifier turns by mistake is read as noise, which a pixel of its box changes.
MOST_DIFFERING = 0.01


class ReplayRt:
    """The demo's pipeline behind benchmarks/ocr_shim.cpp."""

    def __init__(self, library: Path, models: Path, max_bytes: int, threads: int):
        self.library = ctypes.CDLL(str(library))
        self.library.replayrt_ocr_error.restype = ctypes.c_char_p
        self.library.replayrt_ocr_open.restype = ctypes.c_void_p
        self.library.replayrt_ocr_open.argtypes = [ctypes.c_char_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64]
        self.library.replayrt_ocr_read.restype = ctypes.c_char_p
        self.library.replayrt_ocr_read.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
        self.library.replayrt_ocr_statistics.restype = ctypes.c_char_p
        self.library.replayrt_ocr_statistics.argtypes = [ctypes.c_void_p]
        self.reader = self._checked(self.library.replayrt_ocr_open(str(models).encode(), 4096, max_bytes, threads))

    def _checked(self, result):
        if result is None:
            raise RuntimeError(self.library.replayrt_ocr_error().decode())
        return result

    def __call__(self, picture) -> list[str]:
        rows, columns, _ = picture.shape
        text = self._checked(self.library.replayrt_ocr_read(self.reader, picture.ctypes.data, rows, columns))
        return text.decode().splitlines()

    def statistics(self) -> dict:
        return json.loads(self._checked(self.library.replayrt_ocr_statistics(self.reader)))


def make_rapidocr(engine: str, threads: int):
    from rapidocr import EngineType, RapidOCR
    from rapidocr.inference_engine.openvino import device_config

    plain_config = device_config.CPUConfig.get_config
    # rapidocr leaves the precision to OpenVINO, which is bf16 on some CPUs.
    device_config.CPUConfig.get_config = lambda self: {**plain_config(self), "INFERENCE_PRECISION_HINT": "f32"}
    kind = EngineType(engine)
    reader = RapidOCR(params={
        "Global.log_level": "critical",
        "Det.engine_type": kind, "Cls.engine_type": kind, "Rec.engine_type": kind,
        "EngineConfig.onnxruntime.intra_op_num_threads": threads,
        "EngineConfig.openvino.inference_num_threads": threads,
    })  # fmt: skip
    return lambda picture: list(reader(picture).txts or ())


def measure(pipelines: dict, pictures: dict, rounds: int, pause: float) -> dict:
    """milliseconds[pipeline][picture] = one value per round."""
    names = list(pipelines)
    times = {name: {picture: [] for picture in pictures} for name in names}
    for round_number in range(rounds):
        for number, (picture_name, picture) in enumerate(pictures.items()):
            # Each pipeline comes first, second and third equally often.
            first = (round_number + number) % len(names)
            for name in names[first:] + names[:first]:
                time.sleep(pause)  # Idle worker threads of the pipeline before spin for a while.
                start = time.perf_counter()
                pipelines[name](picture)
                times[name][picture_name].append((time.perf_counter() - start) * 1e3)
    return times


def summarize(times: dict, ours: str) -> dict:
    total = {name: sum(statistics.median(values) for values in by_picture.values()) for name, by_picture in times.items()}
    rounds = {name: [sum(values) for values in zip(*by_picture.values())] for name, by_picture in times.items()}
    summary = {}
    for name in times:
        everything = sorted(value for values in times[name].values() for value in values)
        summary[name] = {
            "total_of_medians_ms": total[name],
            "best_round_ms": min(rounds[name]),
            "p99_ms": everything[min(len(everything) - 1, int(len(everything) * 0.99))],
        }
        if name != ours:
            summary[name]["ratio_of_medians"] = total[ours] / total[name]
            summary[name]["ratio_by_round"] = sorted(a / b for a, b in zip(rounds[ours], rounds[name]))
    return summary


def differing_characters(read: list[list[str]], expected: list[list[str]]) -> float:
    """The share of the expected characters that must be changed, added or left out to get from one to the other."""
    edits = characters = 0
    for ours, theirs in zip(read, expected):
        a, b = "\n".join(ours), "\n".join(theirs)
        characters += len(b)
        row = list(range(len(b) + 1))
        for i, letter in enumerate(a):
            diagonal, row[0] = row[0], i + 1
            for j, other in enumerate(b):
                diagonal, row[j + 1] = row[j + 1], min(row[j] + 1, row[j + 1] + 1, diagonal + (letter != other))
        edits += row[-1]
    return edits / max(characters, 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="*", type=Path, help="default: all of build/data/pictures")
    parser.add_argument("--models", type=Path, default=ROOT / "build/data/packages")
    parser.add_argument("--library", type=Path, default=ROOT / "build/release/bin/replayrt_ocr_shim.so")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pause", type=float, default=0.02, help="seconds between two readings (default: 0.02)")
    parser.add_argument("--max-bytes", type=int, default=8 << 30, help="of the cache; default 8 GiB, so that all is warm")
    parser.add_argument("--json", type=Path, help="write the result here too")
    arguments = parser.parse_args()

    import cv2

    files = arguments.pictures or sorted((ROOT / "build/data/pictures").glob("*.png"))
    pictures = {file.stem: cv2.imread(str(file)) for file in files}
    for file in files:
        if pictures[file.stem] is None:
            parser.error(f"{file}: expected a picture")
    replayrt = ReplayRt(arguments.library, arguments.models, arguments.max_bytes, arguments.threads)
    pipelines = {
        "replayrt": replayrt,
        "rapidocr onnxruntime": make_rapidocr("onnxruntime", arguments.threads),
        "rapidocr openvino f32": make_rapidocr("openvino", arguments.threads),
    }
    texts = {name: [read(picture) for picture in pictures.values()] for name, read in pipelines.items()}
    differ = differing_characters(texts["replayrt"], texts["rapidocr onnxruntime"])
    reads_the_same = differ <= MOST_DIFFERING

    times = measure(pipelines, pictures, arguments.rounds, arguments.pause)
    summary = summarize(times, "replayrt")
    result = {
        "threads": arguments.threads,
        "precision": "f32",
        "rounds": arguments.rounds,
        "reads_what_onnxruntime_reads": reads_the_same,
        "differing_characters": differ,
        "pipelines": summary,
        "medians_ms": {name: {p: statistics.median(v) for p, v in times[name].items()} for name in times},
        "replayrt": replayrt.statistics(),
    }
    print(f"{len(pictures)} pictures, {arguments.rounds} rounds, {arguments.threads} threads, f32, "
          f"{differ:.2%} of the characters differ from rapidocr's (onnxruntime)")  # fmt: skip
    print(f"{'':22}{'all, ms':>10}{'p99, ms':>10}{'replayrt / it':>15}{'by round: best, median, worst':>34}")
    for name, values in summary.items():
        row = f"{name:22}{values['total_of_medians_ms']:10.1f}{values['p99_ms']:10.1f}"
        if "ratio_of_medians" in values:
            by_round = values["ratio_by_round"]
            spread = f"{by_round[0]:.3f}, {statistics.median(by_round):.3f}, {by_round[-1]:.3f}"
            row += f"{values['ratio_of_medians']:15.3f}{spread:>34}"
        print(row)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    return 0 if reads_the_same else 1


if __name__ == "__main__":
    sys.exit(main())
