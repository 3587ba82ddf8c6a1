"""`replayrt inspect` of a model package: what it is, and all that is wrong with it."""

import json
import shutil

import pytest

from conftest import MODELS, PACKAGES

EVERYTHING = PACKAGES / "yolov8-everything"


@pytest.fixture
def package(tmp_path):
    """A copy of a good package, to be spoilt."""
    shutil.copytree(PACKAGES / "yolov8-letterbox", tmp_path / "package")
    return tmp_path / "package"


def change(path, **values) -> None:
    """Sets entries of a JSON file, "a.b" within "a"; None takes them out."""
    content = json.loads(path.read_text())
    for name, value in values.items():
        *parents, last = name.split(".")
        at = content
        for parent in parents:
            at = at[parent]
        at[last] = value
        if value is None:
            del at[last]
    path.write_text(json.dumps(content))


def rows(text: str) -> dict[str, str]:
    return {line[:15].strip(): line[17:] for line in text.split("\n\n")[0].splitlines()}


def problems(text: str) -> list[tuple[str, str]]:
    _, _, lines = text.partition("\nproblems\n")
    return [tuple(line.strip().split(maxsplit=1)) for line in lines.split("\n\n")[0].splitlines()]


def test_text_says_what_the_package_is(replayrt):
    text = replayrt("inspect", EVERYTHING).out
    found = rows(text)
    assert found["package"] == str(EVERYTHING)
    assert (found["architecture"], found["task"], found["backend"]) == ("yolov8", "object-detection", "onnx")
    assert found["weights"].startswith("weights.onnx (")
    assert found["input"] == "64x96, 3 channels bgr, letterbox (filled with 0)"
    assert found["values"] == "divided by 255, less 0.485 0.456 0.406, divided by 0.229 0.224 0.225"
    steps = "static crop (x 10 to 90 %, y 20 to 80 %), contrast (Contrast Stretching), grayscale"
    assert found["pre-processing"] == steps
    assert found["classes"] == "5: apple, bear, car, dog, egg"
    assert (found["post-processing"], found["batch"], found["recommended"]) == ("nms", "any", "nothing")
    assert "images  f32     ?x3x64x96" in text and "outputs" in text
    assert "problems" not in text


@pytest.mark.parametrize(
    ("name", "row", "value"),
    [
        ("yolov8-letterbox", "recommended", "confidence 0.55, bear 0.7, dog 0.45"),
        ("yolov8-static2", "batch", "2"),
        ("yolov8-max2", "batch", "1 to 2"),
        ("yolov8-fused-letterbox", "post-processing", "nms, done by the network"),
        ("resnet-multi-letterbox", "task", "multi-label-classification"),
        ("rfdetr-removal-letterbox", "removed", "2: background, car"),
        ("rfdetr-letterbox", "post-processing", "of the family"),
    ],
)
def test_text_tells_packages_apart(replayrt, name, row, value):
    assert rows(replayrt("inspect", PACKAGES / name).out)[row] == value


def test_other_sizes_are_told(replayrt):
    text = replayrt("inspect", PACKAGES / "yolov8-any-size-letterbox").out
    assert "other sizes that 32 divides" in rows(text)["input"]


def test_json_says_the_same(replayrt):
    report = replayrt("inspect", EVERYTHING, "--json").json
    assert (report["package"], report["usable"], report["problems"]) == (str(EVERYTHING), True, [])
    assert (report["architecture"], report["task"], report["package_backend"]) == ("yolov8", "object-detection", "onnx")
    (weights,) = report["weights"]
    assert weights == {"file": "weights.onnx", "bytes": (EVERYTHING / "weights.onnx").stat().st_size}
    assert report["input"]["size"] == [64, 96]
    assert report["input"]["normalization"]["means"] == [0.485, 0.456, 0.406]
    assert report["pre_processing"]["static_crop"] == {"x_min": 10, "x_max": 90, "y_min": 20, "y_max": 80}
    assert report["class_names"] == ["apple", "bear", "car", "dog", "egg"]
    assert (report["backend"], report["device"], report["precision"]) == ("openvino", "cpu", "f32")
    assert [tensor["name"] for tensor in report["inputs"] + report["outputs"]] == ["images", "output0"]
    recommended = replayrt("inspect", PACKAGES / "yolov8-letterbox", "--json").json["recommended"]
    assert recommended == {"confidence": 0.55, "per_class_confidence": {"bear": 0.7, "dog": 0.45}}


def test_load_flags_reach_the_engine(replayrt, package):
    assert replayrt("inspect", package, "--json", "--precision", "auto").json["precision"] == "auto"
    fused = replayrt("inspect", package, "--json", "--fuse", "argmax:output0:1").json
    assert fused["outputs"][0]["dtype"] == "i64"
    # No backend of this machine for the weights that are there: the package is shown alone.
    assert "inputs" not in replayrt("inspect", package, "--json", "--backend", "tensorrt").json


def test_all_that_is_wrong_is_told_at_once(replayrt, package):
    change(package / "inference_config.json", **{"network_input.color_mode": "purple", "network_input.resize_mode": 3})
    (package / "model_config.json").write_text("no JSON")
    (package / "weights.onnx").unlink()
    result = replayrt("inspect", package, code=1)
    found = problems(result.out)
    for part in ("network_input.color_mode: ", "network_input.resize_mode: ", "model_config.json: ", "weights.onnx"):
        assert any(severity == "error" and part in text for severity, text in found), (part, found)
    errors = sum(severity == "error" for severity, _ in found)
    assert result.error == f"{package}: this package cannot be used: {errors} errors"
    as_json = replayrt("inspect", package, "--json", code=1)
    assert as_json.error == result.error
    assert as_json.json["usable"] is False and len(as_json.json["problems"]) == len(found)
    assert {"severity", "code", "file", "key", "message"} == set(as_json.json["problems"][0])
    places = {(problem["file"], problem["key"]) for problem in as_json.json["problems"]}
    assert ("inference_config.json", "network_input.color_mode") in places


def test_a_single_error_is_one(replayrt, package):
    change(package / "inference_config.json", **{"network_input.color_mode": "purple"})
    assert replayrt("inspect", package, code=1).error.endswith("cannot be used: 1 error")


def test_a_warning_leaves_the_package_usable(replayrt, package):
    change(package / "inference_config.json", unheard_of=1)
    result = replayrt("inspect", package)
    ((severity, text),) = problems(result.out)
    assert severity == "warning" and text.startswith("inference_config.json: unheard_of: ")
    assert "inputs" in result.out and result.err == ""
    assert replayrt("inspect", package, "--json").json["problems"][0]["severity"] == "warning"


def test_weights_that_cannot_be_loaded_are_an_error_after_the_report(replayrt, package):
    (package / "weights.onnx").write_bytes(b"no model at all")
    result = replayrt("inspect", package, code=1)
    assert rows(result.out)["architecture"] == "yolov8"
    assert "weights.onnx" in result.error


def test_a_folder_that_is_no_package_is_an_error(fails, tmp_path):
    assert "is a directory, and no model package" in fails("inspect", MODELS, code=1)
    assert "is a directory, and no model package" in fails("inspect", tmp_path, code=1)


def test_a_wrong_flag_is_a_usage_error(fails, package):
    assert "nope" in fails("inspect", package, "--device", "nope", code=2)
