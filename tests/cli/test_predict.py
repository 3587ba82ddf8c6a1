"""`replayrt predict`: model packages on pictures, folders and videos."""

import io
import json
import os
import pty
import resource
import shutil
import subprocess

import cv2
import numpy as np
import pytest
from PIL import Image

from conftest import COFFEE, PACKAGES, PICTURES, PROGRAM, SECONDS, read_lines

DETECTOR = PACKAGES / "yolov8-letterbox"
CLASSIFIER = PACKAGES / "resnet-letterbox"
MOTORCYCLE = PICTURES / "motorcycle_333x500.png"
FLAT = PICTURES / "flat_64x96.png"
SORTED = sorted(PICTURES.glob("*.png"))


def found(line: dict) -> list[dict]:
    return line["detections"]


def info(replayrt, *arguments) -> str:
    return replayrt("predict", *arguments, "--log-level", "info").err


def with_text(tmp_path, name: str = "text.jpg"):
    path = tmp_path / name
    path.write_text("This is no picture.")
    return path


# What comes out.


def test_a_picture_is_a_line(predict):
    (line,) = predict(DETECTOR, COFFEE)
    assert list(line) == ["image", "size", "detections"]
    assert (line["image"], line["size"]) == (str(COFFEE), [120, 160])
    assert found(line)
    for box in found(line):
        left, top, right, bottom = box["xyxy"]
        assert 0 <= left <= right <= 160 and 0 <= top <= bottom <= 120
        assert box["class_name"] == ["apple", "bear", "car", "dog", "egg"][box["class_id"]]
        assert 0.4 <= box["confidence"] <= 1


def test_a_classifier_says_its_class(predict):
    (line,) = predict(CLASSIFIER, COFFEE)
    classification = line["classification"]
    assert classification["class_id"] == int(np.argmax(classification["confidence"]))
    assert sum(classification["confidence"]) == pytest.approx(1, abs=1e-5)


def test_order_is_that_of_the_command_line_and_folders_are_sorted(predict):
    lines = predict(DETECTOR, MOTORCYCLE, PICTURES, COFFEE)
    assert [line["image"] for line in lines] == [str(path) for path in (MOTORCYCLE, *SORTED, COFFEE)]


def test_a_folder_is_read_without_what_lies_deeper_and_what_is_no_picture(replayrt, tmp_path):
    folder = tmp_path / "mixed"
    (folder / "deeper.png").mkdir(parents=True)
    for name in ("b.png", "a.PNG"):
        shutil.copy(COFFEE, folder / name)
    (folder / "notes.txt").write_text("notes")
    result = replayrt("predict", DETECTOR, folder, "--log-level", "debug")
    assert [line["image"] for line in read_lines(result.out)] == [f"{folder}/a.PNG", f"{folder}/b.png"]
    assert "notes.txt: left out" in result.err


def test_a_batch_gives_what_single_pictures_give(predict, replayrt):
    one = predict(DETECTOR, PICTURES)
    for batch in (3, 0):
        for single, batched in zip(one, predict(DETECTOR, PICTURES, "--batch", batch), strict=True):
            assert [box["xyxy"] for box in found(single)] == [box["xyxy"] for box in found(batched)]
    for batch, calls in ((1, 8), (3, 3), (0, 1)):
        assert f"graph cache: {calls} calls" in info(replayrt, DETECTOR, PICTURES, "--batch", batch)


def test_json_to_a_file_is_what_is_printed(replayrt, tmp_path):
    printed = replayrt("predict", DETECTOR, PICTURES).out
    assert replayrt("predict", DETECTOR, PICTURES, "--json", "-").out == printed
    assert replayrt("predict", DETECTOR, PICTURES, "--json", "found.jsonl").out == ""
    assert (tmp_path / "found.jsonl").read_text() == printed
    assert [path.name for path in tmp_path.iterdir()] == ["found.jsonl"]


def test_a_name_that_is_no_utf8_is_no_problem(tmp_path):
    name = os.fsencode(tmp_path) + b"/picture-\xff.png"
    with open(name, "wb") as file:
        file.write(COFFEE.read_bytes())
    done = subprocess.run([PROGRAM, "predict", DETECTOR, name], capture_output=True, timeout=SECONDS)
    assert json.loads(done.stdout)["image"] == f"{tmp_path}/picture-\ufffd.png"


# Videos.


def test_a_video_is_its_frames(predict, clip):
    lines = predict(CLASSIFIER, clip)
    assert [line["image"] for line in lines] == [f"{clip}#{number}" for number in range(5)]
    assert lines[0]["size"] == [120, 160]
    batched = predict(CLASSIFIER, clip, "--batch", 2)
    assert [line["image"] for line in batched] == [line["image"] for line in lines]


def test_all_of_a_video_is_no_batch(fails, clip):
    assert "--batch: expected a whole number of at least 1" in fails("predict", CLASSIFIER, clip, "--batch", 0, code=2)


def test_what_is_no_video_is_an_error(fails, tmp_path):
    assert "text.mp4: is no video" in fails("predict", CLASSIFIER, with_text(tmp_path, "text.mp4"), code=1)


# Pictures with what was found.


def test_saved_pictures_show_what_was_found(replayrt, tmp_path):
    replayrt("predict", DETECTOR, MOTORCYCLE, FLAT, "--save", "drawn/deep")
    for path, differs in ((MOTORCYCLE, True), (FLAT, False)):
        before, after = cv2.imread(str(path)), cv2.imread(str(tmp_path / "drawn/deep" / path.name))
        assert before.shape == after.shape
        assert (before != after).any() == differs
    replayrt("predict", CLASSIFIER, FLAT, "--save", "classes")
    assert (cv2.imread(str(tmp_path / "classes" / FLAT.name)) != cv2.imread(str(FLAT))).any()


def test_saved_pictures_keep_name_and_format_and_do_not_overwrite_each_other(replayrt, tmp_path, clip):
    picture = Image.open(COFFEE)
    for name in ("a/x.jpg", "b/x.jpg", "c/x.png"):
        (tmp_path / name).parent.mkdir()
        picture.save(tmp_path / name)
    replayrt("predict", CLASSIFIER, "a", "b", "c", clip, "--save", "drawn")
    names = ["x.jpg", "x_2.jpg", "x.png", *(f"clip_{number:06}.png" for number in range(5))]
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == sorted(names)
    for name, form in (("x.jpg", "JPEG"), ("x.png", "PNG")):
        assert Image.open(tmp_path / "drawn" / name).format == form


def test_inputs_are_not_overwritten(fails, tmp_path):
    shutil.copy(COFFEE, tmp_path / "x.png")
    assert "'x.png' lies in this folder" in fails("predict", CLASSIFIER, "x.png", "--save", ".", code=2)


# Parameters.


@pytest.mark.parametrize(
    ("package", "picture", "one", "other"),
    [
        ("yolov8-letterbox", MOTORCYCLE, "confidence=0.41", "confidence=0.6"),
        ("yolov8-letterbox", MOTORCYCLE, "confidence=default", "confidence=best"),
        ("yolov8-letterbox", MOTORCYCLE, "iou_threshold=0.1", "iou_threshold=0.9"),
        ("yolov8-letterbox", MOTORCYCLE, "max_detections=1", "max_detections=3"),
        ("yolov8-letterbox", MOTORCYCLE, "class_agnostic_nms=false", "class_agnostic_nms=true"),
        ("yolov8-any-size-letterbox", COFFEE, "image_size=64x96", "image_size=128"),
        ("yolov8-masks-letterbox", COFFEE, "masks_smoothing_enabled=true", "masks_smoothing_enabled=false"),
        ("yolov8-masks-letterbox", COFFEE, "masks_binarization_threshold=0.2", "masks_binarization_threshold=0.8"),
        ("yolov8-masks-letterbox", COFFEE, "masks_resolution_factor=1", "masks_resolution_factor=0.5"),
        ("yolov8-points-letterbox", MOTORCYCLE, "key_points_threshold=0", "key_points_threshold=0.6"),
        ("yolov8-adaptive", COFFEE, "disable_contrast_enhancement=0", "disable_contrast_enhancement=1"),
        ("yolov8-grayscale", COFFEE, "disable_grayscale=0", "disable_grayscale=1"),
        ("yolov8-crop", COFFEE, "disable_static_crop=0", "disable_static_crop=1"),
    ],
)
def test_every_parameter_changes_the_answer(predict, package, picture, one, other):
    first, second = (predict(PACKAGES / package, picture, "--param", param) for param in (one, other))
    assert first != second


def test_parameters_mean_what_they_say(predict):
    (line,) = predict(DETECTOR, MOTORCYCLE)
    middle = sorted(box["confidence"] for box in found(line))[len(found(line)) // 2]
    confident = [box for box in found(line) if box["confidence"] > middle]
    assert len(confident) > 2
    (above,) = predict(DETECTOR, MOTORCYCLE, "--param", f"confidence={middle + 1e-6:.9f}")
    assert found(above) == confident
    (few,) = predict(DETECTOR, MOTORCYCLE, "--param", "max_detections=2")
    assert found(few) == found(line)[:2]
    assert predict(DETECTOR, MOTORCYCLE, "--param", "confidence=default") == [line]


def test_disable_cuda_graphs_leaves_the_cache_out(replayrt):
    assert " 1 calls" in info(replayrt, DETECTOR, COFFEE, "--param", "disable_cuda_graphs=false")
    assert " 0 calls" in info(replayrt, DETECTOR, COFFEE, "--param", "disable_cuda_graphs=true")


@pytest.mark.parametrize(
    ("package", "param", "message"),
    [
        (DETECTOR, "conf=0.5", "unknown parameter 'conf', expected one of confidence, iou_threshold"),
        (DETECTOR, "confidence", "expected NAME=VALUE"),
        (DETECTOR, "confidence=2", "--param confidence: expected a number from 0 to 1, default or best, got '2'"),
        (DETECTOR, "image_size=0", "--param image_size"),
        (DETECTOR, "input_color_format=rgb", "input_color_format: does not apply to files"),
        (DETECTOR, "mask_format=rle", "mask_format: does not apply, masks are always lengths of runs"),
        (DETECTOR, "masks_resolution_factor=0.5", "masks_resolution_factor does not apply to yolov8"),
        (CLASSIFIER, "key_points_threshold=0.5", "key_points_threshold does not apply to resnet for classification"),
        (CLASSIFIER, "iou_threshold=0.5", "iou_threshold"),
    ],
)
def test_a_wrong_parameter_is_a_usage_error(fails, package, param, message):
    assert message in fails("predict", package, COFFEE, "--param", param, code=2)


def test_a_parameter_is_given_once(fails):
    twice = ["--param", "confidence=0.5", "--param", "confidence=0.6"]
    assert "confidence: is given twice" in fails("predict", DETECTOR, COFFEE, *twice, code=2)


# How the model runs.


def test_capacity_and_max_bytes_bound_the_cache(replayrt):
    assert "holds 0 of 8 graphs, 0 B (no limit)" in info(replayrt, DETECTOR, COFFEE)
    bounded = info(replayrt, DETECTOR, COFFEE, "--capacity", "3", "--max-bytes", "2M")
    assert "of 3 graphs" in bounded and "(2 MB)" in bounded
    assert "of 0 graphs" in info(replayrt, DETECTOR, COFFEE, "--capacity", "0")


def test_load_options_are_applied(replayrt, fails):
    plain = info(replayrt, DETECTOR, COFFEE)
    assert "object-detection, openvino" in plain and "on cpu, precision f32, threads as many as cores" in plain
    other = info(replayrt, DETECTOR, COFFEE, "--precision", "bf16", "--inference-threads", "1", "--backend", "openvino")
    assert "precision bf16, threads 1" in other
    assert "tensorrt" in fails("predict", DETECTOR, COFFEE, "--backend", "tensorrt", code=1)
    assert "cuda" in fails("predict", DETECTOR, COFFEE, "--device", "cuda:1", code=1)
    assert "nope" in fails("predict", DETECTOR, COFFEE, "--backend", "nope", code=2)


def test_reference_compatible_changes_what_differs(predict):
    plain = predict(PACKAGES / "rfdetr-letterbox", MOTORCYCLE)
    assert plain != predict(PACKAGES / "rfdetr-letterbox", MOTORCYCLE, "--reference-compatible")


# What goes wrong.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([DETECTOR], "IMAGE is required"),
        ([], "PACKAGE is required"),
        ([DETECTOR, COFFEE, "--batch", "-1"], "--batch: expected a whole number from 0"),
        ([DETECTOR, COFFEE, "--capacity", "-1"], "--capacity"),
        ([DETECTOR, COFFEE, "--max-bytes", "lots"], "--max-bytes"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(fails, arguments, message):
    assert message in fails("predict", *arguments, code=2)


def test_what_cannot_be_read_is_named(fails, tmp_path):
    assert "missing.png: no such file" in fails("predict", DETECTOR, "missing.png", code=1)
    (tmp_path / "empty").mkdir()
    assert "empty: no picture in this folder" in fails("predict", DETECTOR, "empty", code=1)
    assert "text.jpg: is no picture" in fails("predict", DETECTOR, with_text(tmp_path), code=1)
    assert str(PICTURES) in fails("predict", PICTURES, COFFEE, code=1)
    assert "no/package" in fails("predict", "no/package", COFFEE, code=1)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_truncated_picture_is_no_half_grey_one(fails, tmp_path, form):
    buffer = io.BytesIO()
    Image.open(COFFEE).save(buffer, form)
    (tmp_path / "cut").write_bytes(buffer.getvalue()[: len(buffer.getvalue()) * 2 // 3])
    assert "cut: is truncated" in fails("predict", DETECTOR, "cut", code=1)


@pytest.mark.parametrize("output", [("--json", "no/found.jsonl"), ("--save", "file"), ("--save", "file/deeper")])
def test_what_cannot_be_written_is_told(fails, tmp_path, output):
    (tmp_path / "file").write_text("a file")
    assert output[1] in fails("predict", DETECTOR, COFFEE, *output, code=1)


def test_a_bad_picture_ends_the_run_and_leaves_no_file(fails, tmp_path):
    text = with_text(tmp_path)
    assert "text.jpg: is no picture" in fails("predict", DETECTOR, COFFEE, text, "--json", "found.jsonl", code=1)


def test_no_partial_lines_on_a_full_disk(replayrt, tmp_path):
    # A limit on file sizes stands in for a full disk: the write fails half way.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    try:
        result = replayrt("predict", DETECTOR, COFFEE, "--json", "found.jsonl", code=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "found.jsonl: cannot write" in result.error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("batch", [1, 0])
def test_keep_going_says_which_pictures_are_bad(replayrt, tmp_path, batch):
    text = with_text(tmp_path)
    pictures = [COFFEE, text, MOTORCYCLE, "missing.png"]
    arguments = ["predict", DETECTOR, *pictures, "--batch", batch]
    result = replayrt(*arguments, "--keep-going", "--json", "found.jsonl", "--save", "drawn", code=1)
    assert result.error == '2 of 4 pictures failed, see their "error"'
    lines = read_lines((tmp_path / "found.jsonl").read_text())
    assert [line["image"] for line in lines] == [str(path) for path in pictures]
    assert ["error" in line for line in lines] == [False, True, False, True]
    assert "text.jpg: is no picture" in lines[1]["error"]
    assert len(list((tmp_path / "drawn").iterdir())) == 2
    assert "text.jpg" in replayrt(*arguments, code=1).error
    assert replayrt("predict", DETECTOR, COFFEE, "--keep-going").err == ""


def test_progress_is_shown_on_a_terminal_only():
    arguments = [PROGRAM, "predict", DETECTOR, PICTURES]
    assert subprocess.run(arguments, capture_output=True, timeout=SECONDS).stderr == b""
    master, slave = pty.openpty()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    shown = b""
    try:
        while chunk := os.read(master, 4096):
            shown += chunk
    except OSError:  # How a terminal says that the other side is closed.
        pass
    os.close(master)
    assert process.wait(timeout=SECONDS) == 0
    assert b"predicting [" in shown and shown.endswith(b"\r\x1b[K")


def test_a_cmyk_picture_is_converted(predict, tmp_path):
    Image.open(COFFEE).convert("CMYK").save(tmp_path / "cmyk.jpg")
    assert predict(CLASSIFIER, "cmyk.jpg")[0]["size"] == [120, 160]


def test_a_turned_picture_stands_upright(predict, tmp_path):
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[274] = orientation
        Image.open(COFFEE).save(tmp_path / "turned.jpg", exif=exif)
        assert predict(CLASSIFIER, "turned.jpg")[0]["size"] == ([120, 160] if orientation < 5 else [160, 120])
