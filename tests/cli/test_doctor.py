"""`replayrt doctor`: what it says and reports; never how fast anything is."""

import json

import pytest

from conftest import DATA, MODELS, TRIVIAL

REC = MODELS / "ppocrv6_rec.onnx"
VERDICTS = {"helps", "helps_little", "does_not_help", "cannot_be_captured"}


@pytest.fixture
def doctor(replayrt):
    """Asks the doctor and gives its JSON."""

    def run(model, *arguments, seconds: int = 1) -> dict:
        quiet = ["--json", "-", "--log-level", "off"]
        return replayrt("doctor", model, "--seconds", seconds, *quiet, *arguments).json

    return run


@pytest.fixture
def trace(tmp_path):
    """40 calls: 1x8 half of the time, 2x8, 3x8 and 4x8."""
    (tmp_path / "trace.txt").write_text("1x8\n2x8\n1x8\n3x8\n1x8\n2x8\n1x8\n4x8\n" * 5)
    return "trace.txt"


def test_json_has_every_member(doctor, trace):
    report = doctor(TRIVIAL, "--trace", trace)
    assert set(report) == set(
        "version command machine model weights backend device precision threads seed seconds took_s shapes_from repeat "
        "max_bytes static verdict certain ratio saving_s break_even_replays shapes refusals trace cache buckets words".split()
    )
    assert report["model"] == report["weights"] == str(TRIVIAL)
    assert (report["backend"], report["device"], report["precision"]) == ("openvino", "cpu", "f32")
    assert (report["seconds"], report["seed"], report["repeat"], report["max_bytes"]) == (1, 1, 1, None)
    assert (report["shapes_from"], report["static"], report["refusals"]) == (trace, False, [])
    assert report["verdict"] in VERDICTS
    assert 0 < report["ratio"]["low"] <= report["ratio"]["high"]
    assert 0 < report["ratio"]["from"] <= report["ratio"]["median"] <= report["ratio"]["to"]
    assert [(shape["shape"], shape["calls"]) for shape in report["shapes"]] == [
        ("1x8", 20),
        ("2x8", 10),
        ("3x8", 5),
        ("4x8", 5),
    ]
    measured = [shape for shape in report["shapes"] if not shape["estimated"]]
    assert measured[0]["shape"] == "1x8"
    for shape in measured:
        assert shape["eager"]["calls"] == shape["replay"]["calls"] >= 3
        assert 0 < shape["eager"]["median_s"] == shape["eager_s"] <= shape["eager"]["p99_s"]
        assert shape["replay_s"] > 0 and shape["capture_s"] > 0 and shape["bytes"] >= 0
        if shape["break_even_replays"] is not None:
            price = shape["capture_s"] - shape["eager_s"]
            assert shape["break_even_replays"] == pytest.approx(price / (shape["eager_s"] - shape["replay_s"]))
    for cost in [report["trace"][name] for name in ("eager", "always", "pays_back", "lru", "cost_aware")]:
        assert cost["eager"] + cost["captures"] + cost["replays"] == report["trace"]["calls"] == 40
    assert report["trace"]["eager"]["eager"] == 40
    eager = sum(shape["calls"] * shape["eager_s"] for shape in report["shapes"])
    assert report["trace"]["eager"]["seconds"] == pytest.approx(eager)
    (bucket,) = report["buckets"]
    assert (bucket["input"], bucket["axis"], bucket["extents"], bucket["shapes"]) == ("x", 0, 4, 2)


def test_words_are_the_text_and_name_the_figures(replayrt, trace, tmp_path):
    text = replayrt("doctor", TRIVIAL, "--trace", trace, "--seconds", "1", "--json", "report.json").out
    assert f"model      {TRIVIAL}\n" in text and "openvino" in text and "precision f32" in text
    assert "of the time of an eager run" in " ".join(text.split())
    assert "this trace, computed" in text and "admission pays_back" in text and "What to choose" in text
    assert all(len(line) <= 100 for line in text.splitlines() if str(TRIVIAL) not in line)
    assert json.loads((tmp_path / "report.json").read_text())["words"] == text


def test_the_recognition_model_on_a_trace_of_lines(doctor, tmp_path):
    (tmp_path / "lines.txt").write_text("1x3x48x320\n1x3x48x320\n1x3x48x480\n1x3x48x320\n1x3x48x640\n")
    report = doctor(REC, "--trace", "lines.txt", "--repeat", "100")
    assert report["verdict"] in VERDICTS - {"cannot_be_captured"}
    first, *others = report["shapes"]
    assert (first["shape"], first["calls"], first["estimated"]) == ("1x3x48x320", 300, False)
    assert first["bytes"] > 1 << 20 and first["capture_s"] > first["eager_s"]
    assert [shape["calls"] for shape in others] == [100, 100]
    assert report["trace"]["calls"] == 500
    assert report["trace"]["always"]["captures"] <= 3
    (bucket,) = report["buckets"]
    assert (bucket["axis"], bucket["buckets"]) == (3, "list:640")
    padding = 300 * 320 + 100 * 160
    assert bucket["waste"] == pytest.approx(padding / (500 * 640))


def test_a_static_model_has_one_shape(replayrt, doctor):
    report = doctor(MODELS / "static.onnx")
    assert report["static"] is True and report["shapes_from"] is None and report["trace"] is None
    assert [shape["shape"] for shape in report["shapes"]] == ["1x3x8x8"]
    assert report["ratio"]["rounds"] >= 3
    assert "it has one shape" in " ".join(report["words"].split())


@pytest.mark.parametrize(
    ("model", "shapes", "reason", "meaning"),
    [
        ("stateful.xml", None, "stateful", "keeps state between runs"),
        ("random.onnx", None, "random", "draws random numbers"),
        ("nonzero.onnx", "5", "data_dependent_shape", "depends on the values of the inputs"),
    ],
)
def test_what_cannot_be_captured_is_told_with_the_reason(doctor, model, shapes, reason, meaning):
    report = doctor(MODELS / model, *(["--shapes", shapes] if shapes else []))
    assert report["verdict"] == "cannot_be_captured"
    assert report["ratio"] is report["trace"] is report["break_even_replays"] is None
    (refusal,) = report["refusals"]
    assert refusal["reason"] == reason and meaning in refusal["meaning"] and refusal["message"]
    assert refusal["shapes"] == len([shape for shape in report["shapes"] if not shape["estimated"]])
    assert report["cache"]["use"] is False
    words = " ".join(report["words"].split())
    assert "This model cannot be captured" in words and reason in words and "- no cache" in words


def test_without_shapes_it_chooses_and_says_so(doctor):
    chosen = doctor(TRIVIAL)
    assert chosen["shapes_from"] is None and "chosen from the ranges" in chosen["words"]
    assert [shape["shape"] for shape in chosen["shapes"]] == ["1x8", "2x8", "4x8", "8x8", "16x8"]
    given = doctor(TRIVIAL, "--shapes", "3x8,5x8")
    assert given["shapes_from"] == "--shapes" and given["trace"] is None
    assert [shape["shape"] for shape in given["shapes"]] == ["3x8", "5x8"]


def test_a_package_is_its_network(doctor):
    package = DATA / "packages" / "yolov8-letterbox"
    report = doctor(package)
    assert report["model"] == str(package) and report["weights"] == str(package / "weights.onnx")
    assert f"weights    {package / 'weights.onnx'}\n" in report["words"]


def test_a_folder_that_is_no_package_is_an_error(fails, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "no model package" in fails("doctor", "empty", code=1)


def test_most_shapes_bounds_what_is_measured(doctor, trace):
    one = doctor(TRIVIAL, "--trace", trace, "--most-shapes", "1")
    assert [shape["estimated"] for shape in one["shapes"]] == [False, True, True, True]
    two = doctor(TRIVIAL, "--trace", trace, "--most-shapes", "2")
    assert [shape["estimated"] for shape in two["shapes"]] == [False, False, True, True]
    assert "measured   2 of 4 shapes (75 % of 40 calls)" in two["words"]


def test_seconds_bound_the_pairs(doctor):
    short, long = (doctor(REC, "--shapes", "1x3x48x96", seconds=seconds) for seconds in (1, 3))
    assert (short["seconds"], long["seconds"]) == (1, 3)
    assert 3 <= short["shapes"][0]["eager"]["calls"] < long["shapes"][0]["eager"]["calls"]


def test_max_bytes_refuses_and_limits(doctor):
    arguments = ["--shapes", "1x3x48x320"]
    tight = doctor(REC, *arguments, "--max-bytes", "1K")
    assert tight["max_bytes"] == 1024
    assert [refusal["reason"] for refusal in tight["refusals"]] == ["over_budget"]
    assert tight["verdict"] == "cannot_be_captured"
    roomy = doctor(REC, *arguments, "--max-bytes", "4G")
    assert roomy["max_bytes"] == 4 << 30 and roomy["refusals"] == []


def test_repeat_makes_the_trace_longer(doctor, trace):
    once, often = (doctor(TRIVIAL, "--trace", trace, "--repeat", n) for n in (1, 50))
    assert (once["trace"]["calls"], often["trace"]["calls"]) == (40, 2000)
    assert often["shapes"][0]["calls"] == 1000


def test_max_buckets_bounds_the_proposal(doctor, trace):
    one, two = (doctor(TRIVIAL, "--trace", trace, "--max-buckets", n)["buckets"][0] for n in (1, 2))
    assert (one["buckets"], one["shapes"]) == ("list:4", 1)
    assert two["shapes"] == 2 and two["waste"] < one["waste"]


def test_the_seed_and_the_load_flags_are_those_of_bench(doctor):
    report = doctor(TRIVIAL, "--shapes", "1x8", "--seed", "7", "--inference-threads", "1", "--precision", "auto")
    assert (report["seed"], report["threads"], report["precision"]) == (7, 1, "auto")
    assert doctor(TRIVIAL, "--shapes", "1x8", "--inference-threads", "2")["threads"] == 2
    assert doctor(TRIVIAL, "--shapes", "2x8", "--fuse", "argmax:y:1")["verdict"] in VERDICTS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--shapes", "1x8", "--trace", "t.txt"], "expected either --shapes or --trace"),
        (["--shapes", "1x"], "shape '1x'"),
        (["--seconds", "0"], "--seconds: expected a whole number from 1 to 86400, got '0'"),
        (["--seconds", "soon"], "--seconds"),
        (["--most-shapes", "0"], "--most-shapes: expected a whole number from 1"),
        (["--max-bytes", "5Q"], "--max-bytes: expected a number of bytes"),
        (["--max-buckets", "0"], "--max-buckets"),
        (["--seed", "-1"], "--seed"),
        (["--repeat", "0"], "--repeat"),
        (["--repeat", "2"], "--repeat: repeats a trace, expected --trace"),
        (["--repeat", "2", "--shapes", "1x8"], "--repeat: repeats a trace, expected --trace"),
        (["--fuse", "softmax:y:1"], "--fuse: expected argmax"),
        (["--fuse", "argmax:nothing:1"], "argmax: the model has no output 'nothing'"),
    ],
)
def test_usage_errors(fails, arguments, message):
    assert message in fails("doctor", TRIVIAL, "--json", "report.json", *arguments, code=2)


def test_a_trace_that_is_too_long_with_its_repeats_is_a_usage_error(fails, trace):
    assert "--repeat: expected at most 10000000 calls, got 1000000 times 40" in fails(
        "doctor", TRIVIAL, "--trace", trace, "--repeat", "1000000", code=2
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--shapes", "1x9"], "--shapes: shape '1x9'"),
        (["--trace", "missing.txt"], "missing.txt: no such file"),
        (["--json", "no/such/report.json"], "no/such/report.json"),
    ],
)
def test_errors_name_what_is_at_fault(fails, arguments, message):
    assert message in fails("doctor", TRIVIAL, *arguments, code=1)


def test_a_model_that_is_missing_is_an_error(fails):
    assert "missing.onnx" in fails("doctor", "missing.onnx", code=1)
