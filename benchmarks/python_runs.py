"""The benchmarks of the Python package, which run.py offers among the others. `replayrt` must be on the PYTHONPATH."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auto_model_runs import GET_REFERENCE, has_reference, package_of, reference_python

if TYPE_CHECKING:
    from run import Bench

HERE = Path(__file__).resolve().parent
# Of like cost, so that two callers end at the same time.
REC_SHAPES = ("1x3x48x320", "1x3x48x328")
SQUEEZENET_SHAPES = ("1x3x224x224", "2x3x224x224")


def python_overhead(bench: Bench) -> dict[str, Any]:
    """The cache's operations beside the Python reference's, where that is."""
    beside = ("--reference-python", reference_python()) if has_reference() else ()
    report = bench.report_of(
        sys.executable, HERE / "python_overhead.py", bench.data / "models/trivial.onnx", *beside,
        "--library", bench.programs / "replayrt_peer.so", "--threads", bench.threads,
        "--rounds", bench.amount(2, 100, 500), "--cache-rounds", bench.amount(1, 20, 60),
    )  # fmt: skip
    return report | {"note": None if beside else f"The reference was not measured: it was not there. {GET_REFERENCE}"}


def python_auto_model(bench: Bench) -> dict[str, Any]:
    return bench.report_of(
        sys.executable, HERE / "python_auto_model.py", *_pictures(bench), "--package", package_of(bench),
        "--library", bench.programs / "replayrt_auto_model_shim.so",
        "--reader-library", bench.programs / "replayrt_python_shim.so", "--threads", bench.threads,
        "--instances", bench.amount(1, 3, 7), "--rounds", bench.amount(1, 3, 6),
    )  # fmt: skip


def python_threads(bench: Bench) -> dict[str, Any]:
    return bench.report_of(
        sys.executable, HERE / "python_threads.py", bench.model("ppocrv6_rec"),
        "--shapes", *(SQUEEZENET_SHAPES if bench.is_smoke else REC_SHAPES),
        "--library", bench.programs / "replayrt_peer.so",
        "--rounds", bench.amount(1, 5, 9), "--calls", bench.amount(2, 30, 60),
    )  # fmt: skip


def python_ocr(bench: Bench) -> dict[str, Any]:
    return bench.report_of(
        sys.executable, HERE / "python_ocr.py", *_pictures(bench), "--models", bench.data / "packages",
        "--library", bench.programs / "replayrt_ocr_shim.so", "--threads", bench.threads,
        "--rounds", bench.amount(1, 5, 15),
    )  # fmt: skip


def _pictures(bench: Bench) -> list[Path]:
    folder = bench.data / "pictures"
    return [folder / "word.png"] if bench.is_smoke else sorted(folder.glob("*.png"))


PYTHON_BENCHMARKS = (python_overhead, python_auto_model, python_threads, python_ocr)
