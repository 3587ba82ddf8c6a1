"""How far a case is from where a difference in the last bits would change what it gives.

Everything is computed anew from the network's outputs, without the reference's code, and must agree with what the
reference gave: a case whose outcome is not understood is not worth comparing with.
"""

import numpy as np

# crop: of a box's side on a mask's map from the middle between two elements; threshold: of scores; overlap: of IoUs from
# NMS's threshold; rounding: of a box's side from the middle between two pixels; order: between two scores that are
# sorted; label: between the scores of the best two classes.
LIMITS = {"threshold": 1e-4, "overlap": 1e-4, "rounding": 1e-4, "order": 2e-6, "label": 1e-5, "crop": 2e-5}


class TooClose(Exception):
    """A margin is below its limit, or the reference gave something else."""


class Margins:
    """The least of each margin so far."""

    def __init__(self) -> None:
        self.least = dict.fromkeys(LIMITS, np.inf)

    def add(self, kind: str, values) -> None:
        self.least[kind] = min(self.least[kind], float(np.min(values, initial=np.inf)))

    def require(self, what: str) -> None:
        for kind, limit in LIMITS.items():
            if self.least[kind] < limit:
                raise TooClose(f"{what}: margin '{kind}' is {self.least[kind]:.2g}, at least {limit} is wanted")


def check_boxes(margins: Margins, layout: str, outputs: list, case: dict, prediction: dict) -> np.ndarray:
    """Gives the boxes that were found, on the canvas.

    `outputs`: the network's, of one picture. `case`: metadata, thresholds by class, removed classes, options.
    """
    select = {"rows": _rows, "queries": _queries}.get(layout, _suppressed)
    boxes, labels, scores = select(margins, layout, [np.asarray(output, np.float64) for output in outputs], case)
    metadata = case["metadata"]
    height, width = metadata["original_size"]
    on_canvas = boxes
    boxes = boxes - np.tile([metadata["pad_left"], metadata["pad_top"]], 2)
    boxes = boxes / np.tile([metadata["scale_width"], metadata["scale_height"]], 2)
    boxes = boxes + np.tile(metadata["static_crop_offset"][:2], 2)
    boxes = np.clip(boxes, 0, np.tile([width, height], 2))
    margins.add("rounding", np.abs(boxes - np.floor(boxes) - 0.5))
    given = np.array(prediction["xyxy"]).reshape(-1, 4), prediction["class_id"], prediction["confidence"]
    if not (
        len(given[0]) == len(boxes)
        and np.array_equal(np.rint(boxes), given[0])
        and np.array_equal(labels, given[1])
        and np.allclose(scores, given[2], rtol=0, atol=1e-6)
    ):
        raise TooClose(f"{len(boxes)} boxes were computed, the reference gave {len(given[0])} or others")
    return on_canvas


def check_labels(margins: Margins, layout: str, scores: np.ndarray, thresholds: np.ndarray, prediction: dict) -> None:
    if layout == "labels":
        margins.add("threshold", np.abs(scores - thresholds))
        given, computed = prediction["class_ids"], np.flatnonzero(scores >= thresholds)
    else:
        margins.add("label", np.diff(np.sort(scores)[-2:]))
        given, computed = [prediction["class_id"]], [np.argmax(scores)]
    if not np.array_equal(given, computed):
        raise TooClose(f"classes {list(computed)} were computed, the reference gave {given}")


def _corners(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)


def _suppressed(margins: Margins, layout: str, outputs: list[np.ndarray], case: dict):
    rows = np.concatenate(outputs, axis=1) if layout == "two" else outputs[0]
    rows = rows.T if layout == "channels" else rows
    boxes = rows[:, :4] if layout == "two" else _corners(rows[:, :4])
    scores = rows[:, 5:] if layout == "objectness" else rows[:, 4:]
    best, labels = scores.max(axis=1), scores.argmax(axis=1)
    selecting = rows[:, 4] if layout == "objectness" else best
    thresholds = case["thresholds"][labels]
    margins.add("threshold", np.abs(selecting - thresholds))
    chosen = np.flatnonzero(selecting > thresholds)
    margins.add("label", np.diff(np.sort(scores[chosen], axis=1)[:, -2:], axis=1))
    order = chosen[np.argsort(-best[chosen], kind="stable")]
    margins.add("order", -np.diff(best[order]))
    kept = _nms(margins, boxes, labels, order, case["options"])
    return boxes[kept], labels[kept], best[kept]


def _nms(margins: Margins, boxes: np.ndarray, labels: np.ndarray, order: np.ndarray, options: dict) -> list[int]:
    threshold = options.get("iou_threshold", 0.3)
    kept = []
    while len(order):
        first, order = order[0], order[1:]
        kept.append(first)
        low = np.maximum(boxes[first, :2], boxes[order, :2])
        high = np.minimum(boxes[first, 2:], boxes[order, 2:])
        both = np.prod(np.maximum(high - low, 0), axis=1)
        areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
        overlaps = both / (areas[first] + areas[order] - both)
        if not options.get("class_agnostic_nms", False):
            overlaps[labels[order] != labels[first]] = 0
        margins.add("overlap", np.abs(overlaps - threshold))
        order = order[overlaps <= threshold]
    return kept[: options.get("max_detections", 300)]


def _rows(margins: Margins, layout: str, outputs: list[np.ndarray], case: dict):
    (rows,) = outputs
    labels = rows[:, 5].astype(int)
    thresholds = case["thresholds"][labels]
    margins.add("threshold", np.abs(rows[:, 4] - thresholds))
    chosen = rows[:, 4] > thresholds
    margins.add("order", np.abs(np.diff(rows[chosen, 4])))
    kept = np.flatnonzero(chosen)
    if case["limits_rows"]:
        kept = kept[: case["options"].get("max_detections", 300)]
    return rows[kept, :4], labels[kept], rows[kept, 4]


def _queries(margins: Margins, layout: str, outputs: list[np.ndarray], case: dict):
    boxes, logits = outputs
    scores = 1 / (1 + np.exp(-logits.ravel()))
    order = np.argsort(-scores, kind="stable")
    if scores[order[len(boxes)]] > case["thresholds"].min() - LIMITS["threshold"]:
        margins.add("order", scores[order[len(boxes) - 1]] - scores[order[len(boxes)]])
    order = order[: len(boxes)]
    classes = np.array([case["new_ids"].get(number, -1) for number in range(logits.shape[1])])
    labels = classes[order % logits.shape[1]]
    order, labels = order[labels >= 0], labels[labels >= 0]
    thresholds = case["thresholds"][labels]
    margins.add("threshold", np.abs(scores[order] - thresholds))
    chosen = scores[order] > thresholds
    order, labels = order[chosen], labels[chosen]
    margins.add("order", -np.diff(scores[order]))
    height, width = case["metadata"]["nonsquare_intermediate_size"] or case["metadata"]["inference_size"]
    most = case.get("most_queries")
    order, labels = order[:most], labels[:most]
    return _corners(boxes[order // logits.shape[1]]) * [width, height, width, height], labels, scores[order]
