"""Pictures: files, PIL images, arrays and tensors become what the models take, 8-bit arrays with a known colour order.

Files are decoded by Pillow, to the pixels that `cv2.imread` and the program `replayrt` give.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, TiffImagePlugin

from . import _core
from .errors import FileAccessError, InvalidParameterError, ModelInputError, UnsupportedError

Pixels: TypeAlias = npt.NDArray[np.uint8]
ColorFormat: TypeAlias = Literal["bgr", "rgb"]

MOST_PIXELS = 1 << 28  # Of a picture that is read.

_MOST_BYTES = (1 << 31) - 1
_PILLOW_LIMIT_LOCK = threading.Lock()
_ORIENTATION = 274  # EXIF's tag.
_EXTRA_SAMPLES = 338  # TIFF's; 2: plain opacity.

# What the program reads too. Not all that Pillow could: some of it runs other programs.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM", "JPEG2000", "SUN")
_NAMES = ".bmp .dib .jpe .jpeg .jpg .jp2 .pbm .pgm .png .pnm .ppm .ras .sr .tif .tiff .webp"

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

# Stored rows and columns to an upright picture, by EXIF's orientation.
_TURNS: dict[int, Callable[[Pixels], Pixels]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels[::-1].swapaxes(0, 1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: pixels[:, ::-1].swapaxes(0, 1),
}


def read_picture(path: str | os.PathLike[str]) -> Pixels:
    """The picture in a file, as `decode_picture` gives it.

    Raises FileAccessError (missing, a directory, empty, not readable) and what `decode_picture` raises; both name
    the file.
    """
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
    return decode_picture(content, name)


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
    if not content:
        raise FileAccessError(f"{name}: is empty, expected a picture")
    _core.require_whole_picture(content, name)
    return decode_whole_picture(content, name)


def decode_whole_picture(content: bytes, name: str) -> Pixels:
    """`decode_picture` of what `_core.require_whole_picture` has looked at, as the command line's code does."""
    try:
        image = _open(content)
        if image is None:
            raise ModelInputError(f"is no picture that can be decoded, expected one of {_NAMES}")
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise ModelInputError(
                f"is too large: {height} x {width} pixels (height x width), expected at most {MOST_PIXELS}"
            )
        _require_right_reading(image, content)
        _load(image)
        rgb = _rgb_pixels(image)
        if _has_plain_opacity(image):
            rgb = _premultiplied(np.asarray(image))  # As libtiff does, and with it OpenCV.
        rgb = _turned(rgb, _stored_orientation(image))
    except MemoryError:
        raise
    except ModelInputError as error:
        raise ModelInputError(f"{name}: {error}") from None
    except Exception as error:  # Plugins raise whatever their parsing stumbles upon.
        raise ModelInputError(f"{name}: cannot be decoded: {error}") from error
    return _reversed_channels(rgb)


def can_encode(extension: str) -> bool:
    """Whether pictures can be written in the format of files with this extension (".png", in any case)."""
    return extension.lower() in _FORMAT_BY_EXTENSION


def encode_picture(bgr: Pixels, extension: str) -> bytes:
    """The content of a file with this extension: `bgr` (height, width, 3) without loss, or as a JPEG of quality 95.

    Raises UnsupportedError if pictures, or one of this size, cannot be written in that format.
    """
    if not can_encode(extension):
        raise UnsupportedError(f"{extension}: pictures cannot be written in this format")
    format_name = _FORMAT_BY_EXTENSION[extension.lower()]
    content = io.BytesIO()
    try:
        Image.fromarray(_reversed_channels(bgr)).save(content, format_name, **_SAVE_OPTIONS[format_name])
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
        yield read_picture(image), "bgr"
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
        rgb = _rgb_pixels(image)
        return np.ascontiguousarray(_turned(rgb, _stored_orientation(image)))
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


def _open(content: bytes) -> ImageFile.ImageFile | None:
    """The picture with its header read. Not by `Image.open`, whose limits are for the whole process to set."""
    for name in _FORMATS:
        if name not in Image.OPEN:
            Image.init()
        if name not in Image.OPEN:
            continue  # This Pillow was built without it.
        factory, accepts = Image.OPEN[name]
        if accepts is None or accepts(content[:16]) is True:
            try:
                return factory(io.BytesIO(content), "")
            except Image.DecompressionBombError:
                with _without_pillow_limit():
                    return factory(io.BytesIO(content), "")
            except (SyntaxError, IndexError, TypeError, struct.error):
                continue  # As Pillow: it only looked like one.
    return None


def _load(image: ImageFile.ImageFile) -> None:
    is_large = image.size[0] * image.size[1] > (Image.MAX_IMAGE_PIXELS or MOST_PIXELS)
    with _without_pillow_limit() if is_large and image.format == "TIFF" else contextlib.nullcontext():
        image.load()


@contextlib.contextmanager
def _without_pillow_limit() -> Iterator[None]:
    """For plugins that look at Pillow's limit of pixels, which is the process's, though `Image.open` did not."""
    with _PILLOW_LIMIT_LOCK:
        limit = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _require_right_reading(image: ImageFile.ImageFile, content: bytes) -> None:
    """Raises ModelInputError for what Pillow decodes, but wrongly."""
    if image.format == "SUN" and image.tile and image.tile[0][3] and image.tile[0][3][0] == "BGRX":
        raise ModelInputError("is a Sun raster of 32 bits per pixel, expected 8 or 24")
    if image.format == "JPEG2000":
        start = content.find(b"\xff\x4f\xff\x51")
        if content.find(b"\xff\xd9", start) < 0:
            raise ModelInputError("is truncated: a JPEG 2000 whose end is missing")
        precision = (content[start + 42] & 0x7F) + 1
        if precision > 8 and image.mode not in ("L", "I;16"):
            raise ModelInputError(f"is a JPEG 2000 of {precision} bits per colour, expected 8")


def _has_plain_opacity(image: ImageFile.ImageFile) -> bool:
    """Whether it is a TIFF in colour with an opacity that the colours are not multiplied by."""
    if isinstance(image, TiffImagePlugin.TiffImageFile) and image.mode == "RGBA":
        return bool(image.tag_v2.get(_EXTRA_SAMPLES) == (2,))
    return False


def _premultiplied(rgba: Pixels) -> Pixels:
    product = rgba[:, :, :3].astype(np.uint16) * rgba[:, :, 3:]
    return ((product + 127) // 255).astype(np.uint8)


def _rgb_pixels(image: Image.Image) -> Pixels:
    """(height, width, 3): its colours in the order RGB, without opacity."""
    mode = image.mode
    if mode == "CMYK":
        return _rgb_of_cmyk(np.asarray(image))
    if mode.startswith("I;16") or (mode == "I" and image.format in ("PPM", "PNG")):
        return _three_equal((np.asarray(image) >> 8).astype(np.uint8))
    if mode in ("I", "F"):
        raise ModelInputError("has channels of 32 bits, expected 8 or 16")
    if mode == "1":
        image = image.convert("L")
    elif mode not in ("L", "LA", "La", "RGB", "RGBA", "RGBa", "RGBX"):
        # "RGBA" as a palette with opacities would cause a warning otherwise.
        image = image.convert("RGBA" if mode in ("P", "PA") else "RGB")
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        return _three_equal(pixels)
    return _three_equal(pixels[:, :, 0]) if pixels.shape[2] == 2 else pixels[:, :, :3]


def _reversed_channels(rgb: Pixels) -> Pixels:
    """A new array; channel by channel, which NumPy copies four times as fast as pixels that are reversed."""
    bgr = np.empty(rgb.shape, np.uint8)
    for channel in range(3):
        bgr[:, :, channel] = rgb[:, :, 2 - channel]
    return bgr


def _three_equal(grey: Pixels) -> Pixels:
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def _rgb_of_cmyk(cmyk: Pixels) -> Pixels:
    """By OpenCV's formula, which takes inks as JPEGs hold them: 255 is none. Pillow has turned them around."""
    inks = 255 - cmyk.astype(np.int32)
    black = inks[:, :, 3:]
    return (black - ((255 - inks[:, :, :3]) * black >> 8)).astype(np.uint8)


def _stored_orientation(image: Image.Image) -> int:
    """EXIF's, of a loaded picture; 1 where there is none or it is damaged. XMP's does not count, as with OpenCV."""
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif", b""))
        orientation = exif.get(_ORIENTATION)
    except Exception:  # Parsing stumbles upon many things; the picture is as good without.
        return 1
    return orientation if isinstance(orientation, int) else 1


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    turn = _TURNS.get(orientation)
    return pixels if turn is None else turn(pixels)
