"""The package as built, on the models of `make setup`. CTest says where both are."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import replayrt

DATA = Path(os.environ.get("REPLAYRT_DATA_DIR", Path(__file__).parents[2] / "build" / "data"))
MODELS = DATA / "models"
PACKAGES = DATA / "packages"
PICTURES = sorted((PACKAGES / "pictures").glob("*.png"))[:4]
TRIVIAL = MODELS / "trivial.onnx"  # y = relu(x), x f32 (n, 8)
SECONDS = 240


def load(package: str, **options) -> replayrt.Model:
    return replayrt.AutoModel.from_pretrained(PACKAGES / package, **options)


@pytest.fixture(scope="module")
def detector() -> Iterator[replayrt.Model]:
    with load("yolov8-letterbox") as model:
        yield model


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return replayrt.read_picture(PICTURES[0])


@pytest.fixture(scope="session")
def trivial() -> Iterator[replayrt.Engine]:
    with replayrt.load_engine(TRIVIAL, inference_threads=1) as engine:
        yield engine


@pytest.fixture
def cache() -> Iterator[replayrt.TRTCudaGraphCache]:
    """Captures every shape at its first call."""
    with replayrt.TRTCudaGraphCache(replayrt.GraphCacheOptions(capacity=4, admission="always")) as made:
        yield made


@pytest.fixture
def rows() -> Callable[[int], np.ndarray]:
    """Inputs of the trivial model: n rows, all different."""

    def make(n: int) -> np.ndarray:
        return np.arange(n * 8, dtype=np.float32).reshape(n, 8) - 4

    return make


@pytest.fixture
def run_script(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs Python code in a process of its own; it must end with exit code 0."""

    def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
        script = tmp_path / "script.py"
        script.write_text(code)
        done = subprocess.run(
            [sys.executable, str(script)],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, f"exit code {done.returncode}\n{done.stderr}{done.stdout}"
        return done

    return run


def in_threads(count: int, work: Callable[[int], object]) -> list[object]:
    """Runs work(0) … work(count - 1) at once, all begun together; raises what the first of them raised."""
    results: list[object] = [None] * count
    errors: list[BaseException] = []
    begin = threading.Barrier(count)

    def call(number: int) -> None:
        begin.wait()
        try:
            results[number] = work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
        assert not thread.is_alive(), "a thread hangs"
    if errors:
        raise errors[0]
    return results
