"""What holds for the program as a whole: help, version, streams, messages, exit codes."""

import os
import pty
import re
import subprocess

import pytest

from conftest import DATA, MODELS, PROGRAM, SECONDS

COMMANDS = ["predict", "inspect", "bench", "doctor", "run", "build", "families", "info"]
TRIVIAL = MODELS / "trivial.onnx"
RANDOM = MODELS / "random.onnx"  # Is refused by a cache, which says so in a warning.
BENCH_RANDOM = ["bench", RANDOM, "--shapes", "1x8", "--modes", "replay", "--iterations", "1"]


def test_help_lists_the_commands(replayrt):
    result = replayrt("--help")
    for word in [*COMMANDS, "Examples:", "Exit codes: 0", "--log-level"]:
        assert word in result.out
    assert result.err == ""


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            "predict",
            ["PACKAGE", "IMAGE", "--json", "--save", "--param", "--batch", "--backend", "--device", "--precision"]
            + ["--inference-threads", "--capacity", "--max-bytes", "--reference-compatible", "--keep-going"]
            + ["iou_threshold", "Examples:"],
        ),
        ("inspect", ["MODEL", "package", "--backend", "--json", "Examples:"]),
        (
            "bench",
            ["--shapes", "--trace", "--modes", "--capacity", "--max-bytes", "--iterations", "--warmup", "--precision"]
            + ["--inference-threads", "--backend", "--device", "--fuse", "--seed", "--json", "recapture", "Examples:"]
            + ["--admission", "--capture", "--verify", "--instances", "--callers", "--shuffle", "--repeat", "--cold"],
        ),
        (
            "doctor",
            ["MODEL", "--trace", "--shapes", "--repeat", "--seconds", "--most-shapes", "--max-bytes", "--max-buckets"]
            + ["--seed", "--json", "--backend", "--device", "--precision", "--fuse", "Examples:"],
        ),
        ("run", ["--input", "--output", "--repeat", "--capacity", "--max-bytes", "--no-cache", "Examples:"]),
        (
            "build",
            ["MODEL", "--output", "--min", "--opt", "--max", "--device", "--fp16", "--bf16", "--int8", "--tf32", "--profiles"]
            + ["--workspace", "--no-library-kernels", "--timing-cache", "--no-timing-cache", "--package", "--package-from"]
            + ["Examples:"],
        ),
        ("families", ["--json", "model_features"]),
        ("info", ["--json"]),
    ],
)
def test_help_of_each_command_says_all(replayrt, command, words):
    result = replayrt(command, "--help")
    for word in words:
        assert word in result.out
    assert result.err == ""


def test_version(replayrt):
    assert re.fullmatch(r"replayrt \d+\.\d+\.\d+\n", replayrt("--version").out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "subcommand is required"),
        (["frobnicate"], "unexpected argument 'frobnicate' (see `replayrt --help`)"),
        (["--frobnicate"], "unexpected argument '--frobnicate'"),
        (["bench", "--frobnicate"], "unexpected argument '--frobnicate' (see `replayrt bench --help`)"),
        (["inspect"], "MODEL is required (see `replayrt inspect --help`)"),
        (["inspect", TRIVIAL, "more"], "more"),
        (["info", "--log-level", "loud"], "--log-level: expected debug, info, warning, error or off, got 'loud'"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(fails, arguments, message):
    assert message in fails(*arguments, code=2)


def test_messages_go_to_stderr_at_the_level_asked_for(replayrt):
    plain = replayrt(*BENCH_RANDOM)
    assert "warning" in plain.err and "random" in plain.err
    assert "warning" not in plain.out
    assert replayrt("--log-level", "error", *BENCH_RANDOM).err == ""
    assert replayrt(*BENCH_RANDOM, "--log-level", "off").err == ""
    debug = replayrt(*BENCH_RANDOM, "--log-level", "debug").err
    assert len(debug.splitlines()) >= len(plain.err.splitlines())
    assert len(replayrt("-v", *BENCH_RANDOM).err.splitlines()) == len(debug.splitlines())


def test_errors_are_printed_whatever_the_log_level(fails):
    assert "missing.onnx" in fails("inspect", "missing.onnx", "--log-level", "off", code=1)


def test_an_error_is_one_line_whatever_the_name(fails):
    assert "two lines.onnx" in fails("inspect", "two\nlines.onnx", code=1)


def test_a_reader_that_goes_away_does_no_harm(tmp_path):
    report = tmp_path / "report.json"
    bench = ["bench", TRIVIAL, "--shapes", "1x8", "--json", report]
    process = subprocess.Popen([PROGRAM, *map(str, bench)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=SECONDS) == 0
    assert report.read_text().endswith("}\n")


def test_a_full_disk_is_an_error():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([PROGRAM, "info"], stdout=full, stderr=subprocess.PIPE, timeout=SECONDS)
    assert done.returncode == 1
    assert done.stderr.startswith(b"replayrt: error: cannot write to standard output: ")


def test_progress_is_shown_on_a_terminal_only(replayrt):
    bench = ["bench", TRIVIAL, "--shapes", "1x8", "--iterations", "20"]
    assert replayrt(*bench).err == ""
    master, slave = pty.openpty()
    process = subprocess.Popen([PROGRAM, *map(str, bench)], stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    shown = b""
    while chunk := _read(master):
        shown += chunk
    os.close(master)
    out = process.stdout.read()
    process.stdout.close()
    assert process.wait(timeout=SECONDS) == 0
    assert b"measuring [" in shown
    assert shown.endswith(b"\r\x1b[K")  # The bar is gone when the program ends.
    assert b"measuring" not in out


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # How a terminal says that the other side is closed.
        return b""


def test_a_binary_path_is_no_problem_for_json(replayrt, tmp_path):
    name = os.fsencode(tmp_path) + b"/model-\xff.onnx"
    with open(name, "wb") as file:
        file.write(TRIVIAL.read_bytes())
    done = subprocess.run([PROGRAM, "inspect", name, "--json"], capture_output=True, timeout=SECONDS)
    assert done.returncode == 0
    assert "model-\ufffd.onnx" in done.stdout.decode()


def test_the_installed_program_finds_its_libraries(tmp_path):
    build = os.environ["REPLAYRT_BUILD_DIR"]
    install = ["cmake", "--install", build, "--prefix", tmp_path, "--component", "programs"]
    subprocess.run(install, check=True, capture_output=True, timeout=SECONDS)
    done = subprocess.run([tmp_path / "bin" / "replayrt", "info"], capture_output=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    assert b"openvino   available" in done.stdout


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (MODELS / "missing.onnx", "does not exist"),
        (MODELS, "is a directory"),
        (DATA / "bad" / "empty.onnx", "empty"),
        (DATA / "bad" / "text.onnx", "text.onnx"),
        (DATA / "bad" / "truncated.onnx", "truncated.onnx"),
        (DATA / "bad" / "unsupported_op.onnx", "unsupported_op.onnx"),
        (DATA / "bad" / "no_weights.xml", "no_weights"),
        (DATA / "bad" / "text.png", ".onnx"),
    ],
)
@pytest.mark.parametrize("command", ["inspect", "bench", "run"])
def test_a_bad_model_is_a_runtime_error_that_names_it(fails, command, path, message):
    more = {"inspect": [], "bench": ["--shapes", "1x8", "--json", "r.json"], "run": ["--input", "x.npy", "--output", "y.npz"]}
    error = fails(command, path, *more[command], code=1)
    assert message in error and str(path) in error


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("--backend", "nope", "nope"),
        ("--device", "tpu", "tpu"),
        ("--precision", "f8", "--precision: expected f32, bf16, f16 or auto, got 'f8'"),
        ("--inference-threads", "-1", "--inference-threads: expected a whole number from 0 to 1024, got '-1'"),
        ("--inference-threads", "two", "--inference-threads"),
        ("--inference-threads", "99999999999999999999", "--inference-threads"),
        ("--fuse", "argmax", "--fuse: expected argmax:OUTPUT:AXIS, got 'argmax'"),
        ("--fuse", "argmax:y", "--fuse: expected argmax:OUTPUT:AXIS"),
        ("--fuse", "argmax::1", "--fuse: expected argmax:OUTPUT:AXIS"),
        ("--fuse", "softmax:y:1", "--fuse: expected argmax:OUTPUT:AXIS"),
        ("--fuse", "argmax:y:one", "--fuse: axis: expected a whole number from -8 to 7, got 'one'"),
        ("--fuse", "argmax:y:9", "--fuse: axis"),
        ("--fuse", "argmax:y:5", "axis 5"),
        ("--fuse", "argmax:nope:1", "nope"),
    ],
)
def test_a_bad_load_option_is_a_usage_error(fails, flag, value, message):
    assert message in fails("inspect", TRIVIAL, flag, value, code=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected --output FILE or --package DIR"),
        (["-o", "m.plan", "--opt", "1xq"], "--opt: "),
        (["-o", "m.plan", "--profiles", "65"], "--profiles: expected a whole number from 1 to 64, got '65'"),
        (["-o", "m.plan", "--workspace", "big"], "--workspace"),
        (["-o", "m.plan", "--timing-cache", "t", "--no-timing-cache"], "--no-timing-cache: --timing-cache names one"),
    ],
)
def test_a_bad_build_option_is_a_usage_error(fails, arguments, message):
    assert message in fails("build", TRIVIAL, *arguments, code=2)


def test_what_a_build_cannot_write_or_read_is_told_before_it_begins(fails, tmp_path):
    assert "none.onnx" in fails("build", tmp_path / "none.onnx", "-o", tmp_path / "m.plan", code=1)
    assert "no such directory" in fails("build", TRIVIAL, "-o", tmp_path / "none" / "m.plan", code=1)
    assert "class_names.txt" in fails("build", TRIVIAL, "--package", tmp_path / "p", "--package-from", tmp_path, code=1)


def test_a_build_without_tensorrt_says_what_is_needed_and_writes_nothing(fails, tmp_path):
    error = fails("build", TRIVIAL, "-o", tmp_path / "m.plan", "--opt", "1x8", code=1)
    assert "TensorRT" in error or "no CUDA driver" in error
    assert list(tmp_path.iterdir()) == []


def test_a_backend_that_cannot_read_the_model_is_a_runtime_error(fails):
    assert "tensorrt" in fails("inspect", TRIVIAL, "--backend", "tensorrt", code=1)
    assert "cuda" in fails("inspect", TRIVIAL, "--device", "cuda:1", code=1)
