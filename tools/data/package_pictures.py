"""Small pictures for the model packages: cut from scikit-image's photographs by slicing, so that no resizer decides."""

import io

import numpy as np
from PIL import Image

from .files import wheel_file

# name: (photograph, top, left, height and width of the result, how many pixels of each side become one)
CUT = {
    "coffee_120x160": ("coffee", 20, 60, 120, 160, 3),
    "chelsea_97x131": ("chelsea", 4, 40, 97, 131, 3),
    "ihc_64x64": ("ihc", 0, 0, 64, 64, 8),
    "astronaut_200x80": ("astronaut", 0, 140, 200, 80, 2),
    "motorcycle_333x500": ("motorcycle_left", 80, 120, 333, 500, 1),
    "astronaut_128x128": ("astronaut", 0, 0, 128, 128, 4),
}
NATURAL = tuple(CUT)
GREY = 127


def all_pictures() -> dict[str, np.ndarray]:
    """RGB u8 by name: the cut ones, one pixel, and one without any edge, in which nothing is to be found."""
    pictures = {name: _cut(*arguments) for name, arguments in CUT.items()}
    pictures["pixel_1x1"] = np.array([[[200, 60, 30]]], np.uint8)
    pictures["flat_64x96"] = np.full((64, 96, 3), GREY, np.uint8)
    return pictures


def as_png(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def as_input(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """The picture roughly as a network of this size sees it: nearest pixels, (3, height, width), 0 to 1."""
    rows = np.arange(height) * picture.shape[0] // height
    columns = np.arange(width) * picture.shape[1] // width
    return np.moveaxis(picture[rows][:, columns], 2, 0).astype(np.float32) / 255


def photograph(name: str) -> np.ndarray:
    return np.array(Image.open(wheel_file("skimage", "data", f"{name}.png")).convert("RGB"))


def _cut(name: str, top: int, left: int, height: int, width: int, step: int) -> np.ndarray:
    part = photograph(name).astype(np.uint32)[top : top + height * step, left : left + width * step]
    means = part.reshape(height, step, width, step, 3).sum(axis=(1, 3)) // step**2
    return means.astype(np.uint8)
