"""AutoModel of ReplayRT's C++ in a Python process, by ctypes through auto_model_shim.cpp."""

import ctypes
from pathlib import Path

import numpy as np

CAPACITY = 8


class ReplayRt:
    """A package with a cache of its own. Every call gives its time in nanoseconds, taken in C++."""

    def __init__(self, library: Path, package: Path, precision: str, threads: int):
        self._library = ctypes.CDLL(str(library))
        self._library.auto_model_error.restype = ctypes.c_char_p
        self._handle = ctypes.c_void_p()
        self._call("open", str(package).encode(), precision.encode(), ctypes.c_int64(threads), ctypes.c_int64(CAPACITY),
                   ctypes.byref(self._handle))  # fmt: skip

    def close(self) -> None:
        self._library.auto_model_close(self._handle)
        self._handle = ctypes.c_void_p()

    def predict(self, picture: np.ndarray) -> int:
        return self._timed("predict", *_pixels(picture))

    def pre_process(self, picture: np.ndarray) -> int:
        return self._timed("pre_process", *_pixels(picture))

    def forward(self) -> int:
        return self._timed("forward")

    def post_process(self) -> int:
        return self._timed("post_process")

    def outputs(self) -> list[np.ndarray]:
        """Copies of what the network gave last."""
        count = ctypes.c_size_t()
        self._call("output_count", self._handle, ctypes.byref(count))
        return [self._output(index) for index in range(count.value)]

    def _output(self, index: int) -> np.ndarray:
        data, dims, rank = ctypes.POINTER(ctypes.c_float)(), ctypes.POINTER(ctypes.c_int64)(), ctypes.c_size_t()
        self._call("output", self._handle, ctypes.c_size_t(index), ctypes.byref(data), ctypes.byref(dims),
                   ctypes.byref(rank))  # fmt: skip
        return np.ctypeslib.as_array(data, tuple(dims[: rank.value])).copy()

    def classes(self) -> list[int]:
        ids, count = ctypes.POINTER(ctypes.c_int32)(), ctypes.c_size_t()
        self._call("classes", self._handle, ctypes.byref(ids), ctypes.byref(count))
        return sorted(ids[: count.value])

    def mask_pixels(self) -> int:
        """Of all masks together; 0 for detection."""
        pixels = ctypes.c_int64()
        self._call("mask_pixels", self._handle, ctypes.byref(pixels))
        return pixels.value

    def served_otherwise(self) -> int:
        """Runs that were no replays, since the package was loaded."""
        calls, replayed = ctypes.c_uint64(), ctypes.c_uint64()
        self._call("served", self._handle, ctypes.byref(calls), ctypes.byref(replayed))
        return calls.value - replayed.value

    def _timed(self, name: str, *arguments) -> int:
        nanoseconds = ctypes.c_int64()
        self._call(name, self._handle, *arguments, ctypes.byref(nanoseconds))
        return nanoseconds.value

    def _call(self, name: str, *arguments) -> None:
        if getattr(self._library, f"auto_model_{name}")(*arguments) != 0:
            raise RuntimeError(self._library.auto_model_error().decode())


def _pixels(picture: np.ndarray) -> tuple:
    assert picture.dtype == np.uint8 and picture.flags.c_contiguous
    height, width, _ = picture.shape
    return ctypes.c_void_p(picture.ctypes.data), ctypes.c_int64(height), ctypes.c_int64(width)
