"""`replayrt run`: one's own data through the cache."""

import resource
import struct

import numpy as np
import pytest

from conftest import DATA, MODELS

TRIVIAL = MODELS / "trivial.onnx"
TWO = MODELS / "two_inputs.onnx"
DTYPES = "f64 f32 f16 bf16 i64 i32 i16 i8 u64 u32 u16 u8 bool".split()


@pytest.fixture
def x(tmp_path):
    """x.npy for the trivial model."""
    array = np.random.default_rng(1).standard_normal((2, 8)).astype(np.float32)
    np.save(tmp_path / "x.npy", array)
    return array


def routes(text: str) -> list[str]:
    return [line.split("  ")[1] for line in text.splitlines() if line.startswith("call ")]


def test_outputs_are_numpy_arrays_by_name(replayrt, tmp_path):
    rng = np.random.default_rng(2)
    a, b = (rng.standard_normal((3, 4)).astype(np.float32) for _ in range(2))
    np.save(tmp_path / "a.npy", a)
    np.save(tmp_path / "b.npy", b)
    result = replayrt("run", TWO, "--input", "b=b.npy", "--input", "a=a.npy", "--output", "y.npz")
    with np.load(tmp_path / "y.npz") as outputs:
        assert sorted(outputs) == ["product", "sum"]
        np.testing.assert_array_equal(outputs["sum"], a + b)
        np.testing.assert_array_equal(outputs["product"], a * b)
    assert "output  sum  f32  3x4" in result.out
    assert {path.name for path in tmp_path.iterdir()} == {"a.npy", "b.npy", "y.npz"}


def test_every_call_says_its_route(replayrt, x):
    assert routes(replayrt("run", TRIVIAL, "--input", "x.npy").out) == ["captured"]
    assert routes(replayrt("run", TRIVIAL, "--input", "x.npy", "--repeat", "3").out) == ["captured", "replayed", "replayed"]


@pytest.mark.parametrize(
    ("flags", "reason"),
    [(["--no-cache"], "no_cache"), (["--capacity", "0"], "capacity_zero")],
)
def test_without_a_cache_calls_are_eager(replayrt, tmp_path, x, flags, reason):
    result = replayrt("run", TRIVIAL, "--input", "x.npy", "--repeat", "2", "--output", "y.npz", *flags)
    assert routes(result.out) == [f"eager ({reason})"] * 2
    np.testing.assert_array_equal(np.load(tmp_path / "y.npz")["y"], np.maximum(x, 0))


def test_max_bytes_is_kept(replayrt, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((1, 3, 64, 64), np.float32))
    arguments = ["run", MODELS / "ppocrv6_det.onnx", "--input", "x.npy", "--log-level", "off"]
    assert routes(replayrt(*arguments, "--max-bytes", "1K").out) == ["eager (over_budget)"]
    assert routes(replayrt(*arguments, "--max-bytes", "2G").out) == ["captured"]


def test_a_single_input_needs_no_name(replayrt, tmp_path, x):
    for text in ("x.npy", "x=x.npy"):
        replayrt("run", TRIVIAL, "--input", text, "--output", "y.npz")
        np.testing.assert_array_equal(np.load(tmp_path / "y.npz")["y"], np.maximum(x, 0))


def test_a_path_may_hold_an_equals_sign(replayrt, tmp_path, x):
    np.save(tmp_path / "odd=name.npy", x)
    replayrt("run", TRIVIAL, "--input", "odd=name.npy")
    replayrt("run", TRIVIAL, "--input", "x=odd=name.npy")


def test_the_answer_is_that_of_onnxruntime(replayrt, tmp_path):
    expected = np.load(DATA / "expected" / "squeezenet_b2_output.npy")
    replayrt(
        *["run", MODELS / "squeezenet.onnx", "--input", DATA / "expected" / "squeezenet_b2_input.npy"],
        *["--output", "y.npz", "--repeat", "2"],
    )
    with np.load(tmp_path / "y.npz") as outputs:
        (name,) = outputs
        np.testing.assert_allclose(outputs[name], expected, atol=1e-3 * np.abs(expected).max())


def test_every_dtype_passes_through(replayrt, tmp_path):
    rng = np.random.default_rng(3)
    inputs = {}
    for name in DTYPES:
        if name == "bool":
            inputs[name] = np.array([True, False, True])
        elif name in ("bf16", "f64"):
            # numpy has no bf16, and OpenVINO computes f64 in f32: these values are exact in all.
            inputs[name] = np.array([1.5, -2.0, 0.0078125], np.float64 if name == "f64" else np.float32)
        else:
            dtype = np.dtype(f"{name[0]}{int(name[1:]) // 8}")
            values = rng.standard_normal(3) if name[0] == "f" else rng.integers(0, 100, 3)
            inputs[name] = values.astype(dtype)
        np.save(tmp_path / f"{name}.npy", inputs[name])
    flags = [part for name in DTYPES for part in ("--input", f"{name}={name}.npy")]
    replayrt("run", MODELS / "dtypes.onnx", *flags, "--output", "y.npz", "--repeat", "2")
    with np.load(tmp_path / "y.npz") as outputs:
        for name, value in inputs.items():
            output = outputs[f"{name}_twice"]
            assert output.dtype == value.dtype
            np.testing.assert_array_equal(output, np.concatenate([value, value]))


def test_fuse_and_load_options_are_applied(replayrt, tmp_path, x):
    replayrt(
        *["run", TRIVIAL, "--input", "x.npy", "--output", "y.npz", "--fuse", "argmax:y:1"],
        *["--backend", "openvino", "--inference-threads", "1", "--precision", "f32", "--device", "cpu"],
    )
    y = np.load(tmp_path / "y.npz")["y"]
    assert y.dtype == np.int64
    np.testing.assert_array_equal(y, np.maximum(x, 0).argmax(axis=1))


def test_the_same_outputs_give_the_same_file(replayrt, tmp_path, x):
    replayrt("run", TRIVIAL, "--input", "x.npy", "--output", "first.npz")
    replayrt("run", TRIVIAL, "--input", "x.npy", "--output", "second.npz")
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()


def test_an_old_output_is_replaced(replayrt, tmp_path, x):
    (tmp_path / "y.npz").write_bytes(b"old")
    replayrt("run", TRIVIAL, "--input", "x.npy", "--output", "y.npz")
    assert np.load(tmp_path / "y.npz")["y"].shape == (2, 8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--input is required"),
        (["--input", "x.npy", "--repeat", "0"], "--repeat: expected a whole number from 1"),
        (["--input", "x.npy", "--capacity", "-2"], "--capacity"),
        (["--input", "x.npy", "--max-bytes", "lots"], "--max-bytes"),
        (["--input", "x.npy", "--output", "y.npy"], "--output: expected a file name that ends in .npz, got 'y.npy'"),
        (["--input", "nope=x.npy"], "--input: expected NAME=FILE with NAME one of x, got 'nope=x.npy'"),
        (["--input", "x.npy", "--input", "x=x.npy"], "--input: input 'x' is given twice"),
    ],
)
def test_usage_errors(fails, x, arguments, message):
    assert message in fails("run", TRIVIAL, *arguments, code=2)


def test_too_few_inputs_name_the_missing_one(fails, x):
    error = fails("run", TWO, "--input", "a=x.npy", "--output", "y.npz", code=2)
    assert "no file for input 'b' (f32 ?x?)" in error
    assert "NAME one of a, b" in fails("run", TWO, "--input", "x.npy", code=2)


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def npy(descr: str, shape: str = "(2, 8)", order: str = "False", data: bytes = bytes(64)) -> bytes:
    return header(f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n") + data


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        (b"", ["x.npy: not a .npy file"]),
        (b"hello", ["x.npy: not a .npy file"]),
        (npy("<f4")[:-1], ["x.npy: 63 bytes of elements", "takes 64", "truncated"]),
        (npy("<f4") + b"!", ["x.npy: 65 bytes of elements", "longer"]),
        (npy(">f4"), ["x.npy", "big-endian"]),
        (npy("<f4", order="True"), ["x.npy", "Fortran order"]),
        (npy("|O"), ["x.npy", "'|O' is not supported"]),
        (npy("<f4", shape="(99999999999, 8)"), ["x.npy", "truncated"]),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{", ["x.npy", "header is 4294967295 bytes long"]),
        (npy("<f8", shape="(1, 8)"), ["'x'", "f64", "f32"]),
        (npy("<f4", shape="(4, 4)"), ["'x'", "4x4", "?x8"]),
        (npy("<f4", shape="(16,)"), ["'x'", "16", "?x8"]),
    ],
)
def test_a_bad_input_file_is_a_runtime_error(fails, tmp_path, content, messages):
    (tmp_path / "x.npy").write_bytes(content)
    error = fails("run", TRIVIAL, "--input", "x.npy", "--output", "y.npz", code=1)
    for message in messages:
        assert message in error


def test_an_input_file_that_cannot_be_read_is_a_runtime_error(fails):
    assert "missing.npy: no such file" in fails("run", TRIVIAL, "--input", "missing.npy", code=1)
    assert "/tmp: is a directory" in fails("run", TRIVIAL, "--input", "/tmp", code=1)


@pytest.mark.parametrize("output", ["no/folder/y.npz", "/proc/y.npz", "folder.npz"])
def test_an_output_that_cannot_be_written_is_a_runtime_error(fails, tmp_path, x, output):
    (tmp_path / "folder.npz").mkdir()
    assert output in fails("run", TRIVIAL, "--input", "x.npy", "--output", output, "--repeat", "1000000000", code=1)


def test_no_partial_output_on_a_full_disk(replayrt, tmp_path, x):
    # A limit on file sizes stands in for a full disk: the write fails half way.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    try:
        result = replayrt("run", TRIVIAL, "--input", "x.npy", "--output", "y.npz", code=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "y.npz: cannot write" in result.error
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]
