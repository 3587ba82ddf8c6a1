"""What rapidocr (onnxruntime engine, default settings) reads in each picture."""

import json

from rapidocr import RapidOCR

from . import pictures
from .files import Folder


def make(folder: Folder) -> None:
    engine = RapidOCR(params={"Global.log_level": "critical"})
    for name in pictures.names():
        picture = folder.path(f"pictures/{name}.png")
        result = engine(str(picture))
        lines = []
        if result.txts is not None:
            for text, score, box in zip(result.txts, result.scores, result.boxes):
                lines.append({"text": text, "score": float(score), "box": [[float(x), float(y)] for x, y in box]})
        content = {"picture": picture.name, "lines": lines}
        folder.write_text(f"expected/ocr/{name}.json", json.dumps(content, indent=1, ensure_ascii=False))
