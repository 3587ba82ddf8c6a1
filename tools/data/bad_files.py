"""Files that a loader must refuse with a clear error."""

import onnx
from onnx import TensorProto, helper

from .files import Folder


def make(folder: Folder) -> None:
    squeezenet = folder.path("models/squeezenet.onnx").read_bytes()
    folder.write_bytes("bad/truncated.onnx", squeezenet[: len(squeezenet) // 2])
    folder.write_bytes("bad/empty.onnx", b"")
    folder.write_bytes("bad/text.onnx", b"This is not a model.\n" * 20)
    folder.write_bytes("bad/unsupported_op.onnx", _unsupported_op().SerializeToString())
    folder.write_bytes("bad/no_weights.xml", folder.path("models/ppocrv6_rec.xml").read_bytes())
    folder.write_bytes("bad/text.png", b"This is not a picture.\n" * 20)
    folder.write_bytes("bad/empty.png", b"")


def _unsupported_op() -> onnx.ModelProto:
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 8])
    node = helper.make_node("NoSuchOp", ["x"], ["y"], domain="replayrt.test")
    graph = helper.make_graph([node], "unsupported_op", [value("x")], [value("y")])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("replayrt.test", 1)]
    return helper.make_model(graph, producer_name="replayrt", opset_imports=opsets, ir_version=8)
