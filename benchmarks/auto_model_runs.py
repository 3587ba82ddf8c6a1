"""The benchmarks of AutoModel, which run.py offers among the others."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import facts

if TYPE_CHECKING:
    from run import Bench

HERE = Path(__file__).resolve().parent
SETUP = "tools/reference/setup.sh"
GET_REFERENCE = (
    f"`tools/bench.sh auto_model masks` gets it ({SETUP}) and runs them; REPLAYRT_REFERENCE_PYTHON names a Python that has it already."
)
OF_REFERENCE = ("auto_model", "masks")
NO_REFERENCE = (
    f"{' and '.join(OF_REFERENCE)} are left out: they need the Python reference, a download of several GB. {GET_REFERENCE}"
)
# Photographs, of three sizes.
BATCHED = ("packages/pictures/motorcycle_333x500", "pictures/astronaut", "pictures/coffee")


def has_reference() -> bool:
    return bool(os.environ.get("REPLAYRT_REFERENCE_PYTHON")) or (facts.ROOT / "build/reference-venv/.stamp").exists()


def reference_python() -> str:
    """The Python that has the reference, which is got if it is not there."""
    return subprocess.run((facts.ROOT / SETUP,), check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def auto_model(bench: Bench) -> dict:
    """Beside the Python reference, whose interpreter runs both."""
    return bench.report_of(
        reference_python(), HERE / "auto_model_vs_reference.py", "--package", package_of(bench), "--data", bench.data,
        "--library", bench.programs / "replayrt_auto_model_shim.so", "--threads", bench.threads,
        "--rounds", bench.amount(1, 40, 150), flag="--output=",
    )  # fmt: skip


def masks(bench: Bench) -> dict:
    """The same of instance segmentation, with about a hundred masks of a picture."""
    package = "yolov8-masks-letterbox" if bench.is_smoke else "yolov8n-seg-640"
    return bench.report_of(
        reference_python(), HERE / "auto_model_vs_reference.py", "--package", bench.data / "packages" / package,
        "--data", bench.data, "--library", bench.programs / "replayrt_auto_model_shim.so",
        "--threads", bench.threads, "--rounds", bench.amount(1, 40, 150), "--f32-only", flag="--output=",
    )  # fmt: skip


def auto_model_batches(bench: Bench) -> dict:
    """Batches of 1, 2, 3 in turn: all captured, and from cold with the cache's own admission."""
    return bench.report_of(
        bench.programs / "auto_model_batches", package_of(bench), *(bench.data / f"{name}.png" for name in BATCHED),
        "--inference-threads", bench.threads, "--instances", bench.amount(1, 3, 5),
        "--cycles", bench.amount(1, 20, 60), "--images", bench.amount(9, 1000, 1000),
        "--repeats", bench.amount(1, 1, 3),
    )  # fmt: skip


def package_of(bench: Bench) -> Path:
    return bench.data / "packages" / ("yolov8-letterbox" if bench.is_smoke else "yolov8n-640")
