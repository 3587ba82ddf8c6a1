#!/usr/bin/env python3
"""Python's `Model.predict` beside C++'s `Model::predict` on one package and the same pictures, in turns in one process.

From arrays, and from files, which Pillow decodes here and OpenCV in the program `replayrt`. All replay. The models are
loaded anew several times; a second C++ model, loaded apart, shows how far two equal things differ on this machine.
"""

import argparse
import ctypes
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import replayrt
from auto_model_peer import CAPACITY, ReplayRt
from python_side import new_cache, replays_only, versions
from side_by_side import pair, rotated, summary_us, time_calls

GOAL = 1.03
ARRAYS, FILES = "arrays", "files"
PYTHON, CPP, CONTROL = "python", "cpp", "control"


class ProgramReader:
    """Pictures as the program reads them, behind python_shim.cpp."""

    def __init__(self, library: Path):
        self._library = ctypes.CDLL(str(library))
        self._library.python_shim_error.restype = ctypes.c_char_p

    def read(self, path: Path) -> tuple[np.ndarray, int]:
        """The pixels, valid until the next call, and the nanoseconds that it took."""
        data = ctypes.POINTER(ctypes.c_uint8)()
        height, width, nanoseconds = ctypes.c_int64(), ctypes.c_int64(), ctypes.c_int64()
        results = (ctypes.byref(result) for result in (data, height, width, nanoseconds))
        if self._library.python_shim_read_picture(str(path).encode(), *results) != 0:
            raise RuntimeError(self._library.python_shim_error().decode())
        return np.ctypeslib.as_array(data, (height.value, width.value, 3)), nanoseconds.value


class Times:
    """Nanoseconds by input and side, all sides in the same order."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], list[int]] = {}

    def take(self, kind: str, calls: dict[str, Callable[[], int]], turn: int) -> None:
        for side in rotated(list(calls), turn):
            self._values.setdefault((kind, side), []).append(calls[side]())

    def row(self, kind: str) -> dict[str, Any]:
        ours, cpp = self._values[kind, PYTHON], self._values[kind, CPP]
        control = self._values.get((kind, CONTROL))
        return (
            {"input": kind, "calls": len(ours)}
            | summary_us(cpp, "cpp_")
            | summary_us(ours)
            | pair(ours, cpp)
            | {"control_ratio_median": None if control is None else pair(control, cpp)["ratio_median"], "goal": GOAL}
        )


class Instance:
    """Everything loaded once."""

    def __init__(self, arguments: argparse.Namespace, reader: ProgramReader):
        self.cache = new_cache(CAPACITY)
        self._model = replayrt.AutoModel.from_pretrained(
            arguments.package, cuda_graph_cache=self.cache, inference_threads=arguments.threads
        )
        self._cpp, self._control = (
            ReplayRt(arguments.library, arguments.package, "f32", arguments.threads) for _ in range(2)
        )
        self._reader = reader

    def warm_and_compare(self, path: Path, picture: np.ndarray) -> None:
        for _ in range(2):  # The first captures, if the shape is new.
            from_array, from_file = (self._model.predict(image)[0] for image in (picture, path))
            self._cpp_file(path)
            found = self._cpp.classes()
            for model in (self._cpp, self._control):
                model.predict(picture)
                if not found == model.classes() == sorted(from_array.class_id) == sorted(from_file.class_id):
                    raise RuntimeError(f"{path}: Python and C++ find different objects: their times say nothing")

    def calls(self, path: Path, picture: np.ndarray) -> dict[str, dict[str, Callable[[], int]]]:
        """By input and side: functions that give nanoseconds."""
        return {
            ARRAYS: {
                PYTHON: lambda: time_calls(lambda: self._model.predict(picture), 1)[0],
                CPP: lambda: self._cpp.predict(picture),
                CONTROL: lambda: self._control.predict(picture),
            },
            FILES: {
                PYTHON: lambda: time_calls(lambda: self._model.predict(path), 1)[0],
                CPP: lambda: self._cpp_file(path),
            },
        }

    def served_otherwise(self) -> int:
        """Runs of C++ that were no replays, since the package was loaded."""
        return self._cpp.served_otherwise() + self._control.served_otherwise()

    def close(self) -> None:
        self._model.close()
        self._cpp.close()
        self._control.close()

    def _cpp_file(self, path: Path) -> int:
        picture, nanoseconds = self._reader.read(path)
        return nanoseconds + self._cpp.predict(picture)


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    reader = ProgramReader(arguments.reader_library)
    pictures = {path: replayrt.read_picture(path) for path in arguments.pictures}
    for path, picture in pictures.items():
        if not np.array_equal(reader.read(path)[0], picture):
            raise RuntimeError(f"{path}: Pillow and OpenCV decode it to different pixels")
    times = Times()
    for _ in range(arguments.instances):
        instance = Instance(arguments, reader)
        for path, picture in pictures.items():
            instance.warm_and_compare(path, picture)
        before = instance.served_otherwise()
        with replays_only(instance.cache):
            for number in range(arguments.rounds):
                for index, (path, picture) in enumerate(pictures.items()):
                    for kind, calls in instance.calls(path, picture).items():
                        times.take(kind, calls, number + index)
        if instance.served_otherwise() != before:
            raise RuntimeError("expected replays only: some measured runs were captures or eager")
        instance.close()
    return [times.row(kind) for kind in (ARRAYS, FILES)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE")
    parser.add_argument("--package", type=Path, required=True, help="for detection")
    parser.add_argument("--library", type=Path, required=True, help="the shared library made of auto_model_shim.cpp")
    parser.add_argument("--reader-library", type=Path, required=True, help="the one made of python_shim.cpp")
    parser.add_argument("--instances", type=int, default=3, help="how often everything is loaded anew")
    parser.add_argument("--rounds", type=int, default=3, help="of all pictures, for each instance")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    rows = measure(arguments)
    result = {
        "package": arguments.package.name,
        "pictures": len(arguments.pictures),
        "instances": arguments.instances,
        "rounds": arguments.rounds,
        "python_versions": versions(),
        "rows": rows,
    }
    for row in rows:
        print(f"{row['input']}: C++ {row['cpp_median_us'] / 1e3:.2f} ms, Python {row['median_us'] / 1e3:.2f} ms, ratio "
              f"{row['ratio_median']:.3f} (p99 {row['ratio_p99']:.3f}, goal {row['goal']})")  # fmt: skip
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
