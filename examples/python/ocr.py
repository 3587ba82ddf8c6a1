"""Reads the text in pictures: PP-OCRv6 detection, a direction classifier and PP-OCRv6 recognition share one cache.

python ocr.py PICTURE... --models FOLDER [--capacity N] [--repeat N] [--json]

FOLDER holds the packages pp-ocrv6-det and pp-ocrv6-rec and the model ppocr_cls.onnx, as `make setup` makes them in
build/data/packages. Needs replayrt only (NumPy and Pillow come with it). examples/ocr is the same in C++.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

import replayrt

Pixels = npt.NDArray[np.uint8]

LINES_AT_ONCE = 6  # Lines of like length share a width, and so a graph.
MIN_CONFIDENCE = 0.5
MOST_SIDE = 2000
MOST_WIDTH_PER_HEIGHT, MOST_HEIGHT_PER_WIDTH = 8, 11  # Beyond it the detector would enlarge the picture without bound.
SAME_LINE = 10  # Pixels between the tops of boxes that stand side by side.
TALL = 1.5
DIRECTION_SHAPE = (48, 192)  # What the classifier takes.
UPSIDE_DOWN = 0.9


@dataclass
class Line:
    """One line of text: its corners, clockwise from the top left one, in pixels of the picture."""

    text: str
    confidence: float
    corners: list[list[int]]


class Reader:
    """Three models and their cache. One picture at a time."""

    def __init__(self, models: Path, cache: replayrt.TRTCudaGraphCache | None = None, threads: int = 0) -> None:
        options: dict[str, Any] = {"cuda_graph_cache": cache, "inference_threads": threads}
        self.cache = cache
        self.detector = replayrt.AutoModel.from_pretrained(models / "pp-ocrv6-det", **options)
        self.recognizer = replayrt.AutoModel.from_pretrained(models / "pp-ocrv6-rec", **options)
        self.direction = replayrt.load_engine(models / "ppocr_cls.onnx", inference_threads=threads)

    def read(self, picture: Pixels) -> list[Line]:
        """The lines of text in a BGR picture, in reading order."""
        page, top, scale = prepared(picture)
        (found,) = self.detector(page)
        if len(found) == 0:
            return []
        boxes = sorted_boxes(found.polygon)
        crops = [self.upright(crop) for crop in (cut_out(page, box) for box in boxes)]
        lines = []
        for box, result in zip(boxes, self.recognize(crops)):
            if result.confidence >= MIN_CONFIDENCE and result.text.strip():
                corners = np.rint((box - [0, top]) * scale).astype(int)
                lines.append(Line(result.text, result.confidence, corners.tolist()))
        return lines

    def recognize(self, crops: Sequence[Pixels]) -> list[replayrt.TextResult]:
        results: list[Any] = [None] * len(crops)
        order = sorted(range(len(crops)), key=lambda i: crops[i].shape[1] / crops[i].shape[0])
        for first in range(0, len(order), LINES_AT_ONCE):
            group = order[first : first + LINES_AT_ONCE]
            for i, result in zip(group, self.recognizer([crops[i] for i in group])):
                results[i] = result
        return results

    def upright(self, crop: Pixels) -> Pixels:
        """The crop, turned by half if the classifier says that it stands on its head."""
        height, width = DIRECTION_SHAPE
        scaled_width = min(width, -(-height * crop.shape[1] // crop.shape[0]))
        # As OpenCV scales, which the classifier was trained with: `resize` would blur what it makes smaller.
        whole = (0, 0, crop.shape[1], crop.shape[0])
        scaled = Image.fromarray(crop).transform(
            (scaled_width, height), Image.Transform.EXTENT, whole, Image.Resampling.BILINEAR
        )
        line = np.zeros((1, 3, height, width), np.float32)
        line[0, :, :, :scaled_width] = np.asarray(scaled, np.float32).transpose(2, 0, 1) / 127.5 - 1
        probabilities = replayrt.infer(self.direction, line, graph_cache=self.cache)[0]
        return crop[::-1, ::-1] if probabilities[0, 1] > UPSIDE_DOWN else crop


def prepared(picture: Pixels) -> tuple[Pixels, int, float]:
    """The picture at most 2000 pixels long, flat or narrow ones in a black frame; the frame's rows above it, and how many
    pixels of the picture one of it is."""
    height, width = picture.shape[:2]
    scale = max(1.0, max(height, width) / MOST_SIDE)
    if scale > 1:
        size = max(1, round(width / scale)), max(1, round(height / scale))
        picture = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
        height, width = picture.shape[:2]
    top = right = 0
    if width > MOST_WIDTH_PER_HEIGHT * height or height <= 30:
        top = abs(2 * max(width // MOST_WIDTH_PER_HEIGHT, 30) - height) // 2
    right = max(0, -(-height // MOST_HEIGHT_PER_WIDTH) - width)
    if top or right:
        picture = np.pad(picture, ((top, top), (0, right), (0, 0)))
    return picture, top, scale


def sorted_boxes(boxes: npt.NDArray[np.int32]) -> list[npt.NDArray[np.int32]]:
    """In reading order: from top to bottom, and from left to right where boxes stand side by side."""
    lines: list[list[npt.NDArray[np.int32]]] = []
    for box in sorted(boxes, key=lambda box: int(box[0, 1])):
        if not lines or box[0, 1] - lines[-1][-1][0, 1] >= SAME_LINE:
            lines.append([])
        lines[-1].append(box)
    return [box for line in lines for box in sorted(line, key=lambda box: int(box[0, 0]))]


def cut_out(picture: Pixels, box: npt.NDArray[np.int32]) -> Pixels:
    """What is inside of the box, straightened; of a tall one its left side up."""
    sides = np.linalg.norm(box - np.roll(box, -1, axis=0), axis=1)
    width, height = int(max(sides[0], sides[2])), int(max(sides[1], sides[3]))
    (left, top), (right, bottom) = box[0], box[2]
    if box[1].tolist() == [right, top] and box[3].tolist() == [left, bottom]:
        crop = picture[top : top + height, left : left + width]
    else:
        corners = box[[0, 3, 2, 1]].astype(float).ravel().tolist()
        turned = Image.fromarray(picture).transform(
            (width, height), Image.Transform.QUAD, corners, Image.Resampling.BICUBIC
        )
        crop = np.asarray(turned)
    return np.rot90(crop) if crop.shape[0] / crop.shape[1] >= TALL else crop


def read_pictures(pictures: Sequence[Pixels], reader: Reader) -> list[list[Line]]:
    return [reader.read(picture) for picture in pictures]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--capacity", type=int, default=32, help="most captured graphs (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=1, help="read all pictures so many times (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one line of JSON per picture in place of its text")
    arguments = parser.parse_args()
    try:
        cache = replayrt.TRTCudaGraphCache(arguments.capacity)
        reader = Reader(arguments.models, cache)
        pictures = [replayrt.read_picture(path) for path in arguments.pictures]
        for _ in range(arguments.repeat):
            texts = read_pictures(pictures, reader)
    except replayrt.Error as error:
        print(f"ocr.py: error: {error}", file=sys.stderr)
        return 1
    for path, lines in zip(arguments.pictures, texts):
        if arguments.json:
            print(json.dumps({"image": str(path), "lines": [vars(line) for line in lines]}, ensure_ascii=False))
        else:
            print(f"== {path}", *(line.text for line in lines), sep="\n")
    print(cache.stats(), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
