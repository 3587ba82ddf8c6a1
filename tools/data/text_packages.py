"""Model packages of PP-OCRv6: the OCR models with inference.yml as PaddleOCR writes it, and lines of text to read.

What the reference gives out for them is in tests/models/expected, written by tools/reference/oracle.py. The plain
packages have the values of rapidocr, whose models these are; the others differ in what the file can say.
"""

import json
import os

import numpy as np
from PIL import Image

from .files import Folder
from .package_pictures import as_png

IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
RAPIDOCR = 736, "min", "BGR", "1./255.", ([0.5] * 3, [0.5] * 3)
RAPIDOCR_POST_PROCESS = {"thresh": 0.3, "box_thresh": 0.5, "unclip_ratio": 1.6, "max_candidates": 1000}
# Of the text detectors: limit_side_len, limit_type, img_mode, scale, (means, deviations), PostProcess.
DETECTORS = {
    "pp-ocrv6-det": (*RAPIDOCR, RAPIDOCR_POST_PROCESS | {"use_dilation": "true"}),
    "pp-ocrv6-det-plain": (*RAPIDOCR, RAPIDOCR_POST_PROCESS),
    "pp-ocrv6-det-max": (480, "max", "RGB", "0.00392156862745098", IMAGENET,
                         {"thresh": 0.2, "box_thresh": 0.6, "unclip_ratio": 1.5, "max_candidates": 1000}),
    "pp-ocrv6-det-exactly": (640, "resize_long", "BGR", "1./255.", IMAGENET,
                             {"thresh": 0.3, "box_thresh": 0.45, "unclip_ratio": 2.0, "max_candidates": 4}),
}  # fmt: skip


def make(folder: Folder) -> None:
    for name, settings in DETECTORS.items():
        _write(folder, name, "pp-ocrv6-det", "object-detection", "ppocrv6_det", _detection_yml(*settings))
    # As text: in another way of reading the file some characters would end a line.
    characters = folder.path("models/ppocrv6_rec_chars.txt").read_text().split("\n")[:-1]
    yml = _recognition_yml(characters)
    _write(folder, "pp-ocrv6-rec", "pp-ocrv6-rec", "text-only-ocr", "ppocrv6_rec", yml)
    # Beside them what tells lines that stand on their head, which the reference has no family for: the demo's folder.
    _link(folder, "models/ppocr_cls.onnx", "packages/ppocr_cls.onnx")
    for name, line in _lines(folder).items():
        folder.write_bytes(f"lines/{name}.png", as_png(line))


def _write(folder: Folder, package: str, architecture: str, task: str, model: str, yml: str) -> None:
    config = {"model_architecture": architecture, "task_type": task, "backend_type": "onnx"}
    folder.write_text(f"packages/{package}/model_config.json", json.dumps(config, indent=1) + "\n")
    folder.write_text(f"packages/{package}/inference.yml", yml)
    _link(folder, f"models/{model}.onnx", f"packages/{package}/inference.onnx")


def _link(folder: Folder, model: str, name: str) -> None:
    with folder.writing(name) as path:
        os.link(folder.path(model), path)


def _detection_yml(limit: int, limit_type: str, mode: str, scale: str, normalization, post_process: dict) -> str:
    means, deviations = normalization
    lines = [
        "Global:",
        "  model_name: PP-OCRv6_small_det",
        "PreProcess:",
        "  transform_ops:",
        "  - DecodeImage:",
        "      channel_first: false",
        f"      img_mode: {mode}",
        "  - DetLabelEncode: null",
        "  - DetResizeForTest:",
        f"      limit_side_len: {limit}",
        f"      limit_type: {limit_type}",
        "  - NormalizeImage:",
        f"      mean: {means}",
        f"      std: {deviations}",
        "      order: hwc",
        f"      scale: {scale}",
        "  - ToCHWImage: null",
        "  - KeepKeys:",
        "      keep_keys: [image, shape, polys, ignore_tags]",
        "PostProcess:",
        "  name: DBPostProcess",
        *(f"  {key}: {value}" for key, value in post_process.items()),
    ]
    return "\n".join(lines) + "\n"


def _recognition_yml(characters: list[str]) -> str:
    lines = [
        "Global:",
        "  model_name: PP-OCRv6_small_rec",
        "PreProcess:",
        "  transform_ops:",
        "  - DecodeImage:",
        "      channel_first: false",
        "      img_mode: BGR",
        "  - RecResizeImg:",
        "      image_shape: [3, 48, 320]",
        "  - KeepKeys:",
        "      keep_keys: [image, label_ctc, label_gtc, length, valid_ratio]",
        "PostProcess:",
        "  name: CTCLabelDecode",
        "  character_dict:",
        *(f"  - {json.dumps(character, ensure_ascii=False)}" for character in characters),
    ]
    return "\n".join(lines) + "\n"


def _lines(folder: Folder) -> dict[str, np.ndarray]:
    """RGB u8 by name, from one glyph to what is wider than the reference lets a line be."""

    def read(name: str) -> np.ndarray:
        return np.array(Image.open(folder.path(f"pictures/{name}.png")).convert("RGB"))

    paragraph, numbers, long_line = read("paragraph"), read("numbers"), read("long_line")
    return {
        "line_word": read("word")[12:76, 10:250],
        "line_title": read("title")[10:130, 10:820],
        "line_sentence": paragraph[16:54, 12:],
        "line_sentence_2": paragraph[57:95, 12:700],
        "line_number": numbers[18:56, 16:80],
        "line_digit": numbers[18:56, 18:40],
        "line_dark": read("inverted_sign")[36:112, 20:620],
        "line_long": long_line[12:58],
        "line_too_long": np.concatenate([long_line[12:58]] * 3, axis=1),
        "line_blank": np.full((30, 90, 3), 255, np.uint8),
    }
