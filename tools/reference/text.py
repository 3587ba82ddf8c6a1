"""What the reference's models of text give, and how far that is from where the last bits would change it."""

from dataclasses import replace
from itertools import groupby

import numpy as np
from inference_models.models.pp_ocrv6.pp_ocrv6_detection_utils import boxes_from_probability_map
from inference_models.models.pp_ocrv6.pp_ocrv6_recognition_utils import ctc_decode
from margins import Margins, TooClose


def pages(model, images: list[np.ndarray], options: dict, margins: Margins) -> tuple[list[dict], list[dict]]:
    """Metadata and predictions of a text detector: one of each for every picture."""
    tensors, sources = model.pre_process(images, **options)
    maps = model.forward(tensors)
    for probabilities, source in zip(maps, sources):
        # Every region, so that those that fail by little are seen, too.
        everything = replace(model._config, box_thresh=0.0)
        regions = boxes_from_probability_map(
            probabilities.numpy(), source.source_height, source.source_width, everything
        )
        margins.add("threshold", np.abs(np.array([score for _, score in regions]) - model._config.box_thresh))
    metadata = [
        _sizes((source.source_height, source.source_width), tensor) for source, tensor in zip(sources, tensors)
    ]
    predictions = [
        {
            "xyxy": [[int(side) for side in box] for box in found.xyxy.tolist()],
            "class_id": found.class_id.tolist(),
            "confidence": found.confidence.numpy(),
            "polygon": [entry["polygon"] for entry in found.bboxes_metadata],
        }
        for found in model(images, **options)
    ]
    return metadata, predictions


def lines(model, images: list[np.ndarray], options: dict, margins: Margins) -> tuple[list[dict], list[dict]]:
    """The same of a text recogniser."""
    tensor = model.pre_process(images, **options)
    scores = model.forward(tensor).numpy()
    margins.add("label", np.diff(np.partition(scores, -2, axis=2)[:, :, -2:], axis=2))
    texts = model(images, **options)
    alphabet = ["", *model._characters, " "]
    predictions = []
    for text, row, (decoded, confidence) in zip(texts, scores, ctc_decode(scores, model._characters)):
        computed = "".join(alphabet[best] for best, _ in groupby(row.argmax(axis=1)))
        if not text == decoded == computed:
            raise TooClose(f"{computed!r} was computed, the reference gave {text!r}")
        predictions.append({"text": text, "confidence": [confidence]})
    return [_sizes(image.shape[:2], tensor) for image in images], predictions


def _sizes(original: tuple[int, int], tensor) -> dict:
    return {"original_size": list(original), "inference_size": list(tensor.shape[2:])}
