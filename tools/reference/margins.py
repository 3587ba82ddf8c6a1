"""How far a case is from where a difference in the last bits would change what it gives.

Everything is computed anew from the network's outputs, without the reference's code, and must agree with what the
reference gave: a case whose outcome is not understood is not worth comparing with.
"""

import numpy as np

# threshold: of scores; overlap: of IoUs from NMS's threshold; rounding: of a box's side or a key point from the middle
# between two pixels; order: between two scores that are sorted; label: between the scores of the best two classes; crop:
# of a box's side on a mask's map from the middle between two elements.
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
    if layout == "queries" and "points" in case:
        select = _queries_with_points
    outputs = [np.asarray(output, np.float64) for output in outputs]
    boxes, labels, scores, *points = select(margins, layout, outputs, case)
    metadata = case["metadata"]
    on_canvas = boxes
    size = np.array(metadata["original_size"][::-1])
    boxes = np.clip(_in_picture(metadata, boxes.reshape(-1, 2)).reshape(-1, 4), 0, np.tile(size, 2))
    if "points" in case:
        _check_points(margins, layout, *points, labels, case, prediction, size)
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


def _in_picture(metadata: dict, points: np.ndarray) -> np.ndarray:
    points = points - [metadata["pad_left"], metadata["pad_top"]]
    points = points / [metadata["scale_width"], metadata["scale_height"]]
    return points + metadata["static_crop_offset"][:2]


def _check_points(margins: Margins, layout: str, points, labels, case: dict, prediction: dict, size) -> None:
    """`points`: x and y on the canvas and confidence of each place of each box."""
    places = max(case["points"])
    points = np.asarray(points).reshape(-1, places, 3)
    xy = _in_picture(case["metadata"], points[..., :2].reshape(-1, 2)).reshape(-1, places, 2)
    if layout == "queries":
        xy = np.clip(xy, 0, size)
    there = np.arange(places) < np.array(case["points"], int)[labels][:, None]
    margins.add("threshold", np.abs(points[there][:, 2] - case["points_threshold"]))
    there &= points[..., 2] >= case["points_threshold"]
    margins.add("rounding", np.abs(xy[there] - np.floor(xy[there]) - 0.5))
    confidence = np.where(there, points[..., 2], 0)
    given_xy = np.array(prediction["key_points"]).reshape(-1, places, 2)
    given_confidence = np.array(prediction["key_points_confidence"]).reshape(-1, places)
    if not (
        given_xy.shape == xy.shape
        and np.array_equal(np.rint(xy * there[..., None]), given_xy)
        and np.allclose(confidence, given_confidence, rtol=0, atol=1e-6)
    ):
        raise TooClose("other key points were computed than the reference gave")


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
    end = 4 + len(case["thresholds"])
    scores = rows[:, 5:] if layout == "objectness" else rows[:, 4:end]
    best, labels = scores.max(axis=1), scores.argmax(axis=1)
    selecting = rows[:, 4] if layout == "objectness" else best
    thresholds = case["thresholds"][labels]
    margins.add("threshold", np.abs(selecting - thresholds))
    chosen = np.flatnonzero(selecting > thresholds)
    margins.add("label", np.diff(np.sort(scores[chosen], axis=1)[:, -2:], axis=1))
    order = chosen[np.argsort(-best[chosen], kind="stable")]
    margins.add("order", -np.diff(best[order]))
    kept = _nms(margins, boxes, labels, order, case["options"])
    return boxes[kept], labels[kept], best[kept], rows[kept, end:]


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
    return rows[kept, :4], labels[kept], rows[kept, 4], rows[kept, 6:]


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


def _queries_with_points(margins: Margins, layout: str, outputs: list[np.ndarray], case: dict):
    """The score of each query for each class counts by how narrow the normal distributions of its key points are."""
    boxes, logits, points = outputs
    queries, columns = logits.shape
    points = points.reshape(queries, columns, -1, points.shape[2])
    log_l11, l21, log_l22 = (points[..., number] for number in (4, 5, 6))
    lower = np.zeros((*log_l11.shape, 2, 2))
    lower[..., 0, 0], lower[..., 1, 0], lower[..., 1, 1] = np.exp(log_l11), l21, np.exp(log_l22)
    trace = np.trace(np.linalg.inv(lower @ np.swapaxes(lower, -1, -2)), axis1=-2, axis2=-1)
    found = 1 / (1 + np.exp(-points[..., 2]))
    scores = 1 / (1 + np.exp(-logits)) * ((found * trace).sum(axis=2) / found.sum(axis=2)) ** -0.2
    scores = (scores / (1 + scores)).ravel()
    classes = np.array([case["new_ids"].get(number, -1) for number in range(columns)])
    labels = classes[np.arange(scores.size) % columns]
    thresholds = case["thresholds"][labels]
    margins.add("threshold", np.abs(scores - thresholds)[labels >= 0])
    order = np.flatnonzero((labels >= 0) & (scores > thresholds))
    order = order[np.argsort(-scores[order], kind="stable")]
    margins.add("order", -np.diff(scores[order]))
    height, width = case["metadata"]["nonsquare_intermediate_size"] or case["metadata"]["inference_size"]
    chosen = order // columns, order % columns
    on_canvas = np.concatenate([points[chosen][..., :2] * [width, height], found[chosen][..., None]], axis=2)
    corners = _corners(boxes[chosen[0]]) * [width, height, width, height]
    return corners, labels[order], scores[order], on_canvas
