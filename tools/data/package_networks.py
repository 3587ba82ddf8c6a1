"""Small networks with the output layouts of the families, whose scores and boxes depend on the picture.

The first layer sees differences within patches only and no layer before the scores has a bias: a picture without edges
gives the bias of the scores, which is below every threshold. The last steps use Softsign, whose rounding is the same
everywhere, rather than a function that each library approximates in its own way.
"""

from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime as ort

from . import package_masks
from .package_graph import INPUT, Graph, rounded, rounded_scale

CHANNELS = {4: 8, 8: 12, 16: 16, 32: 16}  # by stride
# Width and height of the boxes of a cell, in strides: neighbours overlap by about the usual IoU thresholds.
BOX_SIZES = ((1.6, 2.4), (2.6, 1.7), (3.3, 3.0))
SHIFT, STRETCH = 0.7, 0.4  # how far a box can move, in strides, and change its size, as a fraction
SPREAD = 6.0  # logits are within bias +- this
THRESHOLD_LOGIT = float(np.log(0.4 / 0.6))
# Of key points: how far one can lie from the middle of its cell, in strides, and within what its logit is.
REACH, FOUND_SPREAD = 3.0, 3.0
# Of RF-DETR's: about the logarithm of 1 / deviation in parts of the picture, how far it varies, and what l21 is within.
LOG_PRECISION, LOG_SPREAD, L21_SPREAD = 3.0, 2.0, 6.0
TO_XYXY = np.array([[1, 0, -0.5, 0], [0, 1, 0, -0.5], [1, 0, 0.5, 0], [0, 1, 0, 0.5]])


@dataclass(frozen=True)
class Detector:
    """layout: "channels" (v8), "objectness" (v5), "rows" (fused), "two" (YOLO-NAS), "queries" (RF-DETR) or "priors"
    (YOLACT)."""

    layout: str
    size: tuple[int, int]
    scores: int
    seed: int
    found: int = 20  # about how many boxes of a picture score over 0.4
    rows: int = 80  # of layout "rows"
    any_size: bool = False
    masks: int = 0  # the stride of the prototypes of instance segmentation; 0: there are none
    with_levels: bool = False  # gives the scores of each level, too, as YOLOv7 does with masks
    key_points: int = 0  # places of each box; of layout "queries" for each class

    def __post_init__(self) -> None:
        assert self.layout in ("channels", "objectness", "rows", "two", "queries", "priors")


@dataclass(frozen=True)
class Classifier:
    """fused: the activation that the network itself applies, "Softmax" or "Sigmoid"; none: logits."""

    size: tuple[int, int]
    classes: int
    seed: int
    fused: str | None = None
    multi_label: bool = False
    any_size: bool = False


def detector(spec: Detector, inputs: np.ndarray, batch: int | str = "N") -> onnx.ModelProto:
    """`inputs`: pictures (n, 3, height, width), from which the scale of the scores is taken."""
    graph = Graph(spec.seed)
    levels = backbone(graph)
    features = dict(zip(levels, run(graph, levels, inputs)))
    sizes = BOX_SIZES[:1] if spec.layout == "queries" else BOX_SIZES
    with_objectness = spec.layout == "objectness"
    count = spec.scores + with_objectness
    heads = {
        stride: graph.weights((len(sizes) * (4 + count), CHANNELS[stride], 1, 1)) / deviation_of(features[stride])
        for stride in levels
    }
    split = 4 * len(sizes)
    bias = _bias(spec, {stride: (heads[stride][split:], features[stride]) for stride in levels}, count)

    boxes, logits, coefficients, points = [], [], [], []
    places = spec.key_points * (spec.scores if spec.layout == "queries" else 1)
    for stride, value in levels.items():
        raw = graph.add("Softsign", graph.conv(value, rounded(heads[stride])))
        ends = graph.constant([split, len(sizes) * count], np.int64)
        raw_boxes, raw_scores = graph.add_many("Split", 2, raw, ends, axis=1)
        boxes.append(graph.reshape(_boxes(graph, spec, raw_boxes, value, stride, sizes), [0, 4, -1]))
        logits.append(graph.reshape(raw_scores, [0, count, -1]))
        if spec.masks:
            raw = package_masks.coefficients(graph, value, features[stride], len(sizes))
            coefficients.append(graph.reshape(raw, [0, package_masks.PROTOTYPES, -1]))
        if places:
            points.append(_key_points(graph, spec, value, stride, len(sizes), places, deviation_of(features[stride])))
    spread = graph.add("Mul", graph.add("Concat", *logits, axis=2), graph.constant(SPREAD))
    logit = graph.add("Add", spread, graph.constant(bias.reshape(count, 1)))
    all_boxes = graph.add("Concat", *boxes, axis=2)
    if spec.masks:
        masks = graph.add("Concat", *coefficients, axis=2), package_masks.prototypes(graph, inputs, spec.masks, run)
        outputs = _outputs_with_masks(graph, spec, all_boxes, logit, masks, logits)
    else:
        all_points = graph.add("Concat", *points, axis=3) if points else None
        outputs = _outputs(graph, spec, all_boxes, logit, all_points)
    return graph.model(outputs, _input_size(spec), batch)


def classifier(spec: Classifier, inputs: np.ndarray, batch: int | str = "N") -> onnx.ModelProto:
    graph = Graph(spec.seed)
    pooled = graph.add("Flatten", graph.add("GlobalAveragePool", backbone(graph)[32]))
    features = run(graph, {32: pooled}, inputs, rank=2)[0]
    weights = graph.weights((CHANNELS[32], spec.classes), np.sqrt(spec.classes))
    deviation = (features @ weights).std(axis=0).mean()
    weights = rounded(weights * rounded_scale(2.5 / deviation))
    # Centred; labels that are not exclusive are on less often than not, and all off without any edge.
    means = np.round((features @ weights).mean(axis=0), 1)
    bias = np.minimum(-means, -1.0) if spec.multi_label else -means
    logit = graph.add("Gemm", pooled, graph.constant(weights), graph.constant(bias))
    axis = {"axis": 1} if spec.fused == "Softmax" else {}
    output = graph.add(spec.fused, logit, **axis) if spec.fused else logit
    return graph.model({"output0": (output, [spec.classes])}, _input_size(spec), batch)


def _input_size(spec: Detector | Classifier) -> tuple:
    return ("H", "W") if spec.any_size else spec.size


def backbone(graph: Graph, strides: tuple[int, ...] = (8, 16, 32)) -> dict[int, str]:
    """Values by stride."""
    patches = graph.weights((CHANNELS[4], 3, 4, 4), 4.0)
    value = graph.add("Relu", graph.conv(INPUT, rounded(patches - patches.mean(axis=(2, 3), keepdims=True)), stride=4))
    levels = {}
    for stride in strides:
        weights = graph.weights((CHANNELS[stride], CHANNELS[stride // 2], 3, 3), 1.4)
        value = graph.add("Relu", graph.conv(value, weights, stride=2, pad=1))
        levels[stride] = value
    return levels


def run(graph: Graph, values: dict[int, str], inputs: np.ndarray, rank: int = 4) -> list[np.ndarray]:
    outputs = {f"level_{stride}": (value, [None] * (rank - 1)) for stride, value in values.items()}
    model = graph.model(outputs, inputs.shape[2:])
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {INPUT: inputs})


def deviation_of(features: np.ndarray) -> float:
    return rounded_scale(np.sqrt((features**2).mean()))


def _bias(spec: Detector, heads: dict, count: int) -> np.ndarray:
    """Bias of each score such that about `found` of a picture's boxes have a score over 0.4 that selects them."""
    spreads = []
    for weights, features in heads.values():
        raw = np.einsum("oc,nchw->nohw", weights[:, :, 0, 0], features)
        spread = SPREAD * raw / (1 + np.abs(raw))
        spreads.append(spread.reshape(len(features), count, -1))
    spread = np.concatenate(spreads, axis=2)
    selecting = spread[:, 0] if spec.layout == "objectness" else spread.max(axis=1)
    quantile = np.quantile(selecting, 1 - spec.found / selecting.shape[1])
    bias = np.full(count, round(THRESHOLD_LOGIT - max(quantile, 0.5), 2))
    if spec.layout == "objectness" and not spec.with_levels:
        bias[1:] = 0.0
    return bias


def _boxes(graph: Graph, spec: Detector, raw: str, like: str, stride: int, sizes) -> str:
    """[B, 4 * len(sizes), h, w]: a grid of boxes, each moved and stretched by `raw`; coordinate by coordinate."""
    matrix = np.eye(4)
    if spec.layout in ("rows", "two"):
        matrix = TO_XYXY
    elif spec.layout == "queries":
        height, width = spec.size
        matrix = np.diag([1 / width, 1 / height, 1 / width, 1 / height])
    per_cell = len(sizes)
    extents = np.array(sizes) * stride
    amplitude = np.stack([np.full(per_cell, SHIFT * stride)] * 2 + [STRETCH * extents[:, 0], STRETCH * extents[:, 1]])
    weights = np.einsum("ab,bj,jk->ajbk", matrix, amplitude, np.eye(per_cell)).reshape(4 * per_cell, 4 * per_cell, 1, 1)
    if spec.layout == "priors":
        return graph.conv(raw, _prior_offsets(amplitude, extents))
    moved = graph.conv(raw, weights)
    if spec.any_size:
        return graph.add("Add", moved, _grid_of_any_size(graph, like, stride, matrix, extents))
    base = np.einsum("ab,bjhw->ajhw", matrix, _grid(spec, stride, extents))
    return graph.add("Add", moved, graph.constant(base.reshape(1, 4 * per_cell, *base.shape[2:])))


def _grid(spec: Detector, stride: int, extents: np.ndarray) -> np.ndarray:
    """(4, boxes of a cell, rows, columns): middles and sizes."""
    height, width = spec.size[0] // stride, spec.size[1] // stride
    x, y = np.meshgrid((np.arange(width) + 0.5) * stride, (np.arange(height) + 0.5) * stride)
    ones = np.ones((len(extents), height, width))
    return np.stack([x * ones, y * ones, *(ones * extents[:, axis, None, None] for axis in (0, 1))])


def _prior_offsets(amplitude: np.ndarray, extents: np.ndarray) -> np.ndarray:
    """Weights of the same moves as YOLACT's offsets: in tenths of the size, and logarithms in fifths."""
    scales = np.concatenate([amplitude[:2] / (0.1 * extents.T), np.ones((2, len(extents)))])
    return np.diag(scales.reshape(-1))[:, :, None, None]


def _priors(spec: Detector) -> np.ndarray:
    height, width = spec.size
    levels = [_grid(spec, stride, np.array(BOX_SIZES) * stride).reshape(4, -1) for stride in (8, 16, 32)]
    return np.concatenate(levels, axis=1).T / [width, height, width, height]


def _grid_of_any_size(graph: Graph, like: str, stride: int, matrix: np.ndarray, extents: np.ndarray) -> str:
    """The same grid computed from the size of `like`: running sums of ones are the numbers of columns and rows."""
    channel = graph.add("ReduceMax", like, axes=[1], keepdims=1)
    ones = graph.add("Add", graph.add("Mul", channel, graph.constant(0.0)), graph.constant(1.0))
    sums = [graph.add("CumSum", ones, graph.constant(axis, np.int64)) for axis in (3, 2)]
    per_cell = len(extents)
    weights = np.repeat(matrix[:, None, :2] * stride, per_cell, axis=1).reshape(4 * per_cell, 2, 1, 1)
    middles = np.concatenate([np.full((2, per_cell), -0.5 * stride), extents.T])
    centre = matrix[:, :2] @ middles[:2] + matrix[:, 2:] @ middles[2:]
    return graph.conv(graph.add("Concat", *sums, axis=1), weights, centre.reshape(-1))


def _key_points(graph: Graph, spec: Detector, value: str, stride: int, per_cell: int, places: int, scale: float) -> str:
    """[B, places, numbers, rows]: x, y and a confidence of each place; of layout "queries" what RF-DETR gives."""
    queries = spec.layout == "queries"
    height, width = spec.size[0] // stride, spec.size[1] // stride
    count = places * per_cell
    x, y = np.meshgrid((np.arange(width) + 0.5) * stride, (np.arange(height) + 0.5) * stride)
    parts = spec.size if queries else (1, 1)

    def raw() -> str:
        weights = graph.weights((count, CHANNELS[stride], 1, 1)) / scale
        return graph.add("Softsign", graph.conv(value, rounded(weights)))

    def within(middle, spread: float) -> str:
        return graph.add("Add", graph.add("Mul", raw(), graph.constant(spread)), graph.constant(middle))

    reach = REACH * stride
    found = within(0.5, FOUND_SPREAD)
    numbers = [within(x / parts[1], reach / parts[1]), within(y / parts[0], reach / parts[0])]
    if queries:
        sharpness = [within(LOG_PRECISION, LOG_SPREAD), within(0.0, L21_SPREAD), within(LOG_PRECISION, LOG_SPREAD)]
        numbers += [found, within(0.0, 1.0), *sharpness, within(0.0, 1.0)]
    else:
        numbers.append(graph.add("Sigmoid", found))
    axis = graph.constant([2], np.int64)
    rows = [graph.add("Unsqueeze", graph.reshape(number, [0, places, -1]), axis) for number in numbers]
    return graph.add("Concat", *rows, axis=2)


def _outputs(
    graph: Graph, spec: Detector, boxes: str, logit: str, points: str | None = None
) -> dict[str, tuple[str, list]]:
    def rows(value: str) -> str:
        return graph.add("Transpose", value, perm=[0, 2, 1])

    if spec.layout == "queries":
        outputs = {"dets": (rows(boxes), [None, 4]), "labels": (rows(logit), [None, spec.scores])}
        if points:
            by_query = graph.add("Transpose", points, perm=[0, 3, 1, 2])
            outputs["keypoints"] = (by_query, [None, spec.scores * spec.key_points, 8])
        return outputs
    flat_points = [graph.reshape(points, [0, 3 * spec.key_points, -1])] if points else []
    scores = graph.add("Sigmoid", logit)
    if spec.layout == "two":
        return {"boxes": (rows(boxes), [None, 4]), "scores": (rows(scores), [None, spec.scores])}
    if spec.layout == "rows":
        best = _best_rows(graph, boxes, scores, spec.rows, *flat_points)
        return {"output0": (best, [spec.rows, 6 + 3 * spec.key_points])}
    all_channels = graph.add("Concat", boxes, scores, *flat_points, axis=1)
    if spec.layout == "channels":
        return {"output0": (all_channels, [4 + spec.scores + 3 * spec.key_points, None])}
    return {"output0": (rows(all_channels), [None, 5 + spec.scores])}


def _outputs_with_masks(graph: Graph, spec: Detector, boxes: str, logit: str, masks: tuple[str, str], levels) -> dict:
    def rows(value: str) -> str:
        return graph.add("Transpose", value, perm=[0, 2, 1])

    coefficients, planes = masks
    count = package_masks.PROTOTYPES
    map_size = [side // spec.masks for side in spec.size]
    if spec.layout == "queries":
        of_queries = package_masks.masks_of(graph, rows(coefficients), planes, map_size)
        return _outputs(graph, spec, boxes, logit) | {"masks": (of_queries, [None, *map_size])}
    prototypes = {"output1": (planes, [count, *map_size])}
    scores = graph.add("Sigmoid", logit)
    if spec.layout == "rows":
        best = _best_rows(graph, boxes, scores, spec.rows, coefficients)
        return {"output0": (best, [spec.rows, 6 + count])} | prototypes
    if spec.layout == "priors":
        best = graph.add("ReduceMax", scores, axes=[1], keepdims=1)
        priors = _priors(spec)
        background = graph.add("Sub", graph.constant(1.0), best)
        last = graph.add("Transpose", planes, perm=[0, 2, 3, 1])
        return {
            "loc": (rows(boxes), [None, 4]),
            "conf": (rows(graph.add("Concat", background, scores, axis=1)), [None, 1 + spec.scores]),
            "mask": (rows(coefficients), [None, count]),
            "priors": (graph.constant(priors), priors.shape),
            "proto": (last, [*map_size, count]),
        }
    channels = graph.add("Concat", boxes, scores, coefficients, axis=1)
    if spec.layout == "channels":
        return {"output0": (channels, [4 + spec.scores + count, None])} | prototypes
    more = {f"level_{number}": (value, [None, None]) for number, value in enumerate(levels)} if spec.with_levels else {}
    return {"output0": (rows(channels), [None, 5 + spec.scores + count])} | more | prototypes


def _best_rows(graph: Graph, boxes: str, scores: str, count: int, *others: str) -> str:
    """[B, count, 6 or more]: x1, y1, x2, y2, score, class of the best boxes in descending order, `others` of them."""
    best = graph.add("ReduceMax", scores, axes=[1], keepdims=1)
    label = graph.add("Cast", graph.add("ArgMax", scores, axis=1, keepdims=1), to=onnx.TensorProto.FLOAT)
    rows = graph.add("Transpose", graph.add("Concat", boxes, best, label, *others, axis=1), perm=[0, 2, 1])
    flat = graph.add("Squeeze", best, graph.constant([1], np.int64))
    order = graph.add_many("TopK", 2, flat, graph.constant([count], np.int64), axis=1)[1]
    return graph.add("GatherND", rows, graph.add("Unsqueeze", order, graph.constant([2], np.int64)), batch_dims=1)
