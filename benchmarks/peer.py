"""ReplayRT in a Python process, by ctypes through peer_shim.cpp."""

import ctypes
from pathlib import Path

import numpy as np


class Peer:
    """A model with a cache of its own. The input of `run` must stay alive and unchanged while it runs."""

    def __init__(self, library: Path, model: Path, threads: int, capacity: int):
        self._library = _load(library)
        self._model = ctypes.c_void_p()
        self._check(self._library.peer_open(str(model).encode(), threads, capacity, ctypes.byref(self._model)))

    def close(self) -> None:
        self._library.peer_close(self._model)
        self._model = ctypes.c_void_p()

    def prepare(self, values: np.ndarray, with_cache: bool):
        """A function that runs on `values`, and says whether a captured graph was replayed."""
        assert values.dtype == np.float32 and values.flags.c_contiguous
        dims = (ctypes.c_int64 * values.ndim)(*values.shape)
        replayed = ctypes.c_int()
        arguments = (self._model, ctypes.c_void_p(values.ctypes.data), dims, values.ndim, int(with_cache), ctypes.byref(replayed))

        def run() -> bool:
            self._check(self._library.peer_run(*arguments))
            return replayed.value == 1

        return run

    def time_replays(self, values: np.ndarray, calls: int) -> np.ndarray:
        """Nanoseconds of each of so many calls, which C++ makes and times; all must be replays. Thread-safe."""
        dims = (ctypes.c_int64 * values.ndim)(*values.shape)
        nanoseconds = np.empty(calls, np.int64)
        self._check(self._library.peer_time_replays(
            self._model, values.ctypes.data, dims, values.ndim, calls, nanoseconds.ctypes.data
        ))  # fmt: skip
        return nanoseconds

    def output(self) -> np.ndarray:
        """A copy of the last run's first output, flat."""
        data = ctypes.POINTER(ctypes.c_float)()
        elements = ctypes.c_size_t()
        self._check(self._library.peer_output(self._model, ctypes.byref(data), ctypes.byref(elements)))
        return np.ctypeslib.as_array(data, (elements.value,)).copy()

    def _check(self, code: int) -> None:
        if code != 0:
            raise RuntimeError(self._library.peer_error().decode())


def _load(path: Path) -> ctypes.CDLL:
    library = ctypes.CDLL(str(path))
    library.peer_error.restype = ctypes.c_char_p
    library.peer_close.argtypes = [ctypes.c_void_p]
    library.peer_close.restype = None
    library.peer_open.argtypes = [ctypes.c_char_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
    library.peer_run.argtypes = [
        ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p,
    ]  # fmt: skip
    library.peer_time_replays.argtypes = [
        ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p,
    ]  # fmt: skip
    library.peer_output.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    return library


def aligned(values: np.ndarray) -> np.ndarray:
    """A copy at an address that every runtime takes without one of its own."""
    alignment = 64
    memory = np.empty(values.nbytes + alignment, np.uint8)
    start = -memory.ctypes.data % alignment
    copy = memory[start : start + values.nbytes].view(values.dtype).reshape(values.shape)
    copy[...] = values
    return copy
