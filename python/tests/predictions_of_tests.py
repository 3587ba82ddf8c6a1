"""Predictions of every kind for the tests."""

import numpy as np

from replayrt.results import (
    ClassificationPrediction,
    DepthMap,
    Detections,
    InstanceDetections,
    KeyPointDetections,
    MultiLabelClassificationPrediction,
    RleMask,
    SemanticSegmentationResult,
    TextResult,
)

NAMES = ("cat", "dog")
OF_IMAGE = {"class_names": NAMES, "image_size": (20, 30)}
BOXES = {
    "xyxy": np.array([[1, 2, 3, 4], [5, 6, 7, 9], [0, 0, 2, 2]], np.int32),
    "class_id": np.array([1, 2, 1], np.int32),
    "confidence": np.array([0.9, 0.25, 0.5], np.float32),
}


def detections(**changes) -> Detections:
    return Detections(**{**BOXES, **OF_IMAGE, **changes})


def instances(**changes) -> InstanceDetections:
    masks = [RleMask.encode(np.eye(20, 30, i)) for i in range(3)]
    return InstanceDetections(**{**BOXES, **OF_IMAGE, "mask": masks, **changes})


def key_points(**changes) -> KeyPointDetections:
    points = {
        "key_points": [[[-3, 4], [0, 0]], np.zeros((0, 2), np.int32), [[7, 8]]],
        "key_points_confidence": [[0.5, 0], [], [0.75]],
    }
    return KeyPointDetections(**{**BOXES, **OF_IMAGE, **points, **changes})


def one_of_each() -> list:
    return [
        *(detections(polygon=np.arange(24).reshape(3, 4, 2)), instances(), key_points()),
        ClassificationPrediction(1, [0.25, 0.75], **OF_IMAGE),
        MultiLabelClassificationPrediction([0, 1], [0.5, 1], **OF_IMAGE),
        SemanticSegmentationResult([[0, 1], [1, 1]], np.full((2, 2), 0.5, np.float32), **OF_IMAGE),
        DepthMap([[0.5, np.nan]], image_size=(20, 30)),
        TextResult("word", 0.5, image_size=(20, 30)),
        RleMask((2, 2), [1, 2, 1]),
    ]
