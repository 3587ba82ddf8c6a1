"""The parts of the small networks that make masks: prototypes, and a coefficient of each for every box."""

import numpy as np

from .package_graph import INPUT, Graph, rounded, rounded_scale

PROTOTYPES = 32
_FEATURES = 12
_SMOOTHED_OVER = 5  # elements of the map: masks are to be of some pieces, not of thousands


def prototypes(graph: Graph, inputs: np.ndarray, stride: int, run) -> str:
    """[B, 32, height / stride, width / stride], of about unit size, and of both signs in one picture."""
    patches = graph.weights((_FEATURES, 3, stride, stride), 4.0)
    patches = rounded(patches - patches.mean(axis=(2, 3), keepdims=True))
    value = graph.add("Relu", graph.conv(INPUT, patches, stride=stride))
    size, pad = [_SMOOTHED_OVER] * 2, [_SMOOTHED_OVER // 2] * 4
    value = graph.add("AveragePool", value, kernel_shape=size, pads=pad)
    features = run(graph, {stride: value}, inputs)[0]
    weights = graph.weights((PROTOTYPES, _FEATURES, 1, 1))
    planes = np.einsum("oc,nchw->nohw", weights[:, :, 0, 0], features)
    scale = 1 / rounded_scale(planes.std(axis=(0, 2, 3)).mean())
    return graph.conv(value, rounded(weights * scale), np.round(-planes.mean(axis=(0, 2, 3)) * scale, 1))


def coefficients(graph: Graph, level: str, features: np.ndarray, boxes: int) -> str:
    """[B, 32 * boxes, h, w] between -1 and 1."""
    weights = graph.weights((PROTOTYPES * boxes, features.shape[1], 1, 1))
    weights = weights / rounded_scale(np.sqrt((features**2).mean()))
    return graph.add("Softsign", graph.conv(level, rounded(weights)))


def masks_of(graph: Graph, rows: str, planes: str, size: tuple[int, int]) -> str:
    """[B, rows, *size]: the coefficients `rows` [B, rows, 32] by the prototypes `planes`."""
    flat = graph.reshape(planes, [0, PROTOTYPES, -1])
    return graph.reshape(graph.add("MatMul", rows, flat), [0, 0, *size])
