"""What the reference's models of instance segmentation give, and what they would give without a defect that is mended.

A layout is "masks-" and one of margins.py: that of the boxes.
"""

import functools
import sys
from contextlib import ExitStack, contextmanager
from unittest import mock

import numpy as np
import torch
from inference_models.models.common.rle_utils import coco_rle_masks_to_numpy_mask
from inference_models.models.common.roboflow.post_processing import crop_masks_to_boxes
from inference_models.models.yolov5.nms import run_nms_yolov5
from margins import Margins, TooClose, check_boxes

PREFIX = "masks-"
COEFFICIENTS = 32
USUAL_STRIDE = 4
# Of YOLACT's offsets: tenths of the size, and logarithms in fifths.
VARIANCES = np.repeat([0.1, 0.2], 2)


def predictions(model, images, options: dict) -> list[dict]:
    """Boxes in pixels of the picture, whatever the masks' resolution; masks as COCO's compressed run lengths."""
    whole = model(images, **options | {"masks_resolution_factor": 1.0})
    encoded = model(images, **options, mask_format="rle")
    answers = []
    for boxes, dense, found in zip(whole, model(images, **options), encoded):
        if len(boxes) and not np.array_equal(coco_rle_masks_to_numpy_mask(found.mask), dense.mask.numpy()):
            raise TooClose("the reference's two forms of masks differ")
        answers.append({
            "xyxy": boxes.xyxy.tolist(),
            "class_id": found.class_id.tolist(),
            "confidence": found.confidence.numpy(),
            "mask_size": list(found.mask.mask_size),
            "masks": [mask.decode() for mask in found.mask.masks],
        })  # fmt: skip
    return answers


def mended(model, family: str, images, options: dict) -> list[dict] | None:
    """The answers without the defects; none if no defect shows."""
    with ExitStack() as changes:
        changed = options
        if family.startswith(("yolov5", "yolov7")):
            changes.enter_context(_selecting_as_detection(model, family))
        elif "stride8" in family:
            common = sys.modules["inference_models.models.yolov8.common"]
            crop = functools.partial(crop_masks_to_boxes, scaling=1 / 8)
            changes.enter_context(mock.patch.object(common, "crop_masks_to_boxes", crop))
        elif options.get("masks_smoothing_enabled") is False and "masks_binarization_threshold" not in options:
            changed = options | {"masks_binarization_threshold": 0.0}
        else:
            return None
        return predictions(model, images, changed)


@contextmanager
def _selecting_as_detection(model, family: str):
    """Rows are chosen as the reference chooses them for detection, where classes are not off by one."""

    def select(output: torch.Tensor, conf_thresh, **options) -> list[torch.Tensor]:
        if family.startswith("yolov7") and isinstance(conf_thresh, torch.Tensor):
            conf_thresh = conf_thresh[1:]  # Without the slot of the objectness.
        found = run_nms_yolov5(output[:, :-COEFFICIENTS], conf_thresh, **options)
        return [torch.cat([rows, _coefficients_of(rows, image)], 1) for rows, image in zip(found, output)]

    names = {"yolov5": "run_yolov5_nms_for_instance_segmentation", "yolov7": "run_nms_for_instance_segmentation"}
    with mock.patch.object(sys.modules[type(model).__module__], names[family[:6]], select):
        yield


def _coefficients_of(rows: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    everything = image.T
    half = everything[:, 2:4] / 2
    sides = torch.cat([everything[:, :2] - half, everything[:, :2] + half], 1)
    best = everything[:, 5:-COEFFICIENTS].max(1).values
    same = (sides[None] == rows[:, None, :4]).all(2) & (best[None] == rows[:, None, 4])
    if not (same.sum(1) == 1).all():
        raise TooClose("a row that was selected is there twice")
    return everything[same.int().argmax(1), -COEFFICIENTS:]


def check(margins: Margins, family: str, layout: str, raw: list, setting: dict, answer: dict, repaired) -> None:
    """`raw`: the network's outputs of one picture; `answer`, `repaired`: what the reference gave, `mended` or none."""
    layout = layout.removeprefix(PREFIX)
    outputs, stride = _boxes_of(layout, [np.asarray(output, np.float64) for output in raw], setting["metadata"])
    if layout == "objectness":
        _check_crop(margins, check_boxes(margins, layout, outputs, setting, repaired), stride)
        layout, outputs, setting = _shifted(family, outputs[0], setting)
    setting = setting | {"most_queries": setting["options"].get("max_detections")}
    boxes = check_boxes(margins, "two" if layout == "priors" else layout, outputs, setting, answer)
    if layout != "queries":
        _check_crop(margins, boxes, stride)


def _check_crop(margins: Margins, boxes: np.ndarray, stride: float) -> None:
    """A side halfway between two elements of the map would move the mask's edge by one of them."""
    for scale in {1 / stride, 1 / USUAL_STRIDE}:
        elements = boxes * scale
        margins.add("crop", np.abs(elements - np.floor(elements) - 0.5))


def _boxes_of(layout: str, raw: list[np.ndarray], metadata: dict) -> tuple[list[np.ndarray], float]:
    """The outputs as a detector would give them, and how many pixels of the canvas an element of a mask is."""
    height, width = metadata["inference_size"]
    if layout == "priors":
        offsets, scores, _, priors, prototypes = raw
        middles = priors[:, :2] + offsets[:, :2] * VARIANCES[:2] * priors[:, 2:]
        halves = priors[:, 2:] * np.exp(offsets[:, 2:] * VARIANCES[2:]) / 2
        sides = np.concatenate([middles - halves, middles + halves], 1) * [width, height, width, height]
        return [sides, scores[:, 1:]], height / prototypes.shape[0]
    stride = height / raw[-1].shape[1]
    if layout == "queries":
        return raw[:2], stride
    rows = raw[0][:-COEFFICIENTS] if layout == "channels" else raw[0][:, :-COEFFICIENTS]
    return [rows], stride


def _shifted(family: str, rows: np.ndarray, setting: dict) -> tuple[str, list[np.ndarray], dict]:
    """The same with the objectness as class 0, which the reference's YOLOv5 and v7 make of it."""
    thresholds = setting["thresholds"]
    of_objectness = setting["otherwise"]
    if family.startswith("yolov5"):
        rows = np.insert(rows, 4, rows[:, 4], axis=1)
        of_objectness = -1 if setting["by_class"] else of_objectness  # Such rows always pass.
        return "objectness", [rows], setting | {"thresholds": np.insert(thresholds, 0, of_objectness)}
    sides = np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], 1)
    return "two", [sides, rows[:, 4:]], setting | {"thresholds": np.insert(thresholds, 0, of_objectness)}
