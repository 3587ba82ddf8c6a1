"""DLPack (dlpack.h) made and read by hand, so that tests of device memory need no library for it."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np


class DlTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.c_void_p),
        ("byte_offset", ctypes.c_uint64),
    ]


class Managed(ctypes.Structure):
    _fields_ = [("tensor", DlTensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p)]


new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype, new_capsule.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
capsule_pointer.restype, capsule_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


class DeviceArray:
    """f32 at an address of a CUDA device, as torch or CuPy would hold it. `changes`: members of DLTensor that lie.

    `asked` has the stream of every export.
    """

    def __init__(self, values: np.ndarray, address: int, **changes: int) -> None:
        self.values, self.address, self.changes = values, address, changes
        self.asked: list[Any] = []

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 0

    def __dlpack__(self, *, stream: Any = None, **others: Any) -> Any:
        self.asked.append(stream)
        self.shape = (ctypes.c_int64 * self.values.ndim)(*self.values.shape)
        self.managed = Managed()
        tensor = self.managed.tensor
        tensor.data, tensor.device_type, tensor.ndim = self.address, 2, self.values.ndim
        tensor.code, tensor.bits, tensor.lanes = 2, 32, 1
        tensor.shape = ctypes.cast(self.shape, ctypes.POINTER(ctypes.c_int64))
        for name, value in self.changes.items():
            setattr(tensor, name, value)
        return new_capsule(ctypes.addressof(self.managed), b"dltensor", None)


def tensor_in(capsule: Any) -> DlTensor:
    """What an unversioned capsule holds; it must outlive what is returned."""
    return Managed.from_address(capsule_pointer(capsule, b"dltensor")).tensor


def shape_in(tensor: DlTensor) -> tuple[int, ...]:
    return tuple(tensor.shape[i] for i in range(tensor.ndim))
