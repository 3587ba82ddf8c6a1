"""What results have in common: fields that are arrays, checked, and compared by value."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Iterable
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import InvalidParameterError

ImageSize = tuple[int, int]


def array_of(what: str, value: ArrayLike, dtype: type[np.generic], shape: tuple[int | None, ...]) -> NDArray[Any]:
    """`value` as an array of `dtype` and `shape`, where None stands for any length."""
    if isinstance(value, np.ndarray) and value.dtype == dtype and _fits(value.shape, shape):
        return value  # As those of the library do: no text is made of them.
    expected = f"{what}: expected {np.dtype(dtype)} of shape {shape_text(shape)}"
    try:
        array = np.asarray(value)
    except ValueError as error:  # A ragged list.
        raise InvalidParameterError(f"{expected}, got what is no array: {error}") from None
    if array.shape == (0,) and shape and shape[0] in (None, 0):
        array = array.reshape([0 if length is None else length for length in shape])
    if not _fits(array.shape, shape):
        raise InvalidParameterError(f"{expected}, got shape {shape_text(array.shape)}")
    return _converted(expected, array, dtype, may_round=not hasattr(value, "dtype"))


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(want in (None, got) for want, got in zip(wanted, shape))


def _converted(expected: str, array: NDArray[Any], dtype: type[np.generic], may_round: bool) -> NDArray[Any]:
    if array.dtype.kind not in "iuf" and array.size > 0:
        raise InvalidParameterError(f"{expected}, got {array.dtype}")
    with np.errstate(all="ignore"):
        converted = array.astype(dtype)
        if may_round and np.issubdtype(dtype, np.floating):
            same = np.isfinite(array) == np.isfinite(converted)
        else:
            # Both ways: 2**32 - 1 comes back from int32, and int64 compared with float32 is rounded first.
            same = (converted == array) & (converted.astype(array.dtype) == array)
            if array.dtype.kind == "f" and np.issubdtype(dtype, np.floating):
                same |= np.isnan(array)
    if not np.all(same):
        value = array[~same].flat[0]
        raise InvalidParameterError(f"{expected}, got {array.dtype} with {value}, which it cannot hold")
    return converted


def shape_text(shape: Iterable[int | None]) -> str:
    lengths = ["n" if length is None else str(length) for length in shape]
    return f"({', '.join(lengths)}{',' if len(lengths) == 1 else ''})"


def size_of(what: str, value: Iterable[SupportsIndex]) -> ImageSize:
    try:
        lengths = [operator.index(length) for length in value]
    except TypeError:
        lengths = []
    if len(lengths) != 2 or min(lengths) < 0:
        raise InvalidParameterError(f"{what}: expected (height, width) in pixels, got {value!r}")
    return lengths[0], lengths[1]


def same(a: Any, b: Any) -> bool:
    """Whether two values of a field are equal; NaN equals NaN."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        if type(a) is not type(b):
            return False
        return np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b or (a != a and b != b))


def count_text(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


class Value:
    """Equality by value for dataclasses whose fields are arrays."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        names = [of.name for of in dataclasses.fields(self)]  # type: ignore[arg-type]
        return all(same(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment]

    def _name(self, of: str) -> str:
        return f"{type(self).__name__}.{of}"

    def _set_array(self, of: str, dtype: type[np.generic], *shape: int | None) -> None:
        setattr(self, of, array_of(self._name(of), getattr(self, of), dtype, shape))
