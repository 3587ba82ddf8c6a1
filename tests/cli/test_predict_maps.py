"""`replayrt predict --maps`: what segmentations and depths become."""

import resource
import shutil

import cv2
import numpy as np

from conftest import COFFEE, PACKAGES, PICTURES

DETECTOR = PACKAGES / "yolov8-letterbox"
SEGMENTER = PACKAGES / "yolo26-segmentation-letterbox"
DEPTH = PACKAGES / "yolo26-depth-letterbox"
MOTORCYCLE = PICTURES / "motorcycle_333x500.png"
FLAT = PICTURES / "flat_64x96.png"


def test_a_segmentation_is_a_picture_of_classes(predict, tmp_path):
    coffee, flat = predict(SEGMENTER, COFFEE, FLAT, "--maps", "maps/deep")
    assert coffee["segmentation"] == {"size": [120, 160], "map": f"maps/deep/{COFFEE.name}"}
    classes = cv2.imread(str(tmp_path / coffee["segmentation"]["map"]), cv2.IMREAD_UNCHANGED)
    assert (classes.shape, classes.dtype) == ((120, 160), np.uint8)
    assert 2 < len(np.unique(classes)) <= 5 and classes.max() < 5
    background = (SEGMENTER / "class_names.txt").read_text().split().index("background")
    assert np.all(cv2.imread(str(tmp_path / flat["segmentation"]["map"]), cv2.IMREAD_UNCHANGED) == background)


def test_a_depth_is_an_array(predict, tmp_path, clip):
    lines = predict(DEPTH, COFFEE, clip, "--maps", "maps")
    names = [f"maps/{COFFEE.stem}.npy", *(f"maps/clip_{number:06}.npy" for number in range(5))]
    assert [line["depth"] for line in lines] == [{"size": [120, 160], "map": name} for name in names]
    depths = [np.load(tmp_path / name) for name in names]
    assert all((depth.shape, depth.dtype) == ((120, 160), np.float32) for depth in depths)
    assert 1 < depths[0].min() < depths[0].max() < 9
    assert not np.array_equal(depths[1], depths[5])


def test_without_a_folder_no_map_is_written(predict, tmp_path):
    for package, key in ((SEGMENTER, "segmentation"), (DEPTH, "depth")):
        assert predict(package, COFFEE)[0][key] == {"size": [120, 160], "map": None}
    assert list(tmp_path.iterdir()) == []


def test_confidence_decides_what_is_background(predict, tmp_path):
    background = []
    for number, confidence in enumerate((0.3, 0.9)):
        predict(SEGMENTER, MOTORCYCLE, "--maps", f"maps{number}", "--param", f"confidence={confidence}")
        classes = cv2.imread(str(tmp_path / f"maps{number}" / MOTORCYCLE.name), cv2.IMREAD_UNCHANGED)
        background.append(np.mean(classes == 1))
    assert background[0] + 0.1 < background[1]


def test_saved_pictures_show_maps(replayrt, tmp_path):
    for package, name in ((SEGMENTER, "classes"), (DEPTH, "depth")):
        replayrt("predict", package, MOTORCYCLE, "--save", name, "--maps", f"{name}-maps")
        before, after = cv2.imread(str(MOTORCYCLE)), cv2.imread(str(tmp_path / name / MOTORCYCLE.name))
        assert 0.4 < np.mean((before != after).any(axis=2))


def test_maps_that_cannot_be_written_leave_nothing(replayrt, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        result = replayrt("predict", DEPTH, COFFEE, "--maps", "maps", "--json", "found.jsonl", code=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert f"maps/{COFFEE.stem}.npy: cannot write" in result.error
    assert list(tmp_path.rglob("*")) == [tmp_path / "maps"]


def test_where_maps_cannot_go(fails, tmp_path):
    (tmp_path / "file").write_text("a file")
    assert "file" in fails("predict", SEGMENTER, COFFEE, "--maps", "file", code=1)
    shutil.copy(COFFEE, tmp_path / "x.png")
    assert "--maps: does not apply to object-detection" in fails("predict", DETECTOR, COFFEE, "--maps", "m", code=2)
    assert "--maps: the input 'x.png' lies in this" in fails("predict", SEGMENTER, "x.png", "--maps", ".", code=2)
    same = ["--save", "out/", "--maps", "./out"]
    assert "--maps: is the folder of --save" in fails("predict", SEGMENTER, COFFEE, *same, code=2)
