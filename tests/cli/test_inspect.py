"""`replayrt inspect` and `replayrt info`."""

import pytest

from conftest import MODELS


def test_text_shows_inputs_and_outputs(replayrt):
    text = replayrt("inspect", MODELS / "two_inputs.onnx").out
    for word in ["two_inputs.onnx", "openvino", "cpu", "precision  f32", "inputs", "outputs", "?x?", "dimension 1"]:
        assert word in text
    lines = [line.split()[:3] for line in text.splitlines()]
    for expected in (["a", "f32", "?x?"], ["b", "f32", "?x?"], ["sum", "f32", "?x?"], ["product", "f32", "?x?"]):
        assert expected in lines


def test_json_has_every_tensor(replayrt):
    model = MODELS / "ppocrv6_rec.onnx"
    result = replayrt("inspect", model, "--json")
    assert result.err == ""
    report = result.json
    assert report["model"] == str(model)
    assert (report["backend"], report["device"], report["precision"]) == ("openvino", "cpu", "f32")
    (image,) = report["inputs"]
    assert (image["name"], image["dtype"], image["shape"], image["dynamic"]) == ("x", "f32", "?x3x48x?", True)
    assert [dim["dynamic"] for dim in image["dims"]] == [True, False, False, True]
    assert image["dims"][1] == {"min": 3, "max": 3, "dynamic": False}
    assert image["dims"][3]["max"] is None
    (scores,) = report["outputs"]
    assert scores["dims"][2]["min"] == scores["dims"][2]["max"] == 18710


def test_a_static_model_has_no_dynamic_dimension(replayrt):
    report = replayrt("inspect", MODELS / "static.onnx", "--json").json
    assert [tensor["dynamic"] for tensor in report["inputs"] + report["outputs"]] == [False, False]
    assert report["inputs"][0]["shape"] == "1x3x8x8"
    assert "dimension" not in replayrt("inspect", MODELS / "static.onnx").out


def test_every_dtype_has_its_name(replayrt):
    inputs = replayrt("inspect", MODELS / "dtypes.onnx", "--json").json["inputs"]
    assert len(inputs) == 13
    assert all(tensor["name"] == tensor["dtype"] for tensor in inputs)


def test_an_openvino_ir_can_be_inspected(replayrt):
    report = replayrt("inspect", MODELS / "ppocrv6_rec.xml", "--json", "--backend", "openvino", "--device", "cpu").json
    assert report["inputs"][0]["shape"] == "?x3x48x?"


def test_fuse_changes_the_output(replayrt):
    plain = replayrt("inspect", MODELS / "trivial.onnx", "--json").json["outputs"][0]
    fused = replayrt("inspect", MODELS / "trivial.onnx", "--json", "--fuse", "argmax:y:1").json["outputs"][0]
    assert (plain["name"], plain["dtype"], plain["shape"]) == ("y", "f32", "?x8")
    assert (fused["name"], fused["dtype"], fused["shape"]) == ("y", "i64", "?")
    last = replayrt("inspect", MODELS / "trivial.onnx", "--json", "--fuse", "argmax:y:-2").json["outputs"][0]
    assert last["shape"] == "8"


def test_fuse_may_be_given_twice(replayrt):
    edits = ["--fuse", "argmax:sum:0", "--fuse", "argmax:product:1"]
    report = replayrt("inspect", *edits, MODELS / "two_inputs.onnx", "--json").json
    assert [output["dtype"] for output in report["outputs"]] == ["i64", "i64"]


def test_precision_is_named(replayrt):
    assert replayrt("inspect", MODELS / "trivial.onnx", "--precision", "auto", "--json").json["precision"] == "auto"


@pytest.mark.parametrize("as_json", [False, True])
def test_info_names_every_backend(replayrt, as_json):
    if not as_json:
        text = replayrt("info").out
        for word in ["replayrt", "openvino", "available, version", "tensorrt", "not available", "reason"]:
            assert word in text
        return
    report = replayrt("info", "--json").json
    assert report["version"] and report["machine"]["cores"] >= 1 and report["machine"]["cpu"]
    backends = {backend["name"]: backend for backend in report["backends"]}
    assert backends["openvino"]["available"] and backends["openvino"]["version"] and backends["openvino"]["devices"]
    for backend in backends.values():
        assert backend["available"] == (backend["why_missing"] == "")
