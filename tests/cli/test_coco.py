"""`replayrt predict --coco`: what pycocotools makes of the file."""

import contextlib
import copy
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest

from conftest import COFFEE, PACKAGES, PICTURES

pytest.importorskip("pycocotools")
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from pycocotools.mask import frPyObjects

DETECTOR = PACKAGES / "yolov8-letterbox"
POINTS = PACKAGES / "yolov8-points-letterbox"
SEGMENTER = PACKAGES / "yolov8-masks-letterbox"
GUIDE = Path(__file__).parents[2] / "docs" / "guide.md"
MASKS = Path(__file__).parent / "expected" / "coco_masks.json"


@pytest.fixture
def coco(replayrt, tmp_path):
    """The lines of a run, and its --coco file as pycocotools loads it."""

    def run(package, *arguments, code: int = 0) -> tuple[list[dict], COCO]:
        lines = replayrt("predict", package, *arguments, "--coco", "found.json", code=code).out.splitlines()
        return [json.loads(line) for line in lines], load(tmp_path / "found.json")

    return run


def load(path: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def average_precision(truth: COCO, found: list[dict], kind: str, category: int | None = None) -> float:
    """Of `found` as the results of a model, `truth` as what is in the pictures."""
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(copy.deepcopy(found)), kind)
        if category is not None:
            evaluation.params.catIds = [category]
        if kind == "keypoints":
            places = len(truth.loadCats([category])[0]["keypoints"])
            evaluation.params.kpt_oks_sigmas = np.full(places, 0.1)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats[0]


def test_the_file_says_what_the_lines_say(coco):
    lines, dataset = coco(DETECTOR, PICTURES, "--batch", 3)
    images = dataset.loadImgs(dataset.getImgIds())
    assert [image["file_name"] for image in images] == [line["image"] for line in lines]
    assert [[image["height"], image["width"]] for image in images] == [line["size"] for line in lines]
    assert any(not line["detections"] for line in lines)
    for image, line in zip(images, lines):
        annotations = dataset.loadAnns(dataset.getAnnIds(imgIds=[image["id"]]))
        assert len(annotations) == len(line["detections"])
        for annotation, box in zip(annotations, line["detections"]):
            left, top, right, bottom = box["xyxy"]
            assert annotation["bbox"] == [left, top, right - left, bottom - top]
            assert annotation["area"] == (right - left) * (bottom - top)
            assert annotation["score"] == box["confidence"]
            assert dataset.cats[annotation["category_id"]]["name"] == box["class_name"]
            assert annotation["category_id"] == box["class_id"] + 1
            assert annotation["iscrowd"] == 0


def test_boxes_are_evaluated(coco):
    _, dataset = coco(DETECTOR, PICTURES)
    found = dataset.dataset["annotations"]
    assert average_precision(dataset, found, "bbox") == pytest.approx(1)
    for shift in ({"category_id": 1}, {"bbox": [0, 0, 5, 5]}):
        assert average_precision(dataset, [annotation | shift for annotation in found], "bbox") < 0.7


def test_key_points_are_the_lines_and_are_evaluated(coco):
    lines, dataset = coco(POINTS, PICTURES)
    boxes = [box for line in lines for box in line["detections"]]
    found = dataset.dataset["annotations"]
    assert len(found) == len(boxes)
    for annotation, box in zip(found, boxes):
        points = np.reshape(annotation["keypoints"], (-1, 3))
        assert points[:, :2].tolist() == [point[:2] for point in box["keypoints"]]
        assert annotation["keypoint_scores"] == [point[2] for point in box["keypoints"]]
        assert (points[:, 2] == np.where(np.array(annotation["keypoint_scores"]) > 0, 2, 0)).all()
        assert annotation["num_keypoints"] == np.count_nonzero(points[:, 2])
    category = dataset.loadCats([1])[0]
    assert category["keypoints"] == ["apple 0", "apple 1", "apple 2", "apple 3"]
    assert category["skeleton"] == [[1, 2], [2, 3], [3, 4], [4, 1]]
    of_apples = [annotation for annotation in found if annotation["category_id"] == 1]
    assert average_precision(dataset, of_apples, "keypoints", category=1) == pytest.approx(1)
    swapped = copy.deepcopy(of_apples)
    for annotation in swapped:
        points = np.reshape(annotation["keypoints"], (-1, 3))
        annotation["keypoints"] = points[:, [1, 0, 2]].ravel().tolist()
    assert average_precision(dataset, swapped, "keypoints", category=1) < 0.5


def test_masks_are_evaluated():
    """The file is what CocoTest.MasksAreSegmentationsAndGiveTheArea has written."""
    dataset = load(MASKS)
    found = dataset.dataset["annotations"]
    assert dataset.annToMask(found[0]).tolist() == [[0] * 5, [0, 1, 1, 0, 0], [0, 1, 0, 0, 0], [0] * 5]
    assert [dataset.annToMask(annotation).sum() for annotation in found] == [3, 20, 3, 20]
    assert average_precision(dataset, found, "segm") == pytest.approx(1)
    masks = [annotation["segmentation"] for annotation in found]
    exchanged = [annotation | {"segmentation": mask} for annotation, mask in zip(found, masks[1:] + masks[:1])]
    assert average_precision(dataset, exchanged, "segm") == pytest.approx(0)


def test_masks_are_the_lines(coco):
    lines, dataset = coco(SEGMENTER, PICTURES)
    masks = [box["mask"] for line in lines for box in line["detections"]]
    found = dataset.dataset["annotations"]
    assert len(found) == len(masks)
    for annotation, mask in zip(found, masks):
        assert annotation["segmentation"]["size"] == mask["size"]
        assert annotation["segmentation"]["counts"] == frPyObjects(mask, *mask["size"])["counts"].decode()
        assert annotation["area"] == dataset.annToMask(annotation).sum() == sum(mask["counts"][1::2])
    # To pycocotools a mask without a pixel overlaps nothing, not even itself.
    seen = [annotation for annotation in found if annotation["area"] > 0]
    dataset.dataset["annotations"] = seen
    with contextlib.redirect_stdout(io.StringIO()):
        dataset.createIndex()
    assert 0 < len(seen) < len(found)
    assert average_precision(dataset, seen, "segm") == pytest.approx(1)


def test_masks_of_another_size_than_the_pictures_are_refused(coco, fails):
    coarse = ("--param", "masks_resolution_factor=0.5")
    assert fails("predict", SEGMENTER, COFFEE, "--coco", "a.json", *coarse, code=2).startswith("--coco: its masks have")
    coco(SEGMENTER, COFFEE, "--param", "masks_resolution_factor=1")


def test_the_guides_example_evaluates_a_run(coco, tmp_path, monkeypatch):
    """The truth has other ids, another order and bare file names, as a user's has."""
    _, dataset = coco(DETECTOR, PICTURES)
    truth = copy.deepcopy(dataset.dataset)
    for image in truth["images"]:
        image |= {"id": image["id"] + 100, "file_name": Path(image["file_name"]).name}
    for category in truth["categories"]:
        category["id"] = 50 - category["id"]
    for annotation in truth["annotations"]:
        annotation["image_id"] += 100
        annotation["category_id"] = 50 - annotation["category_id"]
    (tmp_path / "annotations.json").write_text(json.dumps(truth))
    (example,) = re.findall(r"^```python\n(.*?pycocotools.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(example, names)
    assert names["evaluation"].stats[0] == pytest.approx(1)


def test_without_a_find_there_is_a_file(coco):
    _, dataset = coco(DETECTOR, PICTURES / "flat_64x96.png")
    assert len(dataset.getImgIds()) == 1 and dataset.getAnnIds() == []
    assert [category["name"] for category in dataset.loadCats(dataset.getCatIds())] == [
        "apple",
        "bear",
        "car",
        "dog",
        "egg",
    ]


def test_a_picture_that_cannot_be_read_leaves_no_file(fails, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    old = tmp_path / "found.json"
    old.write_text("as it was")
    # Both the lines and the dataset are whole or not there.
    arguments = ("--json", "found.jsonl", "--coco", old)
    assert "bad.png" in fails("predict", DETECTOR, COFFEE, bad, *arguments, code=1)


def test_kept_going_the_pictures_that_could_be_read_are_in_it(coco, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    lines, dataset = coco(DETECTOR, bad, COFFEE, "--keep-going", code=1)
    assert "error" in lines[0]
    (image,) = dataset.loadImgs(dataset.getImgIds())
    assert image["file_name"] == str(COFFEE)
    assert len(dataset.getAnnIds(imgIds=[image["id"]])) == len(lines[1]["detections"])


def test_what_cannot_be_written_is_told_before_the_model_is_loaded(fails, tmp_path):
    missing = tmp_path / "nothing"
    assert "no such directory" in fails("predict", missing, COFFEE, "--coco", tmp_path / "no/found.json", code=1)
    for arguments in (("--coco", "-"), ("--coco", "./same.json", "--json", "same.json")):
        assert fails("predict", missing, COFFEE, *arguments, code=2).startswith("--coco: expected ")


def test_other_tasks_have_no_such_file(fails):
    text = fails("predict", PACKAGES / "resnet-letterbox", COFFEE, "--coco", "found.json", code=2)
    assert text.startswith("--coco: does not apply to classification")
