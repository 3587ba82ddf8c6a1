"""AutoModel: the answers of the C++ program, every option, pictures of every kind."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import weakref
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from conftest import PACKAGES, PICTURES, SECONDS, load

import replayrt
from replayrt import (
    AutoModel,
    ClassificationPrediction,
    CorruptedModelPackageError,
    Detections,
    GraphCacheOptions,
    InvalidParameterError,
    ModelInputError,
    MultiLabelClassificationPrediction,
    PreProcessingOverrides,
    RecommendedParameters,
    TRTCudaGraphCache,
)

FAMILIES = [
    "yolov5-letterbox",
    "yolov7-stretch",
    "yolov8-letterbox",
    "yolov8-fused-letterbox",
    "yolov8-masks-letterbox",
    "rfdetr-masks-letterbox",
    "yolov9-stretch",
    "yolov10-stretch",
    "yolov11-letterbox",
    "yolov12-stretch",
    "yolo26-letterbox",
    "yolo26-segmentation-crop",
    "yolo26-depth-letterbox",
    "deep-lab-v3-plus-letterbox",
    "yolonas-letterbox",
    "rfdetr-stretch",
    "resnet-stretch",
    "resnet-multi-stretch",
    "vit-stretch",
    "yolov8-classification-stretch",
    "yolov8-points-letterbox",
    "yolov11-points-fused-letterbox",
    "yolo26-points-letterbox",
    "rfdetr-points-stretch",
]


@pytest.mark.parametrize("package", FAMILIES)
def test_answers_are_the_programs(package):
    program = os.environ["REPLAYRT_PROGRAM"]
    arguments = [program, "predict", PACKAGES / package, *PICTURES, "--json", "-", "--log-level", "off"]
    done = subprocess.run(arguments, capture_output=True, timeout=SECONDS, check=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    with load(package) as model:
        for path, line in zip(PICTURES, lines, strict=True):
            (found,) = model(path)
            assert json.loads(found.to_json(image=str(path))) == json.loads(line)


def test_results_are_of_the_tasks_class(detector, picture):
    (found,) = detector(picture, confidence=0.01)
    assert type(found) is Detections and len(found) > 0
    assert found.xyxy.dtype == np.int32 and found.xyxy.shape == (len(found), 4)
    assert found.class_id.dtype == np.int32 and found.confidence.dtype == np.float32
    assert found.image_size == picture.shape[:2] and found.class_names is detector.class_names
    assert type(load("resnet-stretch")(picture)[0]) is ClassificationPrediction
    assert type(load("resnet-multi-stretch")(picture)[0]) is MultiLabelClassificationPrediction


def test_nothing_found_is_an_empty_result(detector, picture):
    (found,) = detector(picture, confidence=1.0)
    assert len(found) == 0 and found.xyxy.shape == (0, 4) and found.to_dict()["detections"] == []


def test_a_model_says_what_it_is(detector):
    assert (detector.architecture, detector.task) == ("yolov8", "object-detection")
    assert isinstance(detector.class_names, tuple) and detector.class_names
    assert detector.engine.backend == "openvino" and detector.graph_cache is None
    assert "yolov8 for object-detection" in repr(detector)


def test_families_are_the_programs():
    done = subprocess.run([os.environ["REPLAYRT_PROGRAM"], "families", "--json"], check=True, capture_output=True, timeout=SECONDS)
    assert replayrt.list_families() == json.loads(done.stdout)["families"]


def test_pictures_come_in_many_ways(detector, picture):
    (expected,) = detector(picture, confidence=0.01)
    rgb = np.ascontiguousarray(picture[:, :, ::-1])
    opaque = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    gaps = np.zeros((picture.shape[0], picture.shape[1] + 5, 3), np.uint8)
    gaps[:, :-5] = picture
    for images, options in [
        (PICTURES[0], {}),
        (str(PICTURES[0]), {}),
        (PIL.Image.open(PICTURES[0]), {}),
        (rgb, {"input_color_format": "rgb"}),
        (picture, {"input_color_format": "bgr"}),
        (opaque, {}),
        (gaps[:, :-5], {}),
        (picture[::-1][::-1], {}),
    ]:
        assert detector(images, confidence=0.01, **options) == [expected]
    assert detector([picture, PICTURES[1], PIL.Image.open(PICTURES[0])], confidence=0.01)[::2] == [expected, expected]
    assert detector(picture, confidence=0.01, input_color_format="rgb") != [expected]


def test_predict_infer_and_call_are_one(detector, picture):
    assert detector(picture) == detector.predict(picture) == detector.infer(picture)


@pytest.mark.parametrize(
    "images",
    [[], None, 3, "no such.png", np.zeros((4, 4, 3), np.float32), np.zeros((4, 4, 5), np.uint8), np.zeros(4, np.uint8)],
)
def test_what_is_no_picture_is_refused(detector, images):
    with pytest.raises((ModelInputError, replayrt.FileAccessError)):
        detector(images)


def test_the_three_stages_are_the_whole(detector, picture):
    images, metadata = detector.pre_process([picture, PICTURES[1]])
    result = detector.forward(images)
    assert result.route == "eager" and images.shape[0] == 2
    expected = detector([picture, PICTURES[1]], confidence=0.01)
    assert detector.post_process(result, metadata, confidence=0.01) == expected
    assert detector.post_process([np.array(o) for o in result.outputs], metadata, confidence=0.01) == expected
    assert metadata[0].original_size == replayrt.ImageDimensions(*picture.shape[:2])
    assert metadata[0].static_crop_offset.crop_width == picture.shape[1]
    with pytest.raises(ModelInputError):
        detector.forward(np.zeros((1, 3, 8, 8), np.int64))
    with pytest.raises(ModelInputError):
        detector.post_process([], metadata)


# Options of calls, each in two values that answer differently.


def test_confidence(detector, picture):
    counts = [len(detector(picture, confidence=c)[0]) for c in (0.01, "default", None, 0.9)]
    assert counts[0] > counts[1] == counts[2] >= counts[3]
    with pytest.raises(InvalidParameterError, match="often"):
        detector(picture, confidence="often")
    with pytest.raises(InvalidParameterError):
        detector(picture, confidence=1.5)


def test_best_confidence_is_the_recommended_one(picture):
    with load("yolov8-letterbox", recommended_parameters=RecommendedParameters(confidence=0.01)) as model:
        assert model(picture, confidence="best") == model(picture, confidence=0.01) != model(picture)
    none = RecommendedParameters(confidence=0.01, per_class_confidence=dict.fromkeys(model.class_names, 1.0))
    with load("yolov8-letterbox", recommended_parameters=none) as model:
        assert len(model(picture, confidence="best")[0]) == 0


def test_suppression(detector, picture):
    def count(**options):
        return len(detector(picture, confidence=0.01, **options)[0])

    assert count(iou_threshold=1.0) > count(iou_threshold=0.1)
    assert count(max_detections=2) == 2
    assert count(class_agnostic_nms=True, iou_threshold=0.05) < count(class_agnostic_nms=False, iou_threshold=0.05)


def test_image_size(picture):
    with load("yolov8-any-size-letterbox") as model:
        sizes = [model.pre_process(picture, image_size=size)[0].shape for size in (None, (160, 96), 128)]
    assert len(set(sizes)) == 3
    assert sizes[1][1:3] == (96, 160) and sizes[2][1:3] == (128, 128)


@pytest.mark.parametrize(
    ("package", "step"),
    [
        ("yolov8-crop", "disable_static_crop"),
        ("yolov8-grayscale", "disable_grayscale"),
        ("rfdetr-histogram", "disable_contrast_enhancement"),
    ],
)
def test_pre_processing_overrides(package, step, picture):
    with load(package) as model:
        plain = model.pre_process(picture)[0]
        for overrides in ({step: True}, PreProcessingOverrides(**{step: True})):
            assert not np.array_equal(model.pre_process(picture, pre_processing_overrides=overrides)[0], plain)
        np.testing.assert_array_equal(model.pre_process(picture, pre_processing_overrides={step: False})[0], plain)
    with pytest.raises(InvalidParameterError, match="disable_all"):
        model(picture, pre_processing_overrides={"disable_all": True})


def test_options_that_mean_nothing_are_refused_by_name(picture):
    with load("resnet-stretch") as model:
        with pytest.raises(InvalidParameterError, match="iou_threshold"):
            model(picture, iou_threshold=0.5)
        with pytest.raises(TypeError, match="nonsense"):
            model(picture, nonsense=1)
    with load("resnet-stretch", reference_compatible=True) as model:
        assert model(picture, iou_threshold=0.5, nonsense=1) == model(picture)


# Options of loading.


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"image_size": (1, 2, 3)}, InvalidParameterError, r"image_size is \(1, 2, 3\)"),
        ({"image_size": "x"}, InvalidParameterError, "image_size is 'x'"),
        ({"image_size": 9.5}, InvalidParameterError, "image_size is 9.5"),
        ({"confidence": [1]}, InvalidParameterError, r"confidence is \[1\]"),
        ({"iou_threshold": "0.5"}, InvalidParameterError, "iou_threshold is '0.5'"),
        ({"max_detections": 2.5}, InvalidParameterError, "max_detections is 2.5"),
        ({"nothing": 1}, TypeError, "'nothing' is no option of a model"),
    ],
)
def test_options_of_another_type_are_refused_by_name(detector, picture, options, error, text):
    with pytest.raises(error, match=text):
        detector(picture, **options)


def test_numbers_of_numpy_are_numbers(detector, picture):
    given = {"confidence": 0.25, "iou_threshold": 0.5, "max_detections": 3, "class_agnostic_nms": True}
    of_numpy = {name: np.asarray(value)[()] for name, value in given.items()}
    assert detector(picture, **of_numpy) == detector(picture, **given)
    with load("yolov8-any-size-letterbox") as model:
        assert model(picture, image_size=np.int64(96)) == model(picture, image_size=[96, 96])


def test_one_cache_serves_many_models(picture):
    cache = TRTCudaGraphCache(GraphCacheOptions(capacity=8, admission="always"))
    with (
        load("yolov8-letterbox", cuda_graph_cache=cache) as first,
        load("resnet-stretch", trt_cuda_graph_cache=cache) as second,
    ):
        assert first.graph_cache is cache is second.graph_cache
        boxes, classes = load("yolov8-letterbox")(picture)[0], load("resnet-stretch")(picture)[0]
        for _ in range(3):
            (found,), (seen,) = first(picture), second(picture)
            np.testing.assert_array_equal(found.class_id, boxes.class_id)
            np.testing.assert_allclose(found.xyxy, boxes.xyxy, atol=1)
            np.testing.assert_allclose(found.confidence, boxes.confidence, atol=1e-4)
            assert seen.class_id == classes.class_id
            np.testing.assert_allclose(seen.confidence, classes.confidence, atol=1e-4)
        assert len(cache) == 2 and cache.stats().replayed == 4
        replays = cache.stats().calls
        first(picture, disable_cuda_graphs=True)
        assert cache.stats().calls == replays
    assert len(cache) == 0
    with pytest.raises(InvalidParameterError, match="two caches"):
        load("yolov8-letterbox", cuda_graph_cache=cache, trt_cuda_graph_cache=TRTCudaGraphCache(1))


def test_the_environment_can_ask_for_a_cache(monkeypatch, picture):
    monkeypatch.setenv("ENABLE_AUTO_GRAPHS_FOR_OPENVINO_BACKEND", "true")
    with load("yolov8-letterbox", default_trt_cuda_graph_cache_size=3) as model:
        assert model.graph_cache.stats().capacity == 3
        model(picture)
        assert model.graph_cache.stats().calls == 1


def test_fuse_pre_processing(picture):
    with (
        load("yolov8-letterbox", fuse_pre_processing=True) as fused,
        load("yolov8-letterbox", fuse_pre_processing=False) as plain,
    ):
        assert fused.fuses_pre_processing and not plain.fuses_pre_processing
        assert fused.pre_process(picture)[0].dtype == np.uint8
        assert plain.pre_process(picture)[0].dtype == np.float32
        assert [len(found) for found in fused(picture)] == [len(found) for found in plain(picture)]


def test_precision_and_threads(picture):
    with load("yolov8-letterbox", precision="bf16", inference_threads=1) as model:
        assert len(model(picture, confidence=0.01)) == 1
    with pytest.raises(InvalidParameterError, match="f7"):
        load("yolov8-letterbox", precision="f7")
    with pytest.raises(InvalidParameterError, match="inference_threads"):
        load("yolov8-letterbox", inference_threads=-1)


def test_rf_detr_max_input_resolution():
    assert load("rfdetr-stretch", rf_detr_max_input_resolution=4096)
    for most in (8, (8, 4096)):
        with pytest.raises(replayrt.ModelPackageRestrictedError):
            load("rfdetr-stretch", rf_detr_max_input_resolution=most)


def test_local_paths_can_be_forbidden():
    with pytest.raises(replayrt.DirectLocalStorageAccessError):
        load("yolov8-letterbox", allow_direct_local_storage_loading=False)


@pytest.mark.parametrize("backend", [None, "auto", "openvino", "onnx"])
def test_backends(backend):
    assert load("yolov8-letterbox", backend=backend).engine.backend == "openvino"


def test_a_backend_that_does_not_fit_says_so():
    with pytest.raises(replayrt.Error, match="engine.plan|tensorrt"):
        load("yolov8-letterbox", backend="trt")
    with pytest.raises(replayrt.Error):
        load("yolov8-letterbox", device="cuda")


def test_what_is_wrong_with_a_package_is_the_references_error(tmp_path):
    def broken(name: str, change) -> Path:
        folder = tmp_path / name
        shutil.copytree(PACKAGES / "yolov8-letterbox", folder)
        change(folder)
        return folder

    def architecture(folder: Path) -> None:
        path = folder / "model_config.json"
        path.write_text(path.read_text().replace("yolov8", "yolov99"))

    with pytest.raises(CorruptedModelPackageError, match="class_names.txt"):
        AutoModel.from_pretrained(broken("a", lambda folder: (folder / "class_names.txt").unlink()))
    with pytest.raises(CorruptedModelPackageError, match="inference_config.json"):
        AutoModel.from_pretrained(broken("b", lambda folder: (folder / "inference_config.json").write_text("{")))
    with pytest.raises(replayrt.ModelImplementationNotFoundError, match="yolov99"):
        AutoModel.from_pretrained(broken("c", architecture))
    with pytest.raises(replayrt.FileAccessError):
        AutoModel.from_pretrained(tmp_path / "missing")


def test_a_closed_model_refuses_calls_and_results_live_on(picture):
    cache = TRTCudaGraphCache(GraphCacheOptions(admission="always"))
    model = load("yolov8-letterbox", cuda_graph_cache=cache)
    with model as entered:
        assert entered is model
        found = model(picture, confidence=0.01)
        assert len(cache) == 1 and not model.closed
    assert len(cache) == 0 and model.closed and "closed" in repr(model)
    model.close()
    with pytest.raises(InvalidParameterError, match="closed"):
        model(picture)
    assert len(found[0].xyxy) == len(found[0])


def test_an_engine_of_a_model_keeps_it_alive(picture):
    model = load("yolov8-letterbox")
    engine, images = model.engine, model.pre_process(picture)[0]
    reference = weakref.ref(model)
    del model
    gc.collect()
    assert reference() is None
    assert replayrt.infer(engine, images)[0].shape[0] == 1
