#!/usr/bin/env python3
"""The OCR demo in Python (examples/python/ocr.py) beside the one in C++ (examples/ocr), in turns in one process.

Both take the pictures as arrays and are warm: every shape is captured. They cut lines out with other libraries, so a
letter may differ; if more than a few do, there is no figure.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import replayrt
from ocr_vs_rapidocr import MOST_DIFFERING, ReplayRt, differing_characters, measure
from python_side import new_cache, replays_only, versions
from side_by_side import pair, summary_us

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "examples/python/ocr.py"
GOAL = 1.03
CAPACITY = 4096
PYTHON, CPP = "python", "cpp"


def load_demo() -> ModuleType:
    """examples/python/ocr.py, whose folder is no package."""
    sys.path.insert(0, str(DEMO.parent))
    return importlib.import_module(DEMO.stem)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE")
    parser.add_argument("--models", type=Path, default=ROOT / "build/data/packages")
    parser.add_argument("--library", type=Path, required=True, help="the shared library made of ocr_shim.cpp")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--max-bytes", type=int, default=8 << 30, help="of each cache (default: 8 GiB)")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()

    demo = load_demo()
    cache = new_cache(CAPACITY, arguments.max_bytes)
    reader = demo.Reader(arguments.models, cache, arguments.threads)
    pipelines: dict[str, Callable[[Any], list[str]]] = {
        PYTHON: lambda picture: [line.text for line in demo.read_pictures([picture], reader)[0]],
        CPP: ReplayRt(arguments.library, arguments.models, arguments.max_bytes, arguments.threads),
    }
    pictures = {path.stem: replayrt.read_picture(path) for path in arguments.pictures}
    texts = {name: [read(picture) for picture in pictures.values()] for name, read in pipelines.items()}
    differ = differing_characters(texts[PYTHON], texts[CPP])
    if differ > MOST_DIFFERING:
        raise RuntimeError(f"{differ:.1%} of the characters are others in Python than in C++: their times say nothing")

    with replays_only(cache):
        times = measure(pipelines, pictures, arguments.rounds, pause=0)
    ours, cpp = (np.array(list(times[name].values())) * 1e6 for name in (PYTHON, CPP))
    row = (
        {"pictures": len(pictures), "differing_characters": differ}
        | {"cpp_total_ms": float(np.median(cpp.sum(0))) / 1e6, "total_ms": float(np.median(ours.sum(0))) / 1e6}
        | summary_us(cpp, "cpp_") | summary_us(ours) | pair(ours, cpp)
        | {"total_ratio_median": pair(ours.sum(0), cpp.sum(0))["ratio_median"], "goal": GOAL}
    )  # fmt: skip
    print(f"all pictures: C++ {row['cpp_total_ms']:.1f} ms, Python {row['total_ms']:.1f} ms, ratio "
          f"{row['total_ratio_median']:.3f} (goal {GOAL}); picture by picture {row['ratio_median']:.3f} "
          f"(p99 {row['ratio_p99']:.3f}); {differ:.2%} of the characters differ")  # fmt: skip
    if arguments.json:
        result = {"python_versions": versions(), "rounds": arguments.rounds, "rows": [row]}
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
