"""The built program, run as a user runs it. REPLAYRT_PROGRAM and REPLAYRT_DATA_DIR say where it and the models are."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import cv2
import pytest

PROGRAM = os.environ["REPLAYRT_PROGRAM"]
DATA = Path(os.environ["REPLAYRT_DATA_DIR"])
MODELS = DATA / "models"
PACKAGES = DATA / "packages"
PICTURES = PACKAGES / "pictures"
TRIVIAL = MODELS / "trivial.onnx"
COFFEE = PICTURES / "coffee_120x160.png"
SECONDS = 240


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one line on standard error that says what went wrong."""
        lines = self.err.splitlines()
        assert len(lines) == 1 and lines[0].startswith("replayrt: error: "), self.err
        return lines[0].removeprefix("replayrt: error: ")


def read_lines(text: str) -> list[dict]:
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def replayrt(tmp_path):
    """Runs `replayrt ARGUMENTS` in an empty folder and checks the exit code."""

    def run(*arguments, code: int = 0) -> Result:
        done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=tmp_path, capture_output=True, timeout=SECONDS)
        result = Result(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert result.code == code, f"{arguments}: exit code {result.code}, expected {code}\n{result.err}{result.out}"
        return result

    return run


@pytest.fixture
def predict(replayrt):
    """The lines of a run, as Python has them."""

    def run(package, *arguments, code: int = 0) -> list[dict]:
        return read_lines(replayrt("predict", package, *arguments, code=code).out)

    return run


@pytest.fixture
def clip(tmp_path):
    """A video of five frames: the coffee, darker and darker."""
    path = tmp_path / "clip.avi"
    picture = cv2.imread(str(COFFEE))
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (160, 120))
    for step in range(5):
        video.write(picture // (step + 1))
    video.release()
    return path


@pytest.fixture
def bench(replayrt):
    """Runs a bench of few rounds and gives its JSON."""

    def run(*arguments, rounds: int = 3, model=TRIVIAL) -> dict:
        return replayrt("bench", model, "--json", "-", "--iterations", rounds, *arguments).json

    return run


@pytest.fixture
def fails(replayrt, tmp_path):
    """Runs a command that must fail: one line of error, nothing on standard output, no file made or changed."""

    def run(*arguments, code: int) -> str:
        before = _snapshot(tmp_path)
        result = replayrt(*arguments, code=code)
        assert result.out == ""
        assert _snapshot(tmp_path) == before
        return result.error

    return run


def _snapshot(folder: Path) -> dict:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}
