"""Networks with the layers of YOLOv8n and YOLOv8n-seg, 640 x 640, 80 classes, with seeded random weights.

They are a load as in production.

Every layer is scaled as batch normalisation would, with what the layer gives on a few photographs. Still, random
features see little but edges; a constant for each place, added to the scores, gives every picture some hundred
detections. Nothing else differs from the real layers.
"""

import numpy as np
import onnx
import onnxruntime as ort

from .package_graph import INPUT, Graph, rounded, rounded_scale
from .package_pictures import as_input, photograph

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "motorcycle_left")
SAMPLE = slice(None, None, 2)  # of rows and columns: what the layers are scaled with, for speed
SIZE = 640
CLASSES = 80
BINS = 16  # of the distribution of a box's side
STRIDES = (8, 16, 32)
ANCHORS = sum((SIZE // stride) ** 2 for stride in STRIDES)
SEED = 8
FOUND = 1100  # about how many of the 8400 boxes of a picture score over 0.4
FOUND_WITH_MASKS = 250  # so that about a hundred are left by the NMS
PROTOTYPES = 32
DEVIATION = 0.2  # of what a SiLU takes: with more, each layer makes what is large larger still
PLACE_SPREAD = 3.0  # deviation of the constants
LOGIT_SPREAD = 3.0  # between the lowest and the highest tenth
BIN_DECAY = 0.4  # how much less likely each further bin is: small boxes, so that many survive the NMS
BIN_DECAY_WITH_MASKS = 0.05  # boxes of the usual sizes: what masks cost depends on them


def make_model(masks: bool = False) -> onnx.ModelProto:
    inputs = np.stack([as_input(photograph(name), SIZE, SIZE) for name in PHOTOGRAPHS])
    return _Builder(inputs, FOUND_WITH_MASKS if masks else FOUND, masks).model()


def inference_config() -> dict:
    return {
        "network_input": {
            "training_input_size": {"height": SIZE, "width": SIZE},
            "dynamic_spatial_size_supported": False,
            "color_mode": "rgb",
            "resize_mode": "letterbox",
            "padding_value": 114,
            "input_channels": 3,
            "scaling_factor": 255,
        },
        "post_processing": {"type": "nms", "fused": False},
    }


class _Builder:
    def __init__(self, inputs: np.ndarray, found: int, masks: bool) -> None:
        self._inputs = inputs
        self._found = found
        self._masks = masks
        self._graph = Graph(SEED)
        self._places = rounded(self._graph.random.standard_normal((1, 1, ANCHORS)) * PLACE_SPREAD)

    def model(self) -> onnx.ModelProto:
        graph, conv = self._graph, self._conv
        boxes, features, scores = [], [], []
        decay = BIN_DECAY_WITH_MASKS if self._masks else BIN_DECAY
        pyramid = self._pyramid()
        for value, channels in pyramid:
            box = conv(conv(value, channels, 64, 3), 64, 64, 3)
            box = graph.conv(box, graph.weights((4 * BINS, 64, 1, 1), 1.5), np.tile(np.arange(BINS) * -decay, 4))
            boxes.append(graph.reshape(box, [0, 4 * BINS, -1]))
            features.append(conv(conv(value, channels, CLASSES, 3), CLASSES, CLASSES, 3))
        # Before the constants of the places: what was added by then can be run on the sample.
        masks = (self._coefficients(pyramid), self._prototypes(*pyramid[0])) if self._masks else None
        for value, (weights, bias) in zip(features, self._class_layers(features)):
            scores.append(graph.reshape(graph.conv(value, weights, bias), [0, CLASSES, -1]))
        logit = graph.add("Add", graph.add("Concat", *scores, axis=2), graph.constant(self._places))
        score = graph.add("Sigmoid", logit)
        output = graph.add("Concat", _decoded(graph, graph.add("Concat", *boxes, axis=2)), score, axis=1)
        if masks is not None:
            coefficients, prototypes = masks
            output = graph.add("Concat", output, coefficients, axis=1)
            outputs = {
                "output0": (output, [4 + CLASSES + PROTOTYPES, ANCHORS]),
                "output1": (prototypes, [PROTOTYPES, SIZE // 4, SIZE // 4]),
            }
            return graph.model(outputs, (SIZE, SIZE))
        return graph.model({"output0": (output, [4 + CLASSES, ANCHORS])}, (SIZE, SIZE))

    def _coefficients(self, pyramid: list[tuple[str, int]]) -> str:
        conv, graph = self._conv, self._graph
        levels = []
        for value, channels in pyramid:
            value = conv(conv(value, channels, PROTOTYPES, 3), PROTOTYPES, PROTOTYPES, 3)
            raw = graph.conv(value, graph.weights((PROTOTYPES, PROTOTYPES, 1, 1), 1 / DEVIATION))
            levels.append(graph.reshape(raw, [0, PROTOTYPES, -1]))
        return graph.add("Concat", *levels, axis=2)

    def _prototypes(self, value: str, channels: int) -> str:
        value = self._conv(value, channels, channels, 3)
        weights = self._graph.constant(self._graph.weights((channels, channels, 2, 2)))
        value = self._graph.add("ConvTranspose", value, weights, kernel_shape=[2, 2], strides=[2, 2])
        return self._conv(self._conv(value, channels, channels, 3), channels, PROTOTYPES, 1)

    def _conv(self, value: str, inputs: int, outputs: int, size: int, stride: int = 1) -> str:
        """Convolution and SiLU; before the SiLU, each channel has mean 0 and the same deviation in the sample."""
        graph = self._graph
        weights = graph.weights((outputs, inputs, size, size))
        with graph.attempt():
            raw = graph.conv(value, weights, stride=stride, pad=size // 2)
            (sample,) = self._run([raw], self._inputs[:, :, SAMPLE, SAMPLE])
        deviation = np.array([rounded_scale(max(channel, 1e-3) / DEVIATION) for channel in sample.std(axis=(0, 2, 3))])
        bias = np.round(sample.mean(axis=(0, 2, 3)) / -deviation, 2)
        weights = rounded(weights / deviation[:, None, None, None])
        value = graph.conv(value, weights, bias, stride=stride, pad=size // 2)
        return graph.add("Mul", value, graph.add("Sigmoid", value))

    def _c2f(self, value: str, inputs: int, outputs: int, blocks: int, residual: bool) -> str:
        graph, half = self._graph, outputs // 2
        value = self._conv(value, inputs, outputs, 1)
        parts = graph.add_many("Split", 2, value, graph.constant([half, half], np.int64), axis=1)
        for _ in range(blocks):
            block = self._conv(self._conv(parts[-1], half, half, 3), half, half, 3)
            parts.append(graph.add("Add", parts[-1], block) if residual else block)
        return self._conv(graph.add("Concat", *parts, axis=1), (2 + blocks) * half, outputs, 1)

    def _sppf(self, value: str, channels: int) -> str:
        parts = [self._conv(value, channels, channels // 2, 1)]
        for _ in range(3):
            parts.append(self._graph.add("MaxPool", parts[-1], kernel_shape=[5, 5], strides=[1, 1], pads=[2] * 4))
        return self._conv(self._graph.add("Concat", *parts, axis=1), 2 * channels, channels, 1)

    def _up(self, value: str) -> str:
        mode = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return self._graph.add("Resize", value, "", self._graph.constant([1, 1, 2, 2]), **mode)

    def _joined(self, first: str, second: str) -> str:
        return self._graph.add("Concat", first, second, axis=1)

    def _pyramid(self) -> list[tuple[str, int]]:
        """Backbone, FPN and PAN: a value and its channels for each stride."""
        conv, c2f = self._conv, self._c2f
        value = c2f(conv(conv(INPUT, 3, 16, 3, 2), 16, 32, 3, 2), 32, 32, 1, True)
        p3 = c2f(conv(value, 32, 64, 3, 2), 64, 64, 2, True)
        p4 = c2f(conv(p3, 64, 128, 3, 2), 128, 128, 2, True)
        p5 = self._sppf(c2f(conv(p4, 128, 256, 3, 2), 256, 256, 1, True), 256)
        n4 = c2f(self._joined(self._up(p5), p4), 384, 128, 1, False)
        out3 = c2f(self._joined(self._up(n4), p3), 192, 64, 1, False)
        out4 = c2f(self._joined(conv(out3, 64, 64, 3, 2), n4), 192, 128, 1, False)
        out5 = c2f(self._joined(conv(out4, 128, 128, 3, 2), p5), 384, 256, 1, False)
        return [(out3, 64), (out4, 128), (out5, 256)]

    def _class_layers(self, features: list[str]) -> list[tuple[np.ndarray, np.ndarray]]:
        """Weights and bias of the last layer of each level: every class as likely, and about FOUND boxes found."""
        layers, best = [], []
        for value in self._run(features, self._inputs):
            weights = self._graph.weights((CLASSES, CLASSES, 1, 1))
            raw = np.einsum("oc,nchw->nohw", weights[:, :, 0, 0], value, optimize=True)
            # By quantiles: edges give values so large that deviations would leave nothing to the rest of a picture.
            low, middle, high = np.quantile(raw, (0.1, 0.5, 0.9), axis=(0, 2, 3))
            factor = rounded_scale(LOGIT_SPREAD / (high - low).mean())
            middle = np.round(middle * factor, 2)
            layers.append((rounded(weights * factor), middle))
            best.append((raw * factor - middle[:, None, None]).max(axis=1).reshape(len(raw), -1))
        logits = np.concatenate(best, axis=1) + self._places[0]
        quantile = np.quantile(logits, 1 - self._found / ANCHORS)
        bias = round(float(np.log(0.4 / 0.6) - quantile), 2)
        return [(weights, bias - middle) for weights, middle in layers]

    def _run(self, values: list[str], inputs: np.ndarray) -> list[np.ndarray]:
        model = self._graph.model({f"value_{value}": (value, [None] * 3) for value in values}, inputs.shape[2:])
        session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        return session.run(None, {INPUT: inputs})


def _decoded(graph: Graph, distributions: str) -> str:
    """[B, 4, anchors]: centre, width and height from the expected distances of the four sides."""
    shaped = graph.add("Transpose", graph.reshape(distributions, [0, 4, BINS, -1]), perm=[0, 2, 1, 3])
    expected = graph.conv(graph.add("Softmax", shaped, axis=1), np.arange(BINS).reshape(1, BINS, 1, 1))
    distances = graph.reshape(expected, [0, 4, -1])
    halves = graph.constant([2, 2], np.int64)
    low, high = graph.add_many("Split", 2, distances, halves, axis=1)
    anchors, strides = _anchors()
    middle = graph.constant(anchors)
    first, last = graph.add("Sub", middle, low), graph.add("Add", middle, high)
    centre = graph.add("Mul", graph.add("Add", first, last), graph.constant(0.5))
    box = graph.add("Concat", centre, graph.add("Sub", last, first), axis=1)
    return graph.add("Mul", box, graph.constant(strides))


def _anchors() -> tuple[np.ndarray, np.ndarray]:
    """Middles of the cells in strides (1, 2, anchors), and the strides (1, 1, anchors)."""
    middles, strides = [], []
    for stride in STRIDES:
        side = SIZE // stride
        x, y = np.meshgrid(np.arange(side) + 0.5, np.arange(side) + 0.5)
        middles.append(np.stack([x.ravel(), y.ravel()]))
        strides.append(np.full(side * side, stride))
    return np.concatenate(middles, axis=1)[None], np.concatenate(strides)[None, None]
