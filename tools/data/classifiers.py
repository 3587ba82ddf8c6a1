"""ResNet-50 and SqueezeNet of the onnx wheel, with seeded random weights and a dynamic batch.

As shipped, their weights are constants made by ConstantOfShape, their outputs do not depend on the input, and the
batch is 1; such a model proves nothing.
"""

import numpy as np
import onnx
import onnx.shape_inference
import onnx.utils
import onnxruntime as ort
from onnx import helper, numpy_helper

from .classifier_inputs import seeded_input
from .files import DataError, Folder, wheel_file

# Each with the weight of the layer that makes the class scores.
CLASSIFIERS = {"resnet50": "gpu_0/pred_w_0", "squeezenet": "conv10_w_0"}
WANTED_SCORE_SPREAD = 3.0
# Tests allow 1e-3 of the largest output; the outputs of two inputs must differ by 100 times that.
TOLERANCE = 1e-3
DISTANCE = 100 * TOLERANCE


def make(folder: Folder) -> None:
    for seed, (name, score_weight) in enumerate(CLASSIFIERS.items()):
        path = wheel_file("onnx", "backend", "test", "data", "light", f"light_{name}.onnx")
        model = _with_random_weights(onnx.load(path), np.random.default_rng(seed))
        _make_batch_dynamic(model)
        _spread_scores(model, score_weight)
        onnx.checker.check_model(model, full_check=True)
        _check_outputs_differ(name, model)
        folder.write_bytes(f"models/{name}.onnx", model.SerializeToString())


def _with_random_weights(model: onnx.ModelProto, rng: np.random.Generator) -> onnx.ModelProto:
    graph = model.graph
    shapes = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    fills = {node.output[0]: shapes[node.input[0]] for node in graph.node if node.op_type == "ConstantOfShape"}
    nodes = [node for node in graph.node if node.op_type != "ConstantOfShape"]
    kept = {tensor.name: tensor for tensor in graph.initializer if any(tensor.name in node.input for node in nodes)}

    roles = {}
    for node in nodes:
        if node.op_type in ("Conv", "Gemm"):
            roles |= dict(zip(node.input[1:], ("weight", "bias")))
        elif node.op_type == "BatchNormalization":
            roles |= dict(zip(node.input[1:], ("scale", "bias", "mean", "variance")))
    initializers = []
    for name in sorted(fills.keys() | kept.keys()):
        if name not in roles:
            initializers.append(kept[name])  # a shape, not a weight
            continue
        shape = tuple(fills[name]) if name in fills else tuple(kept[name].dims)
        initializers.append(numpy_helper.from_array(_random_values(name, roles[name], shape, rng), name))

    data = [value for value in graph.input if value.name not in shapes and value.name not in fills]
    new_graph = helper.make_graph(nodes, graph.name, data, list(graph.output), initializers)
    return helper.make_model(new_graph, producer_name="replayrt", opset_imports=model.opset_import, ir_version=8)


def _random_values(name: str, role: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """He's scaling keeps the size of activations from layer to layer."""
    if role == "weight":
        values = rng.standard_normal(shape) * np.sqrt(2.0 / np.prod(shape[1:]))
    elif role == "scale":
        # A small last scale of each residual branch, else the sums double in size at each of the 16 blocks.
        values = rng.uniform(0.9, 1.1, shape) * (0.3 if "branch2c" in name else 1.0)
    elif role == "variance":
        values = rng.uniform(0.9, 1.1, shape)
    else:
        values = rng.uniform(-0.1, 0.1, shape)
    return values.astype(np.float32)


def _make_batch_dynamic(model: onnx.ModelProto) -> None:
    graph = model.graph
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    targets = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for tensor in graph.initializer:
        if tensor.name in targets:
            shape = numpy_helper.to_array(tensor).copy()
            shape[0] = -1
            tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))


def _spread_scores(model: onnx.ModelProto, weight: str) -> None:
    """Centres and scales the last layer, else all inputs get the same class: what they share outweighs what differs."""
    layer = next(node for node in model.graph.node if weight in node.input)
    scores = _run(_cut_after(model, layer.output[0]), np.concatenate([seeded_input(seed, 1) for seed in range(4)]))
    channels = scores.reshape(*scores.shape[:2], -1).mean(axis=2)
    # Rounded, so that rounding differences between CPUs do not change the weights.
    factor = 2.0 ** np.round(np.log2(WANTED_SCORE_SPREAD / channels.std(axis=0).mean()))
    mean = channels.mean(axis=0).round(2)
    for tensor in model.graph.initializer:
        if tensor.name in layer.input[1:]:
            values = numpy_helper.to_array(tensor)
            values = values if tensor.name == weight else values - mean
            tensor.CopyFrom(numpy_helper.from_array((values * factor).astype(np.float32), tensor.name))


def _cut_after(model: onnx.ModelProto, output: str) -> onnx.ModelProto:
    return onnx.utils.Extractor(onnx.shape_inference.infer_shapes(model)).extract_model([model.graph.input[0].name], [output])


def _check_outputs_differ(name: str, model: onnx.ModelProto) -> None:
    first, second = (_run(model, seeded_input(seed, 1)) for seed in (0, 1))
    largest = max(np.abs(first).max(), np.abs(second).max())
    if not np.isfinite(largest) or np.abs(first - second).max() < DISTANCE * largest:
        raise DataError(f"{name}: the outputs of two inputs differ by less than {DISTANCE} of the largest output")


def _run(model: onnx.ModelProto, data: np.ndarray) -> np.ndarray:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: data})[0]
