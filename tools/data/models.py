"""The OCR models of the rapidocr wheel, and small models that each have one property under test."""

import numpy as np
import onnx
import openvino as ov
from onnx import TensorProto, helper, numpy_helper

from .files import DataError, Folder, wheel_file

OCR_MODELS = {
    "ppocrv6_det": "PP-OCRv6_det_small.onnx",
    "ppocrv6_rec": "PP-OCRv6_rec_small.onnx",
    "ppocr_cls": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
}
F32 = TensorProto.FLOAT


def make(folder: Folder) -> None:
    for name, file in OCR_MODELS.items():
        folder.write_bytes(f"models/{name}.onnx", wheel_file("rapidocr", "models", file).read_bytes())
    _write_characters(folder)
    _write_ir(folder, "ppocrv6_rec", ov.Core().read_model(folder.path("models/ppocrv6_rec.onnx")))
    _write_ir(folder, "stateful", _stateful())
    for name, model in {
        "trivial": _trivial(),
        "two_inputs": _two_inputs(),
        "static": _static(),
        "nonzero": _nonzero(),
        "random": _random(),
        "dtypes": _dtypes(),
    }.items():
        onnx.checker.check_model(model, full_check=True)
        folder.write_bytes(f"models/{name}.onnx", model.SerializeToString())


def _write_characters(folder: Folder) -> None:
    """One character a line: line k (from 1) is class k. Class 0 is CTC's blank, the class after the last line a space."""
    model = onnx.load(folder.path("models/ppocrv6_rec.onnx"))
    properties = {entry.key: entry.value for entry in model.metadata_props}
    characters = properties.get("character", "").splitlines()
    classes = model.graph.output[0].type.tensor_type.shape.dim[2].dim_value
    if len(characters) + 2 != classes:
        raise DataError(f"ppocrv6_rec.onnx has {classes} classes, but its metadata lists {len(characters)} characters")
    folder.write_text("models/ppocrv6_rec_chars.txt", "".join(f"{character}\n" for character in characters))


def _write_ir(folder: Folder, name: str, model: ov.Model) -> None:
    with folder.writing(f"models/{name}.xml", f"models/{name}.bin") as path:
        ov.save_model(model, path, compress_to_fp16=False)


def _model(nodes, inputs, outputs, initializers=(), domains=()) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "replayrt_test", inputs, outputs, [numpy_helper.from_array(v, k) for k, v in initializers])
    opsets = [helper.make_opsetid("", 17), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph, producer_name="replayrt", opset_imports=opsets, ir_version=8)


def _value(name: str, shape, dtype=F32):
    return helper.make_tensor_value_info(name, dtype, shape)


def _trivial() -> onnx.ModelProto:
    """y = relu(x) on [N, 8]: next to no work, so that a call's own cost shows."""
    return _model([helper.make_node("Relu", ["x"], ["y"])], [_value("x", ["N", 8])], [_value("y", ["N", 8])])


def _two_inputs() -> onnx.ModelProto:
    nodes = [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("Mul", ["a", "b"], ["product"])]
    dims = ["H", "W"]
    return _model(nodes, [_value("a", dims), _value("b", dims)], [_value("sum", dims), _value("product", dims)])


def _static() -> onnx.ModelProto:
    weights = np.random.default_rng(1).standard_normal((4, 3, 3, 3)).astype(np.float32)
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]), helper.make_node("Relu", ["c"], ["y"])]
    return _model(nodes, [_value("x", [1, 3, 8, 8])], [_value("y", [1, 4, 8, 8])], [("w", weights)])


def _nonzero() -> onnx.ModelProto:
    """The output's shape depends on the data."""
    node = helper.make_node("NonZero", ["x"], ["indices"])
    return _model([node], [_value("x", ["N"])], [_value("indices", [1, "K"], TensorProto.INT64)])


def _random() -> onnx.ModelProto:
    """Two runs on the same input differ."""
    nodes = [helper.make_node("RandomUniformLike", ["x"], ["noise"]), helper.make_node("Add", ["x", "noise"], ["y"])]
    return _model(nodes, [_value("x", ["N", 8])], [_value("y", ["N", 8])])


def _dtypes() -> onnx.ModelProto:
    """One input per dtype, concatenated with itself: bytes go through unchanged."""
    dtypes = {
        "f64": TensorProto.DOUBLE, "f32": F32, "f16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16,
        "i64": TensorProto.INT64, "i32": TensorProto.INT32, "i16": TensorProto.INT16, "i8": TensorProto.INT8,
        "u64": TensorProto.UINT64, "u32": TensorProto.UINT32, "u16": TensorProto.UINT16, "u8": TensorProto.UINT8,
        "bool": TensorProto.BOOL,
    }  # fmt: skip
    nodes = [helper.make_node("Concat", [name, name], [f"{name}_twice"], axis=0) for name in dtypes]
    inputs = [_value(name, ["N"], dtype) for name, dtype in dtypes.items()]
    outputs = [_value(f"{name}_twice", ["N2"], dtype) for name, dtype in dtypes.items()]
    return _model(nodes, inputs, outputs)


def _stateful() -> ov.Model:
    """y = x + the sum of all earlier x: ONNX cannot say this, OpenVINO's IR can."""
    from openvino import opset13 as ops
    from openvino.op.util import VariableInfo, Variable

    info = VariableInfo()
    info.data_shape = ov.PartialShape([-1, 8])
    info.data_type = ov.Type.f32
    info.variable_id = "total"
    variable = Variable(info)
    x = ops.parameter([-1, 8], ov.Type.f32, name="x")
    x.output(0).set_names({"x"})
    zero = ops.multiply(x, ops.constant(np.float32(0)))
    total = ops.add(ops.read_value(zero, variable), x)
    result = ops.result(total)
    result.output(0).set_names({"y"})
    return ov.Model([result], [ops.assign(total, variable)], [x], "stateful")
