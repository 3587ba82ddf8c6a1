"""What the reference's models of maps give, in short, and whether it is understood.

A map of classes is kept as runs of some of its rows and as the number of pixels of each class, a map of numbers as its
mean and a grid of it. The reference's maps must be what is computed here anew from the network's outputs, without its
code: pixels may differ only where the best two classes or the confidence and its threshold lie within TIE.
"""

from itertools import groupby

import numpy as np
from margins import TooClose

MOST_ROWS, MOST_SAMPLES = 24, 8
TIE = 1e-5
MOST_TIES = 1e-3  # of the pixels of a map; one value may fill several beside an edge


def segments(results: list) -> list[dict]:
    return [_segments(entry.segmentation_map.numpy(), entry.confidence.numpy()) for entry in results]


def depths(results: list) -> list[dict]:
    return [{"size": list(entry.shape), **_sampled("depth", entry.numpy())} for entry in results]


def check(layout: str, outputs: list[np.ndarray], case: dict, result) -> None:
    """`outputs`: the network's, of one picture. `case`: names, metadata and thresholds by class."""
    if layout == "depths":
        depth = _placed(_resized(outputs[0].astype(float), case["metadata"], 0.0), 0.0, case["metadata"])[0]
        if depth.shape != tuple(result.shape) or not np.allclose(depth, result.numpy(), rtol=0, atol=1e-4):
            raise TooClose("another depth was computed than the reference gave")
        return
    names = [name.lower() for name in case["names"]]
    background = names.index("background")
    logits = _resized(outputs[0].astype(float), case["metadata"], background)
    ids = np.array([number for number in range(len(names)) if number != background or len(logits) == len(names)])
    if len(logits) == 1:
        scores = 1 / (1 + np.exp(-logits))
        margin = np.ones(scores.shape[1:])
    else:
        scores = np.exp(logits - logits.max(axis=0))
        scores /= scores.sum(axis=0)
        margin = np.diff(np.sort(scores, axis=0)[-2:], axis=0)[0]
    classes, confidence = ids[scores.argmax(axis=0)], scores.max(axis=0)
    below = confidence < case["thresholds"][classes]
    # Which class it would have been does not matter below the threshold, unless each class has its own.
    decided = below & (np.ptp(case["thresholds"]) == 0)
    margin = np.where(decided, 1.0, margin)
    margin = np.minimum(margin, np.abs(confidence - case["thresholds"][classes]))
    classes, confidence = np.where(below, background, classes), np.where(below, 0.0, confidence)
    metadata = case["metadata"]
    classes, confidence = _placed(classes[None], background, metadata)[0], _placed(confidence[None], 0.0, metadata)[0]
    clear = _placed(margin[None], 1.0, metadata)[0] > TIE
    given = result.segmentation_map.numpy(), result.confidence.numpy()
    if classes.shape != given[0].shape:
        raise TooClose(f"a map of {classes.shape} was computed, the reference gave {given[0].shape}")
    if np.mean(~clear) > MOST_TIES:
        raise TooClose(f"{np.sum(~clear)} pixels of {clear.size} are too close")
    if np.any(classes[clear] != given[0][clear]) or np.abs(confidence - given[1])[clear].max(initial=0) > 1e-4:
        raise TooClose("another map was computed than the reference gave")


def _segments(classes: np.ndarray, confidence: np.ndarray) -> dict:
    step = -(-len(classes) // MOST_ROWS)
    runs = [
        [number for class_id, pixels in groupby(row) for number in (class_id, len(list(pixels)))]
        for row in classes[::step].tolist()
    ]
    ids, counts = np.unique(classes, return_counts=True)
    pixels = {str(class_id): count for class_id, count in zip(ids.tolist(), counts.tolist())}
    entry = {"size": list(classes.shape), "pixels": pixels}
    return entry | {"row_step": step, "runs": runs} | _sampled("confidence", confidence)


def _sampled(name: str, values: np.ndarray) -> dict:
    """Every so many rows and columns, from the upper left corner, row by row."""
    step = [-(-length // MOST_SAMPLES) for length in values.shape]
    grid = values[:: step[0], :: step[1]].ravel()
    return {"mean": float(f"{values.mean(dtype=np.float64):.7g}"), "step": step, name: grid}


def _resized(maps: np.ndarray, metadata: dict, fill: float) -> np.ndarray:
    """Without its border, in the size that the picture had after the static crop."""
    if maps.ndim == 2:
        maps = maps[None]
    for axis, before, after, size in ((1, "pad_top", "pad_bottom", 0), (2, "pad_left", "pad_right", 1)):
        scale = maps.shape[axis] / metadata["inference_size"][size]
        pads = [round(scale * metadata[name]) for name in (before, after)]
        wider = [(0, 0)] * 3
        wider[axis] = tuple(max(-pad, 0) for pad in pads)
        maps = np.pad(maps, wider, constant_values=fill)
        kept = slice(max(pads[0], 0), maps.shape[axis] - max(pads[1], 0))
        maps = maps[:, kept] if axis == 1 else maps[:, :, kept]
    height, width = metadata["size_after_pre_processing"]
    return _weights(maps.shape[1], height) @ (maps @ _weights(maps.shape[2], width).T)


def _weights(source: int, target: int) -> np.ndarray:
    """(target, source): a triangle around each place, as wide as two values on the coarser side."""
    scale = source / target
    centers = (np.arange(target) + 0.5) * scale - 0.5
    weights = np.maximum(1 - np.abs(np.arange(source) - centers[:, None]) / max(scale, 1.0), 0)
    return weights / weights.sum(axis=1, keepdims=True)


def _placed(maps: np.ndarray, outside: float, metadata: dict) -> np.ndarray:
    x, y = metadata["static_crop_offset"][:2]
    if x == 0 and y == 0:
        return maps  # The reference leaves the size as it is, whatever was cut off on the other sides.
    result = np.full((len(maps), *metadata["original_size"]), outside, maps.dtype)
    result[:, y : y + maps.shape[1], x : x + maps.shape[2]] = maps
    return result
