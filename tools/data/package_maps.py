"""Small networks that say something of each pixel: classes, or a depth."""

from dataclasses import dataclass

import numpy as np
import onnx

from .package_graph import Graph, rounded
from .package_networks import CHANNELS, SPREAD, backbone, deviation_of, run

STRIDE = 8  # of the layer that they look at
DEPTH, DEPTH_SPREAD = 5.0, 4.0  # metres: a picture without edges, and how far others lie from it


@dataclass(frozen=True)
class Mapper:
    """channels: of logits; 0: one channel of depth. whole: the map has the input's size, not an eighth of it.

    background: the channel that wins where there are no edges, and in about half of the pixels of other pictures.
    """

    size: tuple[int, int]
    channels: int
    seed: int
    whole: bool = False
    background: int | None = None
    any_size: bool = False


def mapper(spec: Mapper, inputs: np.ndarray, batch: int | str = "N") -> onnx.ModelProto:
    """`inputs`: pictures (n, 3, height, width), from which the scale of the logits is taken."""
    graph = Graph(spec.seed)
    level = backbone(graph, (STRIDE,))[STRIDE]
    (features,) = run(graph, {STRIDE: level}, inputs)
    count = max(spec.channels, 1)
    weights = graph.weights((count, CHANNELS[STRIDE], 1, 1), 2.0) / deviation_of(features)
    raw = graph.add("Softsign", graph.conv(level, rounded(weights)))
    spread = DEPTH_SPREAD if spec.channels == 0 else SPREAD
    value = graph.add("Mul", raw, graph.constant(spread))
    value = graph.add("Add", value, graph.constant(_bias(spec, weights, features).reshape(count, 1, 1)))
    height, width = spec.size
    if spec.whole:
        scales = graph.constant([1, 1, STRIDE, STRIDE])
        value = graph.add("Resize", value, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")
    else:
        height, width = height // STRIDE, width // STRIDE
    return graph.model({"output0": (value, [count, height, width])}, spec.size, batch)


def _bias(spec: Mapper, weights: np.ndarray, features: np.ndarray) -> np.ndarray:
    if spec.channels == 0:
        return np.array([DEPTH])
    raw = np.einsum("oc,nchw->nohw", weights[:, :, 0, 0], features)
    logits = SPREAD * raw / (1 + np.abs(raw))
    bias = np.zeros(spec.channels)
    if spec.channels == 1:
        bias[0] = -1.5  # The one class is there less often than not.
    elif spec.background is not None:
        others = np.delete(logits, spec.background, axis=1).max(axis=1)
        bias[spec.background] = round(max(float(np.median(others - logits[:, spec.background])), 1.5), 1)
    return bias
