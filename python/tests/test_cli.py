"""`python -m replayrt`: the program's command line, with Pillow to read and write pictures."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from made_pictures import NOISE, smooth
from PIL import Image

REPOSITORY = Path(__file__).parents[2]
DATA = Path(os.environ.get("REPLAYRT_DATA_DIR", REPOSITORY / "build/data"))
PROGRAM = os.environ.get("REPLAYRT_PROGRAM") or str(REPOSITORY / "build/release/bin/replayrt")
TRIVIAL = DATA / "models/trivial.onnx"
PACKAGE = DATA / "packages/resnet-stretch"
DETECTOR = DATA / "packages/rfdetr-letterbox"
MODULE = [sys.executable, "-m", "replayrt"]
SECONDS = 240


@dataclass
class Result:
    code: int
    out: str
    err: str


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    """Runs a command line in an empty folder."""

    def call(*command: object) -> Result:
        done = subprocess.run(list(map(str, command)), cwd=tmp_path, capture_output=True, timeout=SECONDS)
        return Result(done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr))

    return call


@pytest.fixture
def replayrt(run: Callable[..., Result]) -> Callable[..., Result]:
    """Runs `python -m replayrt ARGUMENTS` and checks the exit code."""

    def call(*arguments: object, code: int = 0) -> Result:
        result = run(*MODULE, *arguments)
        assert result.code == code, f"{arguments}: exit code {result.code}, expected {code}\n{result.err}{result.out}"
        return result

    return call


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of what the program reads: real pictures, and small ones of many kinds."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for picture in sorted((DATA / "packages/pictures").iterdir())[:4]:
        (folder / picture.name).write_bytes(picture.read_bytes())
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(smooth(3)).save(folder / "turned.jpg", exif=exif)
    Image.fromarray(NOISE).save(folder / "opaque.png")
    Image.fromarray(smooth(1)).save(folder / "grey.JPEG")
    Image.fromarray(smooth(3)).save(folder / "plain.webp", lossless=True)
    Image.fromarray(smooth(3)).save(folder / "plain.bmp")
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("--version",), ("predict", "--help"), ("bench", "--help"), ("info",), ("inspect", TRIVIAL)]
    + [("inspect", PACKAGE), ("inspect", PACKAGE, "--json"), ("inspect", DETECTOR)],
    ids=lambda arguments: " ".join(map(str, arguments)),
)
def test_it_answers_as_the_program_does(
    arguments: tuple[object, ...], run: Callable[..., Result], replayrt: Callable[..., Result]
) -> None:
    result = replayrt(*arguments)
    assert result.out and result == run(PROGRAM, *arguments)


def test_run(replayrt: Callable[..., Result], tmp_path: Path) -> None:
    x = np.arange(16, dtype=np.float32).reshape(2, 8) - 4
    np.save(tmp_path / "x.npy", x)
    replayrt("run", TRIVIAL, "--input", "x.npy", "--output", "y.npz")
    with np.load(tmp_path / "y.npz") as outputs:
        (y,) = outputs.values()
    np.testing.assert_array_equal(y, np.maximum(x, 0))


def test_bench(replayrt: Callable[..., Result]) -> None:
    report = json.loads(replayrt("bench", TRIVIAL, "--json", "-", "--iterations", 3, "--shapes", "2x8,3x8").out)
    assert report["command"].startswith("replayrt bench ")
    assert TRIVIAL.name in report["command"]


@pytest.mark.parametrize("package", [PACKAGE, DETECTOR], ids=lambda path: path.name)
def test_predict_finds_what_the_program_finds(
    package: Path, pictures: Path, run: Callable[..., Result], replayrt: Callable[..., Result], tmp_path: Path
) -> None:
    options = ("predict", package, pictures, "--json", "-", "--save")
    result = replayrt(*options, "python")
    assert result.out.splitlines() == run(PROGRAM, *options, "program").out.splitlines()
    assert len(result.out.splitlines()) == 9
    saved = {path.name: cv2.imread(str(path)) for path in (tmp_path / "python").iterdir()}
    assert saved.keys() == {path.name for path in pictures.iterdir()} - {"notes.txt"}
    for name, drawn in saved.items():
        np.testing.assert_array_equal(drawn, cv2.imread(str(tmp_path / "program" / name)), err_msg=name)


def test_maps_are_those_of_the_program(pictures: Path, run: Callable[..., Result], replayrt: Callable[..., Result],
                                       tmp_path: Path) -> None:
    for package in ("yolo26-segmentation-letterbox", "yolo26-depth-letterbox"):
        options = ("predict", DETECTOR.parent / package, pictures, "--json", "-", "--maps", "maps")
        result = replayrt(*options)
        maps = {path: path.read_bytes() for path in (tmp_path / "maps").iterdir()}
        shutil.rmtree(tmp_path / "maps")
        assert result.out == run(PROGRAM, *options).out
        assert maps.keys() == set((tmp_path / "maps").iterdir())
        for path, content in maps.items():
            if path.suffix == ".npy":
                assert content == path.read_bytes()
            else:
                written = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
                np.testing.assert_array_equal(written, cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
        shutil.rmtree(tmp_path / "maps")


def test_a_bad_picture_is_told_as_by_the_program(
    pictures: Path, run: Callable[..., Result], replayrt: Callable[..., Result]
) -> None:
    (pictures / "cut.png").write_bytes((pictures / "opaque.png").read_bytes()[:-1])
    (pictures / "empty.jpg").touch()
    (pictures / "text.tiff").write_text("This is no picture.")
    options = ("predict", PACKAGE, pictures, "--json", "-", "--keep-going", "--log-level", "off")
    result = replayrt(*options, code=1)
    assert result == run(PROGRAM, *options)
    assert "cut.png: is truncated" in result.out and "text.tiff: is no picture" in result.out


def test_what_pillow_says_is_told(pictures: Path, replayrt: Callable[..., Result]) -> None:
    deep = cv2.imencode(".jp2", NOISE.astype(np.uint16)[:, :, :3] * 256)[1].tobytes()
    (pictures / "deep.jp2").write_bytes(deep)
    error = replayrt("predict", PACKAGE, pictures / "deep.jp2", code=1).err
    assert error.endswith("deep.jp2: is a JPEG 2000 of 16 bits per colour, expected 8\n") and error.count("\n") == 1


def test_a_format_that_cannot_be_written_is_saved_as_png(pictures: Path, replayrt: Callable[..., Result]) -> None:
    Image.fromarray(smooth(1)).save(pictures / "grey.pgm")
    replayrt("predict", PACKAGE, pictures / "grey.pgm", "--save", "drawn")
    assert [path.name for path in (pictures.parent / "drawn").iterdir()] == ["grey.png"]


def test_names_need_not_be_utf8(pictures: Path, run: Callable[..., Result], replayrt: Callable[..., Result]) -> None:
    odd = pictures / os.fsdecode(b"\xff.png")
    odd.write_bytes((pictures / "opaque.png").read_bytes())
    options = ("predict", PACKAGE, odd, "--json", "-")
    assert replayrt(*options).out == run(PROGRAM, *options).out
    odd.write_bytes(b"\x89PNG\r\n\x1a\n")
    assert replayrt(*options, code=1).err == run(PROGRAM, *options).err


def test_a_video_is_an_error_that_says_what_to_do(replayrt: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"no matter")
    error = replayrt("predict", PACKAGE, "clip.mp4", code=1).err
    assert error.startswith("replayrt: error: clip.mp4: the Python package cannot decode videos; use the program")
    (tmp_path / "empty.mp4").touch()
    assert "empty.mp4: is empty" in replayrt("predict", PACKAGE, "empty.mp4", code=1).err
    assert "missing.mp4: no such file" in replayrt("predict", PACKAGE, "missing.mp4", code=1).err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 2),
        (("juggle",), 2),
        (("inspect",), 2),
        (("--log-level", "loud", "info"), 2),
        (("bench", TRIVIAL, "--shapes", "2xx"), 2),
        (("predict", PACKAGE, "x.png", "--param", "no_such=1"), 2),
        (("predict", PACKAGE, "x.png"), 1),
        (("inspect", "missing.onnx"), 1),
        (("inspect", DATA / "bad/text.onnx"), 1),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_errors_and_exit_codes_are_the_programs(
    arguments: tuple[object, ...], code: int, run: Callable[..., Result], replayrt: Callable[..., Result]
) -> None:
    result = replayrt(*arguments, code=code)
    assert result == run(PROGRAM, *arguments)
    assert result.out == "" and result.err.startswith("replayrt: error: ") and result.err.count("\n") == 1


def test_control_c_ends_it_at_once() -> None:
    command = [*MODULE, "bench", TRIVIAL, "--iterations", "1000000000", "--shapes", "2x8", "--verbose"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None and process.stderr.readline()  # It is at work.
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == -signal.SIGINT


def test_a_reader_that_goes_away_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen([*MODULE, "--help"], stdout=writer, stderr=subprocess.PIPE) as process:
        os.close(writer)
        assert process.communicate(timeout=SECONDS)[1] == b""
        assert process.returncode == 0


IN_PROCESS = """
import fcntl, os, sys, threading
from replayrt import _core
{}
"""


def test_pythons_own_output_comes_first(run: Callable[..., Result]) -> None:
    code = IN_PROCESS.format(
        'print("first", end=" ")\ncode, _ = _core.run_program(["replayrt", "--version"])\nprint("code", code)'
    )
    result = run(sys.executable, "-c", code)
    assert result.code == 0, result.err
    assert result.out.startswith("first replayrt ") and result.out.endswith("\ncode 0\n")


def test_other_threads_of_python_run_meanwhile(run: Callable[..., Result]) -> None:
    # The command writes more than the pipe holds, so it ends only if a thread of Python reads meanwhile.
    code = IN_PROCESS.format(
        """
reader, writer = os.pipe()
fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
read = bytearray()
def read_all():
    while part := os.read(reader, 100):
        read.extend(part)
thread = threading.Thread(target=read_all)
thread.start()
os.dup2(writer, 1)
os.close(writer)
code, _ = _core.run_program(["replayrt", "bench", "--help"])
os.close(1)
thread.join()
assert code == 0 and len(read) > 4200 and b"Examples:" in read, (code, read)
"""
    )
    result = run(sys.executable, "-c", code)
    assert result.code == 0, result.err


def test_its_arguments_are_checked(run: Callable[..., Result]) -> None:
    code = IN_PROCESS.format(
        """
for arguments, error in (([], ValueError), (["replayrt", 3], TypeError), ("replayrt", TypeError)):
    try:
        _core.run_program(arguments)
    except error:
        continue
    raise AssertionError(arguments)
"""
    )
    result = run(sys.executable, "-c", code)
    assert result.code == 0, result.err
