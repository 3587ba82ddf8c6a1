"""What the predictions of results.py have in common: the picture's size, JSON, names of classes, how they are shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _core
from ._values import ImageSize, Value, size_of
from .errors import InvalidParameterError, MissingDependencyError

_MOST_CLASSES = 6  # A repr is to be read.


def require_supervision() -> None:
    try:
        import supervision  # noqa: F401
    except ImportError as error:
        text = "to_supervision() needs the package supervision: pip install supervision"
        raise MissingDependencyError(text) from error


def range_text(values: NDArray[Any]) -> str:
    known = values[~np.isnan(values)]
    return f"{known.min():.4g} to {known.max():.4g}" if known.size else "unknown"


def classes_text(confidence: NDArray[np.float32]) -> str:
    return f"{len(confidence)} {'class' if len(confidence) == 1 else 'classes'}"


def listed(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_CLASSES
    return ", ".join([*texts[:_MOST_CLASSES], *([f"{more} more classes"] if more > 0 else [])])


class Prediction(Value):
    """What all predictions have."""

    image_size: ImageSize | None

    def __post_init__(self) -> None:
        if self.image_size is not None:
            self.image_size = size_of(self._name("image_size"), self.image_size)

    def to_json(self, image: str = "", map_path: str = "") -> str:
        """One line of JSON, without its line end, as `replayrt predict --json` writes it.

        `image`: what the picture is called; `map_path`: where the caller has put a segmentation or depth map.
        """
        return _core.prediction_json(self, image, map_path)

    def to_dict(self, image: str = "", map_path: str = "") -> dict[str, Any]:
        """The same as a dictionary."""
        return dict(json.loads(self.to_json(image, map_path)))

    def _text(self, *parts: str) -> str:
        size = [] if self.image_size is None else [f"image_size {self.image_size}"]
        return f"{type(self).__name__}({'; '.join([*parts, *size])})"


class NamedPrediction(Prediction):
    """A prediction of classes, which have names."""

    class_names: Sequence[str]

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.class_names, str):
            raise InvalidParameterError(f"{self._name('class_names')}: expected a list of names, got one text")
        self.class_names = tuple(self.class_names)

    def _class_name(self, class_id: int) -> str | None:
        return self.class_names[class_id] if 0 <= class_id < len(self.class_names) else None

    def _class_text(self, class_id: int) -> str:
        name = self._class_name(class_id)
        return f"class {class_id}" if name is None else name if name.isprintable() else repr(name)
