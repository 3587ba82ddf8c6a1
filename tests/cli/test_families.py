"""`replayrt families`."""

import json

from conftest import PACKAGES


def test_json_has_what_a_package_may_hold(replayrt):
    result = replayrt("families", "--json")
    assert result.err == ""
    families = {(family["architecture"], family["task"]): family for family in result.json["families"]}
    assert len(families) == len(result.json["families"])
    detector = families["yolov8", "object-detection"]
    assert detector["weights"] == {"openvino": "weights.onnx", "tensorrt": "engine.plan"}
    assert (detector["post_processing"], detector["may_be_fused"], detector["features"]) == ("nms", True, ["nms_fused"])
    assert families["yolonas", "object-detection"]["may_be_fused"] is False
    assert families["yolov10", "object-detection"]["post_processing"] is None
    assert families["pp-ocrv6-rec", "text-only-ocr"]["weights"]["openvino"] == "inference.onnx"
    assert all(family["tested_against"] for family in families.values())


def test_text_tells_the_same(replayrt):
    blocks = [block.splitlines() for block in replayrt("families").out.split("\n\n")]
    families = replayrt("families", "--json").json["families"]
    assert [block[0] for block in blocks] == [f"{family['architecture']}, {family['task']}" for family in families]
    shown = dict(line.strip().split("  ", 1) for line in blocks[[block[0] for block in blocks].index("yolonas, object-detection")][1:])
    assert {name: value.strip() for name, value in shown.items()} == {
        "weights": "weights.onnx (openvino), engine.plan (tensorrt)",
        "post-processing": "nms, not fused",
        "tested against": "inference-models 0.39.6, ONNX on the CPU",
    }
    assert sum("  features         nms_fused" in block for block in blocks) == sum("nms_fused" in f["features"] for f in families)


def test_every_family_of_the_test_packages_is_listed(replayrt):
    families = {(family["architecture"], family["task"]) for family in replayrt("families", "--json").json["families"]}
    for path in PACKAGES.glob("*/model_config.json"):
        config = json.loads(path.read_text())
        assert (config["model_architecture"], config["task_type"]) in families, path


def test_takes_no_argument(fails):
    assert "more" in fails("families", "more", code=2)
