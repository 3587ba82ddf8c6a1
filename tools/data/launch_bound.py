"""A network of 200 small layers: on a large GPU each of its kernels takes less time than the launch of the next."""

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from .files import DataError, Folder

BLOCKS = 40
CHANNELS = 16
SIDE = 16
# Of the second convolution of a block: with a larger one the activations grow from block to block.
BRANCH = 0.25
# The least difference of two inputs' outputs, as a part of the largest output: as for the classifiers.
DISTANCE = 0.1


def make(folder: Folder) -> None:
    model = _model(np.random.default_rng(10))
    onnx.checker.check_model(model, full_check=True)
    _check_outputs_differ(model)
    folder.write_bytes("models/launch_bound.onnx", model.SerializeToString())


def _model(rng: np.random.Generator) -> onnx.ModelProto:
    """40 blocks on [N, 16, 16, 16], each x + maxima(conv(maxima(conv(x)))): 5 layers, none of which TensorRT can fuse.

    The maxima of neighbours keep the convolutions apart from each other and from the sum.
    """
    nodes, weights = [], []
    value = "x"
    for i in range(BLOCKS):
        branch = value
        for part, gain in (("a", 1.0), ("b", BRANCH)):
            name = f"{part}{i}"
            weights.append(numpy_helper.from_array(_weights(rng, gain), f"w{name}"))
            nodes.append(helper.make_node("Conv", [branch, f"w{name}"], [f"c{name}"], pads=[1, 1, 1, 1]))
            nodes.append(helper.make_node("MaxPool", [f"c{name}"], [name], kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
            branch = name
        total = "y" if i == BLOCKS - 1 else f"x{i}"
        nodes.append(helper.make_node("Add", [value, branch], [total]))
        value = total
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", CHANNELS, SIDE, SIDE]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "launch_bound", ends[:1], ends[1:], weights)
    return helper.make_model(graph, producer_name="replayrt", opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _weights(rng: np.random.Generator, gain: float) -> np.ndarray:
    """Each filter adds up to 0: else what the maxima of all inputs share would drown what differs."""
    values = rng.standard_normal((CHANNELS, CHANNELS, 3, 3)) * gain * np.sqrt(1.0 / (CHANNELS * 9))
    return (values - values.mean(axis=(2, 3), keepdims=True)).astype(np.float32)


def _check_outputs_differ(model: onnx.ModelProto) -> None:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    shape = (2, CHANNELS, SIDE, SIDE)
    first, second = session.run(None, {"x": np.random.default_rng(1).standard_normal(shape).astype(np.float32)})[0]
    largest = np.abs(first).max()
    if not np.isfinite(largest) or np.abs(first - second).max() < DISTANCE * largest:
        raise DataError(f"launch_bound: the outputs of two inputs differ by less than {DISTANCE} of the largest output")
