"""Pictures: files, PIL images, arrays and tensors become what the models take, 8-bit arrays with a known colour order.

Files are decoded by Pillow, to the pixels that `cv2.imread` and the program `replayrt` give.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from . import _core
from ._decoding import MOST_PIXELS, Pixels, decode_rgb, reversed_channels, rgb_pixels, stored_orientation, turned
from .errors import FileAccessError, InvalidParameterError, ModelInputError, UnsupportedError

ColorFormat: TypeAlias = Literal["bgr", "rgb"]

_MOST_BYTES = (1 << 31) - 1

# How files are written, as OpenCV does by default: all but JPEG without loss.
_SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    "BMP": {},
    "JPEG": {"quality": 95},
    "JPEG2000": {},
    "PNG": {"compress_level": 1},
    "PPM": {},
    "TIFF": {"compression": "tiff_lzw"},
    "WEBP": {"lossless": True},
}
_FORMAT_BY_EXTENSION = {
    ".bmp": "BMP",
    ".dib": "BMP",
    ".jp2": "JPEG2000",
    ".jpe": "JPEG",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".png": "PNG",
    ".pnm": "PPM",
    ".ppm": "PPM",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
}

def read_picture(path: str | os.PathLike[str]) -> Pixels:
    """The picture in a file, as `decode_picture` gives it.

    Raises FileAccessError (missing, a directory, empty, not readable) and what `decode_picture` raises; both name
    the file.
    """
    return reversed_channels(_read_rgb(path))


def _read_rgb(path: str | os.PathLike[str]) -> Pixels:
    """`read_picture` in RGB, with rows that need not be dense: what a model takes as well, without a copy."""
    name = os.fsdecode(path)
    try:
        status = os.stat(name)
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise FileAccessError(f"{name}: is not a regular file")  # To open a pipe could wait for ever.
        if status.st_size > _MOST_BYTES:
            raise FileAccessError(f"{name}: holds {status.st_size} bytes, expected at most {_MOST_BYTES}")
        with open(name, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        raise FileAccessError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise FileAccessError(f"{name}: is a directory, expected a file") from None
    except OSError as error:
        raise FileAccessError(f"{name}: cannot read: {error.strerror}") from error
    except ValueError as error:  # A NUL in the name.
        raise FileAccessError(f"{name!r}: cannot read: {error}") from error
    _require_content(content, name)
    return decode_rgb(content, name)


def decode_picture(content: bytes, name: str) -> Pixels:
    """The picture in a file's content: (height, width, 3), uint8, BGR, upright, a new array.

    As `cv2.imread` gives it: grey becomes three equal channels, opacity is dropped, of 16 bits the upper 8 are kept,
    EXIF's orientation is applied, of several frames the first one counts. Messages begin with `name`. Thread-safe.

    The pixels are OpenCV's bit by bit (JPEG too: both decode with libjpeg-turbo), but for these, of which the program
    `replayrt` with OpenCV 4.6 gives others: TIFFs in CMYK, CIELAB or YCbCr and of 16 bits per colour, PPMs of 16 bits
    (at most 1 or 2 off, CIELAB more), and PNMs whose maximum is not 255, which are scaled here. A WebP's EXIF is
    applied, as by OpenCV 5. JPEG 2000 in colour of more than 8 bits and Sun rasters of 32 bits are refused.

    Raises FileAccessError if there is no content; ModelInputError for what is no picture, a truncated one, and one of
    more than 2^28 pixels.
    """
    _require_content(content, name)
    return decode_whole_picture(content, name)


def decode_whole_picture(content: bytes, name: str) -> Pixels:
    """`decode_picture` of what `_core.require_whole_picture` has looked at, as the command line's code does."""
    return reversed_channels(decode_rgb(content, name))


def _require_content(content: bytes, name: str) -> None:
    if not content:
        raise FileAccessError(f"{name}: is empty, expected a picture")
    _core.require_whole_picture(content, name)


def can_encode(extension: str) -> bool:
    """Whether pictures can be written in the format of files with this extension (".png", in any case)."""
    return extension.lower() in _FORMAT_BY_EXTENSION


def encode_picture(bgr: npt.NDArray[np.unsignedinteger[Any]], extension: str) -> bytes:
    """The content of a file with this extension: `bgr` (height, width, 3) without loss, or as a JPEG of quality 95.

    A PNG may also be of one channel, (height, width) uint8 or uint16.

    Raises UnsupportedError if pictures, or one of this size, cannot be written in that format.
    """
    if not can_encode(extension):
        raise UnsupportedError(f"{extension}: pictures cannot be written in this format")
    format_name = _FORMAT_BY_EXTENSION[extension.lower()]
    content = io.BytesIO()
    try:
        Image.fromarray(bgr if bgr.ndim == 2 else reversed_channels(bgr.astype(np.uint8, copy=False))).save(content, format_name, **_SAVE_OPTIONS[format_name])
    except (OSError, ValueError) as error:
        height, width = bgr.shape[:2]
        raise UnsupportedError(
            f"{extension}: a picture of {height} x {width} pixels cannot be written in this format: {error}"
        ) from error
    return content.getvalue()


def as_image_arguments(images: Any, input_color_format: str | None = None) -> list[tuple[Pixels, ColorFormat]]:
    """What a model takes for `images`, one or a list or tuple of them: for each an array and the order of its colours.

    The arrays are (height, width, channels) with 1, 3 or 4 channels, uint8; rows are dense, with gaps between them or
    not. `images` may hold:
    - NumPy arrays of that kind, or (height, width), BGR: without a copy unless their rows are not dense;
    - paths (str, os.PathLike): `read_picture`;
    - PIL images: upright, converted to RGB;
    - tensors on the CPU (`__dlpack__`), RGB: (channels, height, width), or (height, width, channels) where only the
      last axis is 3; by itself also one with a batch axis before, which gives that many images.
    `input_color_format` ("rgb", "bgr") says what the order is in arrays and tensors, if not as above; in files and PIL
    images it is known.

    Raises InvalidParameterError for another `input_color_format`; ModelInputError that names the position in the list
    for everything else, and what `read_picture` raises.
    """
    color = _color_format(input_color_format)
    if not isinstance(images, (list, tuple)):
        return list(_arguments_of(images, "images", color, is_alone=True))
    if not images:
        raise ModelInputError("images: is empty, expected at least one")
    return [
        argument
        for position, image in enumerate(images)
        for argument in _arguments_of(image, f"images[{position}]", color, is_alone=False)
    ]


def _color_format(text: str | None) -> ColorFormat | None:
    if text is None:
        return None
    if text == "bgr":
        return "bgr"
    if text == "rgb":
        return "rgb"
    raise InvalidParameterError(f'input_color_format: expected "rgb", "bgr" or None, got {text!r}')


def _arguments_of(
    image: Any, name: str, color: ColorFormat | None, *, is_alone: bool
) -> Iterator[tuple[Pixels, ColorFormat]]:
    if isinstance(image, np.ndarray):
        yield _array_argument(image, name), color or "bgr"
    elif isinstance(image, (str, os.PathLike)):
        yield _with_dense_rows(_read_rgb(image)), "rgb"
    elif isinstance(image, Image.Image):
        yield _pil_argument(image, name), "rgb"
    elif hasattr(image, "__dlpack__"):
        for pixels in _tensor_images(image, name, is_alone):
            yield pixels, color or "rgb"
    else:
        raise ModelInputError(
            f"{name}: is of type {type(image).__name__}, expected a NumPy array, a path, a PIL image or a tensor"
        )


def _array_argument(array: npt.NDArray[Any], name: str) -> Pixels:
    is_image = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))
    if array.dtype != np.uint8 or not is_image or 0 in array.shape:
        raise ModelInputError(
            f"{name}: is an array of {array.dtype} and shape {array.shape}, expected uint8 and (height, width) or "
            "(height, width, 1, 3 or 4)"
        )
    return _with_dense_rows(array)


def _with_dense_rows(array: Pixels) -> Pixels:
    """(height, width, channels): the array's memory if every row is dense and behind the one before it, or a copy."""
    height, width = array.shape[:2]
    in_place = array.strides[-1] == 1 and array[0].flags.c_contiguous and array.strides[0] >= array[0].size
    pixels = array if in_place else array.copy()
    return pixels if pixels.ndim == 3 else pixels.reshape(height, width, 1)


def _pil_argument(image: Image.Image, name: str) -> Pixels:
    try:
        rgb = rgb_pixels(image)
        return np.ascontiguousarray(turned(rgb, stored_orientation(image)))
    except MemoryError:
        raise
    except ModelInputError as error:
        raise ModelInputError(f"{name}: {error}") from None
    except Exception as error:  # It may be a file that is only decoded now.
        raise ModelInputError(f"{name}: is a PIL image that cannot be decoded: {error}") from error


def _tensor_images(tensor: Any, name: str, is_alone: bool) -> Iterator[Pixels]:
    array = _array_of_tensor(tensor, name)
    what = f"{name}: is a tensor of {array.dtype} and shape {array.shape}, expected"
    if array.dtype != np.uint8:
        raise ModelInputError(f"{what} uint8")
    if array.ndim not in ((3, 4) if is_alone else (3,)):
        batch = " or (batch, channels, height, width)" if is_alone else " in a list"
        raise ModelInputError(f"{what} (channels, height, width){batch}")
    batch_of = array if array.ndim == 4 else array[np.newaxis]
    if batch_of.shape[1] != 3 and batch_of.shape[3] == 3:
        batch_of = batch_of.transpose(0, 3, 1, 2)
    if batch_of.shape[1] not in (1, 3, 4) or 0 in batch_of.shape:
        raise ModelInputError(f"{what} 1, 3 or 4 channels before height and width, or 3 behind them, and no axis of 0")
    for chw in batch_of:
        yield _with_dense_rows(chw.transpose(1, 2, 0))


def _array_of_tensor(tensor: Any, name: str) -> npt.NDArray[Any]:
    """A view of the tensor's memory."""
    host_memory = (1, 3)  # DLPack's kDLCPU, kDLCUDAHost.
    try:
        device_type = int(tensor.__dlpack_device__()[0])
        if device_type in host_memory:
            return np.from_dlpack(tensor)
    except (AttributeError, BufferError, RuntimeError, TypeError, ValueError) as error:
        raise ModelInputError(f"{name}: its memory cannot be read as a tensor's (DLPack): {error}") from error
    raise ModelInputError(f"{name}: is a tensor on a device (DLPack's type {device_type}), expected one on the CPU")
