"""An ONNX graph that is written node by node, with seeded weights that are the same on every machine."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

INPUT = "images"
# Weights are multiples of it: what a library's logarithm does in the last bit is rounded away.
WEIGHT_STEP = 2.0**-14


class Graph:
    """The nodes and constants so far. Values are known by the names that the methods return."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def add(self, kind: str, *inputs: str, **attributes) -> str:
        return self.add_many(kind, 1, *inputs, **attributes)[0]

    def add_many(self, kind: str, count: int, *inputs: str, **attributes) -> list[str]:
        names = [f"{kind.lower()}_{len(self._nodes)}_{index}" for index in range(count)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Forgets at its end what was added in it."""
        nodes, constants = len(self._nodes), len(self._constants)
        yield
        del self._nodes[nodes:], self._constants[constants:]

    def constant(self, value, dtype=np.float32) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def weights(self, shape: Sequence[int], gain: float = 1.0) -> np.ndarray:
        """Normal values, scaled so that `gain` is the standard deviation of a sum over inputs of size 1."""
        values = self.random.standard_normal(shape) * gain / np.sqrt(np.prod(shape[1:]))
        return rounded(values)

    def conv(self, value: str, weights: np.ndarray, bias=None, stride: int = 1, pad: int = 0) -> str:
        inputs = [value, self.constant(weights), *([] if bias is None else [self.constant(bias)])]
        size = list(weights.shape[2:])
        return self.add("Conv", *inputs, kernel_shape=size, strides=[stride] * 2, pads=[pad] * 4)

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        return self.add("Reshape", value, self.constant(shape, np.int64))

    def model(self, outputs: dict[str, tuple[str, Sequence]], size: tuple, batch: int | str = "N") -> onnx.ModelProto:
        """The network from a picture of `size` (height, width) to `outputs`: name -> (value, shape).

        A list is a shape less the batch, a tuple a whole one."""
        nodes = [*self._nodes, *(helper.make_node("Identity", [value], [name]) for name, (value, _) in outputs.items())]
        graph = helper.make_graph(
            nodes,
            "replayrt_test",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [batch, 3, *size])],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, shape if isinstance(shape, tuple) else [batch, *shape])
                for name, (_, shape) in outputs.items()
            ],
            self._constants,
        )
        opsets = [helper.make_opsetid("", 17)]
        return helper.make_model(graph, producer_name="replayrt", opset_imports=opsets, ir_version=8)


def rounded(values: np.ndarray) -> np.ndarray:
    return (np.round(values / WEIGHT_STEP) * WEIGHT_STEP).astype(np.float32)


def rounded_scale(value: float) -> float:
    """To two digits: a calibrated factor must not depend on how a CPU rounds."""
    return float(f"{value:.2g}")
