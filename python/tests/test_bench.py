"""replayrt.bench: the command line's `bench` from Python; never how fast anything is."""

import inspect
import logging
import os
import pickle
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from replayrt.bench import BenchResult, bench
from replayrt.errors import FileAccessError, InvalidParameterError, ModelInputError, ModelRuntimeError, OutOfMemoryError

MODELS = Path(os.environ["REPLAYRT_DATA_DIR"]) / "models"
TRIVIAL = MODELS / "trivial.onnx"


@pytest.fixture(scope="module")
def result() -> BenchResult:
    return bench(TRIVIAL, shapes=["1x8", (2, 8), "1x8"], modes=["eager", "recapture", "replay"], iterations=3)


@pytest.fixture
def fake_python(tmp_path, monkeypatch):
    """Makes `sys.executable` a shell script."""

    def make(script: str) -> None:
        path = tmp_path / "python"
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(sys, "executable", str(path))

    return make


def test_figures_are_those_of_the_record(result):
    record = result.record
    assert result.model == str(TRIVIAL)
    assert result.shapes == ("1x8", "2x8")
    assert result.modes == ("eager", "recapture", "replay")
    for name, mode in record["modes"].items():
        assert result.median_us[name] == mode["median_us"] > 0
        assert result.p99_us[name] == mode["p99_us"] >= mode["median_us"]
        assert result.throughput_per_s[name] == mode["throughput_per_s"]
        assert result.ratio_to_eager[name] == mode["ratio_to_eager"]
        assert result.routes[name] == mode["routes"]
    assert result.ratio_to_eager["eager"] == 1
    assert result.routes["replay"] == {"eager": 0, "captured": 0, "replayed": 9}
    assert result.shape_median_us == {shape["shape"]: shape["median_us"] for shape in record["per_shape"]}
    assert result.max_abs_difference_to_eager == 0


def test_the_table_is_short_and_names_everything(result):
    lines = repr(result).splitlines()
    assert lines[0] == f"bench of {TRIVIAL}: openvino on cpu, 3 rounds of 3 calls"
    assert lines[1].split() == ["shape", "(median)", "eager", "recapture", "replay"]
    assert [line.split()[0] for line in lines[2:]] == ["1x8", "2x8", "all,", "all,", "to"]
    assert lines[-1].split()[2:] == [f"{ratio:.3f}" for ratio in result.ratio_to_eager.values()]
    assert len(set(map(len, lines[1:]))) == 1


def test_the_table_of_many_shapes_is_cut():
    many = bench(TRIVIAL, shapes=[(i, 8) for i in range(1, 20)], modes="eager", iterations=1)
    assert "12x8" in repr(many) and "13x8" not in repr(many) and "... and 7 more" in repr(many)
    assert many.ratio_to_eager == {"eager": 1} and many.max_abs_difference_to_eager is None


def test_times_have_units(result):
    record = result.to_dict()
    for value, text in [(1.234, "1.23 us"), (999.6, "1 ms"), (12_345, "12.3 ms"), (2_500_000, "2.5 s")]:
        record["modes"]["eager"]["median_us"] = value
        (line,) = [line for line in repr(BenchResult(record)).splitlines() if line.startswith("all, median")]
        assert line.split("  ")[1].strip() == text or text in line


def test_it_is_saved_and_loaded(result, tmp_path):
    result.save(tmp_path / "bench.json")
    assert BenchResult.load(tmp_path / "bench.json") == result
    assert BenchResult.load(str(tmp_path / "bench.json")).record == result.record
    assert pickle.loads(pickle.dumps(result)) == result


def test_to_dict_is_a_copy(result):
    copied = result.to_dict()
    assert copied == result.record
    copied["modes"].clear()
    assert result.modes


def test_files_that_cannot_be_used_are_named(result, tmp_path):
    with pytest.raises(FileAccessError, match="missing.json: cannot be read"):
        BenchResult.load(tmp_path / "missing.json")
    with pytest.raises(FileAccessError, match="bench.json: cannot be written"):
        result.save(tmp_path / "no" / "bench.json")
    (tmp_path / "text.json").write_text("no json")
    with pytest.raises(InvalidParameterError, match="text.json: is no JSON"):
        BenchResult.load(tmp_path / "text.json")


@pytest.mark.parametrize("record", [{}, [], None, {"model": "x"}])
def test_other_json_is_no_record(record):
    with pytest.raises(InvalidParameterError, match="expected the JSON of `replayrt bench`"):
        BenchResult(record)


def test_it_plots_what_it_measured(result):
    figure = result.plot()
    lines = {line.get_label(): list(line.get_ydata()) for line in figure.axes[0].get_lines()}
    assert lines["eager"] == [medians["eager"] / 1e3 for medians in result.shape_median_us.values()]
    assert lines["replay: replayed"] == [medians["replay"] / 1e3 for medians in result.shape_median_us.values()]
    assert list(figure.axes[1].get_lines()[0].get_ydata()) == [1] * 10
    held = result.record["cache"]["bytes"] / 2**20
    assert sum(bar.get_height() for bar in figure.axes[2].patches) == pytest.approx(held)


def test_every_flag_is_an_argument():
    command = [sys.executable, "-m", "replayrt", "bench", "--help"]
    help_text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    flags = set(re.findall(r"^ +(?:-\w,)?--([a-z-]+)", help_text, re.MULTILINE)) - {"help", "json"}
    arguments = {name.replace("_", "-") for name in inspect.signature(bench).parameters} - {"model"}
    assert arguments == flags


def test_arguments_are_told_to_the_program(tmp_path):
    (tmp_path / "trace.txt").write_text("1x8\n2x8\n")
    record = bench(
        TRIVIAL,
        trace=tmp_path / "trace.txt",
        modes="replay",
        iterations=2,
        warmup=0,
        repeat=2,
        shuffle=3,
        seed=4,
        callers=2,
        capacity=5,
        max_bytes="64M",
        admission="sightings:2",
        eviction="cost_aware",
        capture="background",
        verify=0.5,
        instances=6,
        backend="openvino",
        device="cpu",
        precision="auto",
        inference_threads=1,
        fuse="argmax:y:1",
    ).record
    told = {
        **{"shapes": ["1x8", "2x8"], "rounds": 2, "warmup_rounds": 0, "repeat": 2, "shuffle_seed": 3, "seed": 4},
        **{"callers": 2, "admission": "sightings:2", "capture": "background", "verify": "0.5", "instances": 6},
        **{"backend": "openvino", "device": "cpu", "precision": "auto", "threads": 1, "cold": False},
    }
    assert {name: record[name] for name in told} == told
    assert list(record["modes"]) == ["replay"]
    assert (record["cache"]["capacity"], record["cache"]["max_bytes"]) == (5, 64 << 20)
    assert record["cache"]["eviction"] == "cost_aware"
    assert "--fuse=argmax:y:1" in record["command"]


def test_cold_is_a_switch(result):
    cold = bench(TRIVIAL, shapes="1x8,2x8", modes="replay", iterations=1, cold=True)
    assert cold.record["cold"] is True and cold.routes["replay"]["captured"] == 2
    assert result.record["cold"] is False


def test_files_are_written_and_read(tmp_path):
    keys, metrics, page = tmp_path / "rec.keys", tmp_path / "metrics.txt", tmp_path / "page.html"
    run = {"shapes": "1x8,2x8", "modes": "replay", "iterations": 1, "cold": True}
    first = bench(TRIVIAL, **run, save_keys=keys, metrics=str(metrics))
    assert first.routes["replay"]["captured"] == 2 and first.record["cache"]["loaded_keys"] is None
    assert "\nreplayrt_graph_cache_captures_total 2\n" in metrics.read_text()
    again = bench(TRIVIAL, **run, load_keys=keys, html=page)
    assert again.routes["replay"] == {"eager": 0, "captured": 0, "replayed": 2}
    assert again.record["cache"]["loaded_keys"]["accepted"] == 2
    assert page.read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"eviction": "fifo"}, "--eviction: expected lru or cost_aware, got 'fifo'"),
        ({"html": "-"}, "--html: expected a file name, got '-'"),
        ({"metrics": "-"}, "metrics: expected a file name, got '-'"),
        ({"streams": 2}, "--streams: backend openvino on cpu has no streams"),
        ({"compare": "trtexec"}, "--compare trtexec: expected a TensorRT plan"),
        ({"fuse": ["argmax:y:1", "argmax:y"]}, "--fuse: expected argmax:OUTPUT:AXIS, got 'argmax:y'"),
        ({"capacity": -1}, "--capacity: expected a whole number of at least 0, got '-1'"),
        ({"capacity": True}, "--capacity: expected a whole number of at least 0, got 'True'"),
        ({"modes": ["fast"]}, "--modes: expected some of eager,recapture,replay"),
        ({"shapes": None}, "expected either --shapes or --trace"),
        ({"shapes": [(1, -8)]}, "shape '1x-8'"),
        ({"shapes": (1, 8)}, "shapes: expected a list with a shape for each call, got (1, 8)"),
    ],
)
def test_what_is_refused_has_the_programs_message(arguments, message):
    with pytest.raises(InvalidParameterError) as raised:
        bench(TRIVIAL, **{"shapes": ["1x8"], "iterations": 1, **arguments})
    assert str(raised.value).startswith(message) or message in str(raised.value)
    assert raised.value.code == "invalid_parameter"


def test_what_goes_wrong_has_the_programs_message(tmp_path):
    with pytest.raises(FileAccessError, match="missing.onnx"):
        bench(tmp_path / "missing.onnx", shapes="1x8")
    with pytest.raises(ModelInputError, match="input 'x' has shape 1x9"):
        bench(TRIVIAL, shapes=[(1, 9)])


def test_inputs_are_named():
    result = bench(MODELS / "two_inputs.onnx", shapes=[{"a": (2, 3), "b": (2, 3)}], modes="eager", iterations=1)
    assert result.shapes == ("a:2x3;b:2x3",)


def test_nothing_is_printed_and_warnings_are_logged(capfd, caplog):
    with caplog.at_level(logging.WARNING, "replayrt"):
        result = bench(MODELS / "random.onnx", shapes=["2x8"], iterations=1)
    assert result.record["modes"]["replay"]["eager_reasons"] == {"random": 1}
    assert capfd.readouterr() == ("", "")
    assert any("random" in record.message for record in caplog.records)


def test_the_package_is_found_without_the_environment(monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert bench(TRIVIAL, shapes="1x8", modes="eager", iterations=1).modes == ("eager",)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 always looks into the current folder")
def test_a_folder_nearby_is_not_taken_for_the_package(monkeypatch, tmp_path):
    (tmp_path / "replayrt").mkdir()
    (tmp_path / "replayrt" / "__main__.py").write_text("raise SystemExit(7)")
    (tmp_path / "-model.onnx").write_bytes(TRIVIAL.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert bench("-model.onnx", shapes="1x8", modes="eager", iterations=1).model == "./-model.onnx"


def test_a_process_that_is_killed_is_an_error(fake_python):
    fake_python("echo 'some news' >&2\nkill -9 $$\n")
    with pytest.raises(ModelRuntimeError, match="ended by signal 9\nsome news"):
        bench(TRIVIAL, shapes="1x8")


def test_a_process_that_says_nothing_is_an_error(fake_python):
    fake_python("exit 3\n")
    with pytest.raises(ModelRuntimeError, match="ended with 3"):
        bench(TRIVIAL, shapes="1x8")


def test_out_of_memory_is_told(fake_python):
    fake_python("echo 'replayrt: error: out of memory' >&2\necho out_of_memory >&2\nexit 1\n")
    with pytest.raises(OutOfMemoryError, match="^out of memory$"):
        bench(TRIVIAL, shapes="1x8")
