"""Masks as lengths of runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._values import ImageSize, Value, count_text, shape_text, size_of
from .errors import InvalidParameterError


@dataclass(eq=False, repr=False)
class RleMask(Value):
    """A mask of one picture, as COCO writes it.

    `size`: (height, width). `counts`: (r,) uint32, lengths of runs, column by column from the left, each from top to
    bottom; the first run is of pixels that are not set and may be empty.
    """

    size: ImageSize
    counts: NDArray[np.uint32]

    def __post_init__(self) -> None:
        self.size = size_of(self._name("size"), self.size)
        self._set_array("counts", np.uint32, None)
        pixels = int(self.counts.sum(dtype=np.uint64))
        if pixels != self.size[0] * self.size[1]:
            expected = f"expected runs of {self.size[0]} x {self.size[1]} pixels"
            raise InvalidParameterError(f"{self._name('counts')}: {expected}, got {pixels} pixels")

    @staticmethod
    def encode(mask: ArrayLike) -> RleMask:
        """Of a (height, width) array, every element that is not 0 set."""
        dense = np.asarray(mask)
        if dense.ndim != 2:
            raise InvalidParameterError(f"mask: expected shape (height, width), got {shape_text(dense.shape)}")
        counts = _core.rle_encode(np.ascontiguousarray(dense != 0).view(np.uint8))
        return RleMask((dense.shape[0], dense.shape[1]), counts)

    def decode(self) -> NDArray[np.bool_]:
        """The mask as a new (height, width) array."""
        return np.asarray(_core.rle_decode(self.size, self.counts)).astype(np.bool_)

    @property
    def area(self) -> int:
        """Number of pixels that are set."""
        return int(self.counts[1::2].sum(dtype=np.uint64))

    def compressed_counts(self) -> str:
        """COCO's compressed text of the counts, which pycocotools reads as `{"size": size, "counts": text}`."""
        text: list[str] = []
        counts = self.counts.tolist()
        for i, count in enumerate(counts):
            # From the fourth run on, the difference to the run before the last: it takes fewer digits.
            rest = count - (counts[i - 2] if i > 2 else 0)
            more = True
            while more:
                digit = rest & 0x1F
                rest >>= 5
                more = rest != (-1 if digit & 0x10 else 0)
                text.append(chr(48 + digit + (0x20 if more else 0)))
        return "".join(text)

    def __repr__(self) -> str:
        runs = count_text(len(self.counts), "run")
        return f"RleMask(size {self.size}; {count_text(self.area, 'pixel')} set in {runs})"
