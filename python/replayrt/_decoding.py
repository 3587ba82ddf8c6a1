"""How Pillow's pictures become arrays of RGB, to the pixels that OpenCV gives."""

from __future__ import annotations

import contextlib
import io
import struct
import threading
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, TiffImagePlugin

from .errors import ModelInputError

Pixels: TypeAlias = npt.NDArray[np.uint8]

MOST_PIXELS = 1 << 28  # Of a picture that is read.

_PILLOW_LIMIT_LOCK = threading.Lock()
_ORIENTATION = 274  # EXIF's tag.
_EXTRA_SAMPLES = 338  # TIFF's; 2: plain opacity.

# What the program reads too. Not all that Pillow could: some of it runs other programs.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM", "JPEG2000", "SUN")
_NAMES = ".bmp .dib .jpe .jpeg .jpg .jp2 .pbm .pgm .png .pnm .ppm .ras .sr .tif .tiff .webp"

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


def decode_rgb(content: bytes, name: str) -> Pixels:
    """The picture in a file's content, RGB and upright; rows need not be dense. Messages begin with `name`."""
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
        rgb = rgb_pixels(image)
        if _has_plain_opacity(image):
            rgb = _premultiplied(np.asarray(image))  # As libtiff does, and with it OpenCV.
        rgb = turned(rgb, stored_orientation(image))
    except MemoryError:
        raise
    except ModelInputError as error:
        raise ModelInputError(f"{name}: {error}") from None
    except Exception as error:  # Plugins raise whatever their parsing stumbles upon.
        raise ModelInputError(f"{name}: cannot be decoded: {error}") from error
    return rgb


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


def rgb_pixels(image: Image.Image) -> Pixels:
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


def reversed_channels(rgb: Pixels) -> Pixels:
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


def stored_orientation(image: Image.Image) -> int:
    """EXIF's, of a loaded picture; 1 where there is none or it is damaged. XMP's does not count, as with OpenCV."""
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif", b""))
        orientation = exif.get(_ORIENTATION)
    except Exception:  # Parsing stumbles upon many things; the picture is as good without.
        return 1
    return orientation if isinstance(orientation, int) else 1


def turned(pixels: Pixels, orientation: int) -> Pixels:
    turn = _TURNS.get(orientation)
    return pixels if turn is None else turn(pixels)
