"""replayrt.doctor: the command line's `doctor` from Python; never how fast anything is."""

import inspect
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import MODELS, TRIVIAL

from replayrt import GraphCacheOptions
from replayrt.doctor import DoctorResult, doctor
from replayrt.errors import FileAccessError, InvalidParameterError, ModelInputError


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> DoctorResult:
    trace = tmp_path_factory.mktemp("doctor") / "trace.txt"
    trace.write_text("1x8\n2x8\n1x8\n3x8\n")
    return doctor(TRIVIAL, trace=trace, repeat=20, seconds=1)


def test_figures_are_those_of_the_record(result: DoctorResult) -> None:
    record = result.record
    assert result.model == str(TRIVIAL)
    assert result.verdict == record["verdict"] != "cannot_be_captured"
    assert result.ratio == record["ratio"]["median"] > 0
    assert result.break_even_replays == record["break_even_replays"]
    assert result.shapes == ("1x8", "2x8", "3x8")
    assert result.refusals == {}
    assert result.use_cache is record["cache"]["use"]
    assert record["trace"]["calls"] == 80


def test_the_recommendation_is_what_options_take(result: DoctorResult) -> None:
    record = result.to_dict()
    record["cache"].update(use=True, capacity=3, max_bytes=1 << 20, eviction="cost_aware", admission="pays_back")
    chosen = DoctorResult(record).recommended
    assert chosen == {"capacity": 3, "max_bytes": 1 << 20, "eviction": "cost_aware", "admission": "pays_back"}
    options = GraphCacheOptions(**chosen)
    assert (options.capacity, options.max_bytes, options.admission) == (3, 1 << 20, "pays_back")
    record["cache"]["use"] = False
    assert DoctorResult(record).recommended == {}


def test_buckets_are_those_that_pay(result: DoctorResult) -> None:
    record = result.to_dict()
    (bucket,) = record["buckets"]
    assert bucket["buckets"] == "list:3"
    bucket["worth_it"] = False
    assert DoctorResult(record).buckets == {}
    bucket["worth_it"] = True
    assert DoctorResult(record).buckets == {("x", 0): "list:3"}


def test_the_words_are_the_text(result: DoctorResult) -> None:
    assert str(result) == repr(result) == result.record["words"].rstrip("\n")
    assert str(result).startswith(f"model      {TRIVIAL}\n") and "What to choose" in str(result)


def test_what_cannot_be_captured_has_its_reason() -> None:
    random = doctor(MODELS / "random.onnx", seconds=1)
    assert random.verdict == "cannot_be_captured"
    assert list(random.refusals) == ["random"] and random.refusals["random"]
    assert random.ratio is None and random.break_even_replays is None and random.recommended == {}


def test_it_is_saved_loaded_and_copied(result: DoctorResult, tmp_path: Path) -> None:
    result.save(tmp_path / "doctor.json")
    assert DoctorResult.load(tmp_path / "doctor.json") == result == pickle.loads(pickle.dumps(result))
    copied = result.to_dict()
    assert copied == result.record
    copied["cache"].clear()
    assert result.record["cache"]
    with pytest.raises(FileAccessError, match="missing.json: cannot be read"):
        DoctorResult.load(tmp_path / "missing.json")


@pytest.mark.parametrize("record", [{}, [], None, {"model": "x"}])
def test_other_json_is_no_record(record: object) -> None:
    with pytest.raises(InvalidParameterError, match="expected the JSON of `replayrt doctor`"):
        DoctorResult(record)


def test_it_plots_what_it_measured(result: DoctorResult) -> None:
    figure = result.plot()
    measured = [shape for shape in result.record["shapes"] if not shape["estimated"]]
    lines = {line.get_label(): list(line.get_ydata()) for line in figure.axes[0].get_lines()}
    assert lines["eager"] == pytest.approx([1e3 * shape["eager_s"] for shape in measured])
    assert lines["replay"] == pytest.approx([1e3 * shape["replay"]["median_s"] for shape in measured])
    wanted = result.record["cache"]["bytes_wanted"] / 2**20
    assert sum(bar.get_height() for bar in figure.axes[1].patches) == pytest.approx(wanted)
    record = result.to_dict()
    del record["shapes"][0]["estimated"]
    with pytest.raises(InvalidParameterError, match="it lacks 'estimated'"):
        DoctorResult(record).plot()


def test_it_plots_what_cannot_be_captured() -> None:
    figure = doctor(MODELS / "random.onnx", seconds=1).plot()
    assert [line.get_label() for line in figure.axes[0].get_lines()] == ["eager", "_eager, p99"]


def test_every_flag_is_an_argument() -> None:
    command = [sys.executable, "-m", "replayrt", "doctor", "--help"]
    help_text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    flags = set(re.findall(r"^ +(?:-\w,)?--([a-z-]+)", help_text, re.MULTILINE)) - {"help", "json"}
    arguments = {name.replace("_", "-") for name in inspect.signature(doctor).parameters} - {"model"}
    assert arguments == flags


def test_arguments_are_told_to_the_program() -> None:
    record = doctor(
        TRIVIAL,
        shapes=[(1, 8), "2x8"],
        seconds=2,
        most_shapes=1,
        max_bytes="64M",
        max_buckets=3,
        seed=4,
        backend="openvino",
        device="cpu",
        precision="auto",
        inference_threads=1,
        fuse="argmax:y:1",
    ).record
    told = {
        **{"shapes_from": "--shapes", "seconds": 2, "max_bytes": 64 << 20, "seed": 4, "backend": "openvino"},
        **{"device": "cpu", "precision": "auto", "threads": 1, "repeat": 1},
    }
    assert {name: record[name] for name in told} == told
    assert [(shape["shape"], shape["estimated"]) for shape in record["shapes"]] == [("1x8", False), ("2x8", True)]
    assert "--max-buckets=3" in record["command"] and "--fuse=argmax:y:1" in record["command"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seconds": 0}, "--seconds: expected a whole number from 1"),
        ({"shapes": [(1, -8)]}, "shape '1x-8'"),
        ({"shapes": (1, 8)}, "shapes: expected a list with a shape for each call, got (1, 8)"),
        ({"repeat": 2}, "--repeat: repeats a trace"),
    ],
)
def test_what_is_refused_has_the_programs_message(arguments: dict, message: str) -> None:
    with pytest.raises(InvalidParameterError) as raised:
        doctor(TRIVIAL, **arguments)
    assert message in str(raised.value)


def test_what_goes_wrong_has_the_programs_message(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="missing.onnx"):
        doctor(tmp_path / "missing.onnx")
    with pytest.raises(ModelInputError, match="input 'x' has shape 1x9"):
        doctor(TRIVIAL, shapes=[(1, 9)])
