"""infer: arrays in and out without a copy, and what is refused."""

from __future__ import annotations

import gc
import sys
import weakref

import ml_dtypes
import numpy as np
import pytest
from conftest import MODELS
from dlpack_by_hand import tensor_in
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import replayrt
from replayrt import InvalidParameterError, ModelInputError, infer, infer_from_trt_engine, load_engine


class Exporter:
    """What any library with DLPack gives: no NumPy array, but something that has `__dlpack__`."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.calls = 0

    def __dlpack__(self, **arguments):
        self.calls += 1
        return self.array.__dlpack__(**arguments)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


class CudaExporter(Exporter):
    """Says that its memory is on a GPU; nobody may look at it."""

    def __dlpack_device__(self):
        return 2, 0

    def __dlpack__(self, *, stream=None, **arguments):
        self.stream = stream
        capsule = self.array.__dlpack__()
        tensor_in(capsule).device_type = 2
        return capsule


NUMPY_TYPES = {
    **{"f64": "f8", "f32": "f4", "f16": "f2", "i64": "i8", "i32": "i4", "i16": "i2", "i8": "i1"},
    **{"u64": "u8", "u32": "u4", "u16": "u2", "u8": "u1", "bool": "?"},
    **{"bf16": ml_dtypes.bfloat16, "f8e4m3": ml_dtypes.float8_e4m3fn, "f8e5m2": ml_dtypes.float8_e5m2},
}


@pytest.fixture(scope="module")
def two_inputs():
    with load_engine(MODELS / "two_inputs.onnx") as engine:
        yield engine


@pytest.fixture(scope="module")
def dtypes():
    with load_engine(MODELS / "dtypes.onnx") as engine:
        yield engine


def aligned(array: np.ndarray) -> np.ndarray:
    """A copy at an address that is a multiple of 64."""
    memory = np.empty(array.nbytes + 64, np.uint8)
    start = -memory.ctypes.data % 64
    copy = memory[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: (x,), lambda x: {"x": x}, Exporter])
def test_inputs_come_in_many_ways(trivial, rows, wrap):
    result = infer(trivial, wrap(rows(3)))
    np.testing.assert_array_equal(result[0], np.maximum(rows(3), 0))


def test_a_result_tells_how_it_was_served(trivial, cache, rows):
    first, second = infer(trivial, rows(2), graph_cache=cache), infer(trivial, rows(2), graph_cache=cache)
    assert (first.route, first.reason, first.captured_runs) == ("captured", "none", 1)
    assert (second.route, second.replayed_runs, second.eager_runs) == ("replayed", 1, 0)
    plain = infer(trivial, rows(2))
    assert (plain.route, plain.reason, plain.eager_runs) == ("eager", "no_cache", 1)
    assert infer(trivial, rows(2), graph_cache=cache, disable_cuda_graphs=True).reason == "disabled"
    assert repr(second) == "<InferResult replayed: 1 outputs>"
    assert repr(plain) == "<InferResult eager (no_cache): 1 outputs>"
    assert second.done() and second.wait() is None


def test_outputs_are_had_by_place_and_by_name(two_inputs):
    inputs = {spec.name: np.ones([2 if d < 0 else d for d in spec.shape], np.float32) for spec in two_inputs.inputs}
    result = infer(two_inputs, inputs)
    assert len(result) == len(result.names) == len(result.outputs)
    assert result[result.names[0]] is result[0] is result.outputs[0] and result[-1] is result.outputs[-1]
    with pytest.raises(KeyError, match="nothing"):
        result["nothing"]
    with pytest.raises(IndexError):
        result[9]


def test_aligned_inputs_are_read_in_place(trivial, rows):
    x = aligned(rows(512))
    assert infer(trivial, x).bytes_copied == 0
    assert infer(trivial, Exporter(x)).bytes_copied == 0


def test_outputs_own_their_memory_and_no_later_call_writes_to_it(trivial, cache, rows):
    kept = [infer(trivial, rows(4) + i, graph_cache=cache)[0] for i in range(20)]
    for i, output in enumerate(kept):
        np.testing.assert_array_equal(output, np.maximum(rows(4) + i, 0))
    kept[0][...] = 7
    np.testing.assert_array_equal(kept[1], np.maximum(rows(4) + 1, 0))


def test_an_output_is_exported_without_a_copy(trivial, rows):
    output = infer(trivial, rows(4))[0]
    again = np.from_dlpack(output)
    assert np.shares_memory(output, again)


def test_read_only_inputs_are_fine(trivial, rows):
    x = rows(2)
    x.flags.writeable = False
    np.testing.assert_array_equal(infer(trivial, x)[0], np.maximum(x, 0))


def test_inputs_are_given_back(trivial, cache, rows):
    x = rows(2)
    before = sys.getrefcount(x)
    for _ in range(5):
        infer(trivial, x, graph_cache=cache)
        infer(trivial, [x], graph_cache=cache)
        with pytest.raises(ModelInputError):
            infer(trivial, [x, x])
    assert sys.getrefcount(x) == before
    reference = weakref.ref(x)
    del x
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda x: np.asfortranarray(x), "not contiguous"),
        (lambda x: x[:, ::-1], "not contiguous"),
        (lambda x: np.repeat(x, 2, axis=1)[:, ::2], "not contiguous"),
        (lambda x: np.broadcast_to(x[:1], (3, 8)), "not contiguous"),
        (lambda x: x.astype(np.float64), "f64"),
        (lambda x: x.astype(np.float16), "f16"),
        (lambda x: x.astype(">f4"), "cannot be read as an array"),
        (lambda x: x.astype(np.complex64), "DLPack code"),
        (lambda x: x.astype("M8[s]"), "cannot be read as an array"),
        (lambda x: x[:, :7].copy(), "3x7"),
        (lambda x: x[0], "8"),
        (lambda x: x.reshape(1, 3, 8), "1x3x8"),
        (lambda x: x.reshape([1] * 7 + [3, 8]), "8"),
        (lambda x: CudaExporter(x), "'x'"),
        (lambda x: "x", "a str"),
        (lambda x: None, "NoneType"),
        (lambda x: 3.5, "a float"),
        (lambda x: object(), "an? object"),
        (lambda x: [x.tolist()], "a list"),
        (lambda x: [], "0 inputs"),
        (lambda x: [x, x], "2 inputs"),
        (lambda x: {}, "'x'"),
        (lambda x: {"x": x, "y": x}, "'y'"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(trivial, rows, make, text):
    with pytest.raises((ModelInputError, InvalidParameterError), match=text):
        infer(trivial, make(rows(3)))


def test_a_dimension_of_one_may_have_any_stride(trivial, rows):
    x = np.lib.stride_tricks.as_strided(rows(1), (1, 8), (12345 * 4, 4))
    np.testing.assert_array_equal(infer(trivial, x)[0], np.maximum(rows(1), 0))


def test_every_dtype_goes_in_and_out(dtypes):
    rng = np.random.default_rng(3)
    inputs = {}
    for spec in dtypes.inputs:
        shape = [2 if d < 0 else d for d in spec.shape]
        inputs[spec.name] = rng.integers(0, 2, shape).astype(NUMPY_TYPES[spec.dtype])
    result = infer(dtypes, inputs)
    for spec, output in zip(dtypes.outputs, result.outputs, strict=True):
        assert output.dtype == np.dtype(NUMPY_TYPES[spec.dtype])
    assert {spec.dtype for spec in dtypes.inputs} >= {"f32", "i64"}


def test_without_ml_dtypes_its_types_are_objects_with_dlpack(dtypes, monkeypatch):
    values = np.array([[1.5, -2, 0, 3]], ml_dtypes.bfloat16)
    inputs = {
        spec.name: np.ones([1 if d < 0 else d for d in spec.shape], NUMPY_TYPES[spec.dtype]) for spec in dtypes.inputs
    }
    (name,) = (spec.name for spec in dtypes.inputs if spec.dtype == "bf16")
    inputs[name] = np.resize(values, inputs[name].shape)
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    outputs = infer(dtypes, inputs).outputs
    (output,) = (o for o, spec in zip(outputs, dtypes.outputs, strict=True) if spec.dtype == "bf16")
    assert output.__dlpack_device__() == (1, 0)
    capsule = output.__dlpack__()
    tensor = tensor_in(capsule)
    assert tensor.device_type == 1 and tensor.data


def test_rows_are_split_and_padded(trivial, rows):
    split = infer(trivial, rows(5), batch_limits=(1, 2))
    assert split.eager_runs == 3 and split[0].shape == (5, 8)
    padded = infer(trivial, rows(1), batch_limits=(4, 4))
    assert padded.padded_rows == 3 and padded[0].shape == (1, 8)
    np.testing.assert_array_equal(split[0], np.maximum(rows(5), 0))
    with pytest.raises(InvalidParameterError):
        infer(trivial, rows(1), batch_limits=(3, 2))


def test_no_rows_are_a_result_of_no_rows(trivial):
    assert infer(trivial, np.zeros((0, 8), np.float32), batch_limits=(1, 4))[0].shape == (0, 8)


@pytest.mark.parametrize(("name", "value"), [("input_binding", "sideways"), ("stream", "s"), ("stream", 1.5)])
def test_an_option_that_is_wrong_is_named(trivial, rows, name, value):
    with pytest.raises(InvalidParameterError, match=name):
        infer(trivial, rows(1), **{name: value})


def test_what_cannot_be_exported_says_why(trivial):
    class Meta:
        def __dlpack_device__(self):
            raise ValueError("Unknown device type meta")

    class Interrupted:
        def __dlpack_device__(self):
            raise KeyboardInterrupt

    with pytest.raises(ModelInputError, match="'x' is a Meta .* Unknown device type meta"):
        infer(trivial, Meta())
    with pytest.raises(KeyboardInterrupt):
        infer(trivial, Interrupted())


def test_streams_are_told_by_any_of_their_protocols(trivial, rows):
    class Torch:
        cuda_stream = 0

    class CuPy:
        ptr = 16

    class Protocol:
        def __cuda_stream__(self):
            return 0, 32

    for stream in (0, 64, Torch(), CuPy(), Protocol()):  # The CPU has none and does not look at them.
        np.testing.assert_array_equal(infer(trivial, rows(1), stream=stream)[0], np.maximum(rows(1), 0))


def test_device_inputs_are_asked_for_in_the_callers_stream(trivial, rows):
    given = CudaExporter(rows(1))
    with pytest.raises(ModelInputError):
        infer(trivial, given, stream=4096)
    assert given.stream == 4096
    with pytest.raises(ModelInputError):
        infer(trivial, given)
    assert given.stream == 1


def test_synchronize_false_gives_the_same_answer(trivial, rows):
    result = infer(trivial, rows(2), synchronize=False)
    result.wait()
    assert result.done()
    np.testing.assert_array_equal(result[0], np.maximum(rows(2), 0))


# The reference's call.


def test_the_references_call(trivial, cache, rows):
    name = trivial.outputs[0].name
    arguments = dict(engine=trivial, context=None, device="cpu", input_name="x", outputs=[name])
    answer = infer_from_trt_engine(rows(3), {"static_batch_size": 2}, trt_cuda_graph_cache=cache, **arguments)
    np.testing.assert_array_equal(answer[0], np.maximum(rows(3), 0))
    assert cache.list_keys() == [trivial.key_for(rows(2))]

    class Config:
        static_batch_size = None
        dynamic_batch_size_min = 1
        dynamic_batch_size_max = 8

    (answer,) = infer_from_trt_engine(rows(3), Config(), **arguments)
    np.testing.assert_array_equal(answer, np.maximum(rows(3), 0))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"engine": None}, "engine"),
        ({"outputs": ["nothing"]}, "nothing"),
        ({"trt_config": {}}, "static_batch_size"),
        ({"trt_config": {"static_batch_size": "2"}}, "static_batch_size"),
        ({"trt_config": {"static_batch_size": True}}, "static_batch_size"),
    ],
)
def test_what_is_wrong_with_it_is_named(trivial, rows, arguments, text):
    with pytest.raises(InvalidParameterError, match=text):
        infer_from_trt_engine(rows(1), **{"engine": trivial, **arguments})


def test_it_takes_one_input(two_inputs):
    with pytest.raises(ModelInputError, match="2 inputs"):
        infer_from_trt_engine(np.zeros((1, 1), np.float32), engine=two_inputs)


# Made inputs: any array is answered or refused, and nothing else happens.

ANY_ARRAY = st.one_of(
    hnp.arrays(
        dtype=st.one_of(hnp.scalar_dtypes(), st.just(np.dtype(np.float32))),
        shape=hnp.array_shapes(min_dims=0, max_dims=5, max_side=9),
    ),
    hnp.arrays(np.float32, st.tuples(st.integers(0, 6), st.just(8)), elements=st.floats(-4, 4, width=32)),
)


@settings(max_examples=300, deadline=None)
@given(x=ANY_ARRAY, transpose=st.booleans(), step=st.integers(1, 2))
def test_any_array_is_answered_or_refused(trivial, x, transpose, step):
    x = x.T if transpose else x
    x = x[::step] if x.ndim else x
    fits = x.dtype == np.float32 and x.ndim == 2 and x.shape[1] == 8
    dense = x.flags.c_contiguous or x.size == 0
    native = x.dtype.isnative
    try:
        output = infer(trivial, x)[0]
    except (ModelInputError, replayrt.UnsupportedError, InvalidParameterError):
        assert not (fits and dense and native and x.size), "refused although it fits"
    else:
        assert fits and dense and native
        np.testing.assert_array_equal(output, np.maximum(x, 0))
