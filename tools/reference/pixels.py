"""Writes tests/models/expected/pixels.json: what the reference makes of pictures by scikit-image and by Pillow.

Run it as `/work/ref/venv/bin/python tools/reference/pixels.py`, or with any Python that has inference_models 0.39,
which brings scikit-image 0.25, NumPy 2 and Pillow 12. The pictures are not stored: make_picture() in
tests/models/preprocess/expected_pixels.hpp makes the same ones. Of each result there is the FNV-1a hash (64 bits) of
its bytes, row by row, channels interleaved, and of small ones the bytes.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from inference_models.models.common.roboflow.pre_processing import CONTRAST_ADJUSTMENT_METHODS_FOR_NUMPY
from PIL import Image

TARGET = Path(__file__).resolve().parents[2] / "tests/models/expected/pixels.json"
PACKAGES = ("inference_models", "numpy", "pillow", "scikit-image")
PICTURES = ("faint", "noise", "gray", "blobs", "gradient", "two_tone", "constant", "black", "white")
MOST_BYTES_IN_FULL = 48

# Height and width.
CONTRAST_SIZES = ((1, 1), (1, 40), (23, 2), (5, 7), (8, 15), (16, 16), (48, 64), (97, 131), (200, 330))
RESIZE_SIZES = (
    # Both sides shorter, both longer, one of each.
    ((48, 64), (24, 32)), ((48, 64), (47, 63)), ((97, 131), (32, 32)), ((97, 131), (13, 50)), ((97, 131), (96, 130)),
    ((120, 213), (93, 93)), ((64, 64), (7, 5)), ((16, 16), (32, 32)), ((16, 16), (17, 33)), ((5, 7), (40, 41)),
    ((48, 64), (97, 131)), ((33, 21), (100, 64)), ((48, 64), (20, 100)), ((48, 64), (100, 20)), ((9, 200), (60, 60)),
    ((200, 9), (60, 60)), ((3, 4), (2, 3)), ((3, 4), (4, 5)), ((2, 2), (3, 3)), ((7, 5), (5, 7)),
    # One side kept, both kept.
    ((48, 64), (48, 30)), ((48, 64), (48, 99)), ((48, 64), (20, 64)), ((48, 64), (80, 64)), ((48, 64), (48, 64)),
    # Sides of one pixel.
    ((1, 1), (1, 1)), ((1, 1), (4, 6)), ((1, 40), (1, 7)), ((1, 40), (5, 80)), ((40, 1), (7, 1)), ((40, 1), (80, 5)),
    ((13, 17), (1, 1)), ((13, 17), (1, 17)), ((13, 17), (13, 1)), ((13, 17), (1, 40)),
    # Far from square. Pillow changes the order of its passes at more than 100 times as high as wide.
    ((1, 10000), (32, 32)), ((10000, 1), (32, 32)), ((301, 3), (100, 50)), ((300, 3), (100, 50)), ((301, 3), (310, 50)),
    ((3, 301), (50, 100)), ((250, 2), (8, 9)), ((2, 250), (9, 8)),
)  # fmt: skip


def mixed(seed: int, y: np.ndarray, x: np.ndarray, channel: np.ndarray) -> np.ndarray:
    """A byte for each place, as good as random."""
    h = y * np.uint32(73856093) ^ x * np.uint32(19349663) ^ channel * np.uint32(83492791)
    h = h ^ np.uint32(seed * 2654435761 % 2**32)
    h = (h ^ h >> np.uint32(16)) * np.uint32(0x7FEB352D)
    h = (h ^ h >> np.uint32(15)) * np.uint32(0x846CA68B)
    return (h ^ h >> np.uint32(16)) & np.uint32(255)


def picture(name: str, seed: int, height: int, width: int) -> np.ndarray:
    y, x, channel = np.indices((height, width, 3), dtype=np.uint32)
    noise = mixed(seed, y, x, channel)
    match name:
        case "noise":
            values = noise
        case "faint":
            values = 5 + noise % 33
        case "gray":
            values = mixed(seed, y, x, 0 * channel)
        case "blobs":
            values = (3 * mixed(seed, y // 8, x // 8, channel) + noise) // 4
        case "gradient":
            down = y * 255 // max(height - 1, 1)
            across = x * 255 // max(width - 1, 1)
            values = np.choose(channel, [across, down, (across + down) // 2])
        case "two_tone":
            values = np.where(noise < 128, 40 + 30 * channel, 90 + 10 * channel)
        case "constant":
            values = mixed(seed, 0 * y, 0 * x, channel)
        case "black":
            values = 0 * y
        case "white":
            values = 0 * y + 255
        case _:
            raise ValueError(f"no picture is named {name!r}")
    return values.astype(np.uint8)


def fnv1a(data: bytes) -> str:
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


def outcome(result: np.ndarray) -> dict[str, str]:
    data = result.tobytes()
    return {"hash": fnv1a(data)} | ({"bytes": data.hex()} if len(data) <= MOST_BYTES_IN_FULL else {})


def contrast_cases() -> list[dict]:
    cases = []
    for kind, enhance in CONTRAST_ADJUSTMENT_METHODS_FOR_NUMPY.items():
        for height, width in CONTRAST_SIZES:
            for seed, name in enumerate(PICTURES):
                made = enhance(picture(name, seed, height, width))
                assert made.dtype == np.uint8 and made.shape == (height, width, 3)
                source = {"picture": name, "seed": seed, "size": [height, width]}
                cases.append({"type": kind.value} | source | outcome(made))
    return cases


def resize_cases() -> list[dict]:
    cases = []
    for seed, (size, new_size) in enumerate(RESIZE_SIZES):
        for name in ("noise", "blobs", "white"):
            image = Image.fromarray(picture(name, seed, *size))
            made = np.asarray(image.resize(new_size[::-1], Image.Resampling.BILINEAR))
            source = {"picture": name, "seed": seed, "size": size, "new_size": new_size}
            cases.append(source | outcome(made))
    return cases


def main() -> None:
    # scikit-image takes a coloured picture for a stack of gray ones and warns of it.
    warnings.simplefilter("ignore")
    sections = {"contrast": contrast_cases(), "pillow_resize": resize_cases()}
    made_by = {"script": "tools/reference/pixels.py"} | {package: version(package) for package in PACKAGES}
    lines = [f'"made_by": {json.dumps(made_by)}']
    for section, cases in sections.items():
        lines.append(f'"{section}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]")
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
