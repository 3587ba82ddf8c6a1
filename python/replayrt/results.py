"""What models find in pictures.

Arrays are NumPy arrays; those that ReplayRT makes own their memory. A prediction may be changed and is then for one
thread at a time; reading is free for all. Wrong shapes and dtypes raise `InvalidParameterError` that names the field:
an array of another dtype is taken if every value fits without loss, a list if its numbers fit (floats are rounded to
float32).
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._masks import RleMask
from ._prediction import NamedPrediction, Prediction, classes_text, listed, range_text, require_supervision
from ._values import ImageSize, array_of, count_text
from .errors import InvalidParameterError

if TYPE_CHECKING:
    import supervision

__all__ = [
    "ClassificationPrediction",
    "DepthMap",
    "Detections",
    "InstanceDetections",
    "KeyPointDetections",
    "MultiLabelClassificationPrediction",
    "RleMask",
    "SemanticSegmentationResult",
    "TextResult",
]

_Found = TypeVar("_Found", bound="Detections")

_MOST_TEXT = 60  # A repr is to be read.

_BACKGROUND = "background"  # The class of the pixels that are nothing else, in any case of its letters.


@dataclass(eq=False, repr=False)
class Detections(NamedPrediction):
    """Objects found in one picture; element k of each field is of object k.

    `xyxy`: (n, 4) int32, left, top, right, bottom in pixels of the picture. `class_id`: (n,) int32.
    `confidence`: (n,) float32. `polygon`: (n, 4, 2) int32, the corners of regions of text, else None.
    `image_size`: (height, width) of the picture, None if it is not known.

    `found[index]` gives the objects that a mask, an array, a slice or one number selects, as a copy of the same class.
    """

    xyxy: NDArray[np.int32]
    class_id: NDArray[np.int32]
    confidence: NDArray[np.float32]
    polygon: NDArray[np.int32] | None = None
    class_names: Sequence[str] = ()
    image_size: ImageSize | None = None

    _per_object: ClassVar[tuple[str, ...]] = ("xyxy", "class_id", "confidence", "polygon")
    __iter__ = None  # Else Python would count through __getitem__.

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set_array("xyxy", np.int32, None, 4)
        self._set_array("class_id", np.int32, len(self.xyxy))
        self._set_array("confidence", np.float32, len(self.xyxy))
        if self.polygon is not None:
            self._set_array("polygon", np.int32, len(self.xyxy), 4, 2)

    def __len__(self) -> int:
        return len(self.xyxy)

    def __getitem__(self: _Found, index: int | slice | ArrayLike) -> _Found:
        """IndexError for what lies outside, or for a mask of another length."""
        positions = np.atleast_1d(np.arange(len(self))[index])  # type: ignore[index]
        if positions.ndim != 1:
            raise InvalidParameterError(f"index: expected one dimension, got {positions.ndim}")
        picked: dict[str, Any] = {}
        for name in self._per_object:
            value = getattr(self, name)
            if isinstance(value, np.ndarray):
                picked[name] = value[positions]
            elif value is not None:
                picked[name] = [copy.deepcopy(value[i]) for i in positions]
        return dataclasses.replace(self, **picked)

    @property
    def box_area(self) -> NDArray[np.int64]:
        """(n,) int64: width times height of each box in square pixels."""
        xyxy = self.xyxy.astype(np.int64)
        return (xyxy[:, 2] - xyxy[:, 0]) * (xyxy[:, 3] - xyxy[:, 1])

    def to_supervision(self) -> supervision.Detections:
        """A new `supervision.Detections`.

        `data["class_name"]` has the names (the id as text for a class without one), `data["xyxyxyxy"]` the polygons.
        """
        require_supervision()
        import supervision as sv

        return sv.Detections(mask=self._dense_masks(), **self._supervision_fields(confidence="confidence"))

    def _dense_masks(self) -> NDArray[np.bool_] | None:
        return None

    def _supervision_fields(self, confidence: str) -> dict[str, Any]:
        names = [self._class_name(i) for i in self.class_id.tolist()]
        texts = [str(i) if name is None else name for i, name in zip(self.class_id.tolist(), names)]
        data: dict[str, Any] = {"class_name": np.array(texts, dtype=np.str_)}
        if self.polygon is not None:
            data["xyxyxyxy"] = self.polygon.astype(np.float32)
        return {
            "xyxy": self.xyxy.astype(np.float32),
            "class_id": self.class_id.astype(np.int_),
            confidence: self.confidence.copy(),
            "data": data,
        }

    def __repr__(self) -> str:
        ids, counts = np.unique(self.class_id, return_counts=True)
        most_first = sorted(zip(counts.tolist(), ids.tolist()), key=lambda of: (-of[0], of[1]))
        classes = [f"{count} {self._class_text(class_id)}" for count, class_id in most_first]
        objects = count_text(len(self), "object")
        if not classes:
            return self._text(objects)
        return self._text(f"{objects}: {listed(classes)}", f"confidence {range_text(self.confidence)}")


@dataclass(eq=False, repr=False)
class InstanceDetections(Detections):
    """Detections with `mask`: a `RleMask` for each, of the size of the picture."""

    mask: list[RleMask] = field(default_factory=list)

    _per_object: ClassVar[tuple[str, ...]] = (*Detections._per_object, "mask")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.mask = list(self.mask)
        if len(self.mask) != len(self) or not all(isinstance(mask, RleMask) for mask in self.mask):
            raise InvalidParameterError(f"{self._name('mask')}: expected {count_text(len(self), 'RleMask')}")

    def _dense_masks(self) -> NDArray[np.bool_] | None:
        sizes = {mask.size for mask in self.mask} or ({self.image_size} if self.image_size else set())
        if len(sizes) > 1:
            raise InvalidParameterError(f"{self._name('mask')}: expected masks of one size, got {sorted(sizes)}")
        if not sizes:
            return None
        size = sizes.pop()
        dense = np.array([mask.decode() for mask in self.mask], dtype=np.bool_).reshape(len(self), *size)
        if self.image_size in (None, size) or 0 in size:
            return dense
        # Masks of a lower resolution: each pixel has the nearest element.
        rows, columns = (np.arange(side) * of_mask // side for side, of_mask in zip(self.image_size, size))
        return dense[:, rows[:, None], columns]


@dataclass(eq=False, repr=False)
class KeyPointDetections(Detections):
    """Detections with the key points of each, as many (k) as its class has.

    `key_points`: a list of (k, 2) int32, x and y in pixels of the picture, which those of YOLO may lie outside of.
    `key_points_confidence`: a list of (k,) float32. A point that was not found is 0, 0 with confidence 0.
    `covariance`: (n, m, 2, 2) float32, [[xx, xy], [xy, yy]] in square pixels of the picture, m the most points of an
    object; NaN where an object has no such point, it was not found, or float32 cannot hold its covariance. None for
    all families but RF-DETR.
    """

    key_points: list[NDArray[np.int32]] = field(default_factory=list)
    key_points_confidence: list[NDArray[np.float32]] = field(default_factory=list)
    covariance: NDArray[np.float32] | None = None

    _per_object: ClassVar[tuple[str, ...]] = (
        *(*Detections._per_object, "key_points", "key_points_confidence", "covariance"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for of in ("key_points", "key_points_confidence"):
            if len(getattr(self, of)) != len(self):
                raise InvalidParameterError(f"{self._name(of)}: expected {count_text(len(self), 'array')}")
        what = self._name("key_points")
        self.key_points = [array_of(what, points, np.int32, (None, 2)) for points in self.key_points]
        what += "_confidence"
        self.key_points_confidence = [
            array_of(what, confidence, np.float32, (len(points),))
            for confidence, points in zip(self.key_points_confidence, self.key_points)
        ]
        if self.covariance is not None:
            self._set_array("covariance", np.float32, len(self), None, 2, 2)
            most = max(map(len, self.key_points), default=0)
            if self.covariance.shape[1] < most:
                got = f"got {self.covariance.shape[1]}"
                raise InvalidParameterError(f"{self._name('covariance')}: expected {most} for each object, {got}")

    def to_supervision(self) -> supervision.KeyPoints:  # type: ignore[override]
        """A new `supervision.KeyPoints`: (n, m, 2) with m the most points of an object; missing ones are 0.

        `data` has "class_name" as for detections, the boxes as "xyxy", and "covariance" if there is one. The
        confidence of the objects is left out by releases of supervision that have no place for it.
        """
        require_supervision()
        import supervision as sv

        most = max((len(points) for points in self.key_points), default=0)
        xy = np.zeros((len(self), most, 2), np.float32)
        confidence = np.zeros((len(self), most), np.float32)
        for i, points in enumerate(self.key_points):
            xy[i, : len(points)] = points
            confidence[i, : len(points)] = self.key_points_confidence[i]
        fields = self._supervision_fields(confidence="detection_confidence")
        fields["data"]["xyxy"] = fields.pop("xyxy")
        if self.covariance is not None:
            fields["data"]["covariance"] = self.covariance[:, :most].copy()
        known = inspect.signature(sv.KeyPoints).parameters
        if "visible" in known:
            fields["visible"] = confidence > 0
        if "keypoint_confidence" in known:
            fields["keypoint_confidence"] = confidence
        else:
            fields["confidence"] = confidence
            del fields["detection_confidence"]
        return sv.KeyPoints(xy=xy, **fields)


@dataclass(eq=False, repr=False)
class ClassificationPrediction(NamedPrediction):
    """One class for the picture: `class_id`, and `confidence`, (c,) float32, of all classes."""

    class_id: int
    confidence: NDArray[np.float32]
    class_names: Sequence[str] = ()
    image_size: ImageSize | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            self.class_id = operator.index(self.class_id)
        except TypeError:
            raise InvalidParameterError(f"{self._name('class_id')}: expected an int, got {self.class_id!r}") from None
        self._set_array("confidence", np.float32, None)

    def to_supervision(self) -> supervision.Classifications:
        """A new `supervision.Classifications` of all classes with their confidence."""
        require_supervision()
        import supervision as sv

        return sv.Classifications(class_id=np.arange(len(self.confidence)), confidence=self.confidence.copy())

    def __repr__(self) -> str:
        of_class = self.confidence[self.class_id : self.class_id + 1] if self.class_id >= 0 else self.confidence[:0]
        confidence = f"confidence {of_class[0]:.4g}" if of_class.size else "confidence unknown"
        return self._text(self._class_text(self.class_id), f"{confidence}, of {classes_text(self.confidence)}")


@dataclass(eq=False, repr=False)
class MultiLabelClassificationPrediction(NamedPrediction):
    """Any number of classes for the picture.

    `class_ids`: (k,) int64, ascending. `confidence`: (c,) float32, of all classes.
    """

    class_ids: NDArray[np.int64]
    confidence: NDArray[np.float32]
    class_names: Sequence[str] = ()
    image_size: ImageSize | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set_array("class_ids", np.int64, None)
        self._set_array("confidence", np.float32, None)

    def to_supervision(self) -> supervision.Classifications:
        """A new `supervision.Classifications` of the classes that were found, with their confidence."""
        require_supervision()
        import supervision as sv

        return sv.Classifications(class_id=self.class_ids.copy(), confidence=self.confidence[self.class_ids])

    def __repr__(self) -> str:
        classes = [self._class_text(class_id) for class_id in self.class_ids.tolist()]
        return self._text(listed(classes) or "no class", f"of {classes_text(self.confidence)}")


@dataclass(eq=False, repr=False)
class SemanticSegmentationResult(NamedPrediction):
    """A class for each pixel: `segmentation_map`, (height, width) int64, and its `confidence`, float32.

    Where the confidence is below the threshold, and where the network has not seen the picture, a pixel is of the
    class "background" with confidence 0.
    """

    segmentation_map: NDArray[np.int64]
    confidence: NDArray[np.float32]
    class_names: Sequence[str] = ()
    image_size: ImageSize | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set_array("segmentation_map", np.int64, None, None)
        self._set_array("confidence", np.float32, *self.segmentation_map.shape)

    def to_supervision(self) -> supervision.Detections:
        """A new `supervision.Detections`: an object for each class in the picture but "background", by class id.

        Each has the mask of its pixels, the box around them and the mean of their confidence; `data["class_name"]` has
        the names (the id as text for a class without one).
        """
        require_supervision()
        import supervision as sv

        named = [(class_id, self._class_name(class_id)) for class_id in np.unique(self.segmentation_map).tolist()]
        found = [(class_id, name) for class_id, name in named if name is None or name.lower() != _BACKGROUND]
        masks = np.array([self.segmentation_map == class_id for class_id, _ in found], dtype=np.bool_)
        masks = masks.reshape(len(found), *self.segmentation_map.shape)
        return sv.Detections(
            xyxy=sv.mask_to_xyxy(masks).astype(np.float32),
            mask=masks,
            class_id=np.array([class_id for class_id, _ in found], dtype=np.int_),
            confidence=np.array([self.confidence[mask].mean() for mask in masks], dtype=np.float32),
            data={"class_name": np.array([name or str(class_id) for class_id, name in found], dtype=np.str_)},
        )

    def __repr__(self) -> str:
        ids, counts = np.unique(self.segmentation_map, return_counts=True)
        most_first = sorted(zip(counts.tolist(), ids.tolist()), key=lambda of: (-of[0], of[1]))
        pixels = self.segmentation_map.size
        classes = [f"{count / pixels:.1%} {self._class_text(class_id)}" for count, class_id in most_first]
        return self._text(listed(classes) or "no pixels")


@dataclass(eq=False, repr=False)
class DepthMap(Prediction):
    """`depth`: (height, width) float32, in the model's own unit; 0 where the network has not seen the picture."""

    depth: NDArray[np.float32]
    image_size: ImageSize | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set_array("depth", np.float32, None, None)

    def __repr__(self) -> str:
        return self._text(f"depth {range_text(self.depth)}")


@dataclass(eq=False, repr=False)
class TextResult(Prediction):
    """`text` that was read, and `confidence`, how sure the model is of it, 0 to 1."""

    text: str
    confidence: float
    image_size: ImageSize | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.text, str):
            raise InvalidParameterError(f"{self._name('text')}: expected str, got {type(self.text).__name__}")
        self.confidence = float(array_of(self._name("confidence"), self.confidence, np.float64, ()))

    def __repr__(self) -> str:
        shown = self.text if len(self.text) <= _MOST_TEXT else self.text[: _MOST_TEXT - 3] + "..."
        return self._text(repr(shown), f"confidence {self.confidence:.4g}")
