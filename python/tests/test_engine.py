"""Engines: loading, what they say of themselves, their end."""

from __future__ import annotations

import gc
import os
import weakref
from pathlib import Path

import numpy as np
import pytest
from conftest import DATA, MODELS, TRIVIAL

import replayrt
from replayrt import (
    CorruptedModelPackageError,
    FileAccessError,
    ImageInput,
    InvalidParameterError,
    ModelInputError,
    UnsupportedError,
    infer,
    load_engine,
)


def test_an_engine_says_what_it_takes(trivial):
    (x,) = trivial.inputs
    assert (x.name, x.dtype, x.shape) == ("x", "f32", (-1, 8))
    assert x.ranges[0][1] is None and x.ranges[1] == (8, 8)
    assert trivial.backend == "openvino" and trivial.device == "cpu"
    assert repr(x) == "<TensorSpec 'x' f32 ?x8>" and "openvino on cpu" in repr(trivial)
    assert replayrt.get_trt_engine_inputs_and_outputs(trivial) == (["x"], [trivial.outputs[0].name])


def test_ids_are_never_reused():
    ids = []
    for _ in range(3):
        with load_engine(TRIVIAL) as engine:
            ids.append(engine.id)
    assert len(set(ids)) == 3 and ids == sorted(ids)


@pytest.mark.parametrize("path", [str(TRIVIAL), TRIVIAL, os.fsencode(TRIVIAL).decode()])
def test_paths_are_text_or_pathlike(path):
    assert load_engine(path).backend == "openvino"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        (DATA / "no such.onnx", FileAccessError),
        (DATA, FileAccessError),
        (DATA / "bad" / "text.onnx", CorruptedModelPackageError),
        (DATA / "bad" / "truncated.onnx", CorruptedModelPackageError),
        (DATA / "bad" / "empty.onnx", CorruptedModelPackageError),
        (DATA / "pictures" / "page.png", UnsupportedError),
    ],
)
def test_a_file_that_is_no_model_is_named(path, error):
    with pytest.raises(error) as caught:
        load_engine(path)
    assert path.name in str(caught.value) and isinstance(caught.value, replayrt.Error)


def test_a_name_that_is_no_utf8_is_told(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.onnx"))
    with pytest.raises(FileAccessError, match=r"xff"):
        load_engine(path)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"backend": "onnx"}, InvalidParameterError, "onnx"),
        ({"device": "tpu"}, InvalidParameterError, "tpu"),
        ({"device": "cuda"}, UnsupportedError, "cuda"),
        ({"precision": "f8"}, InvalidParameterError, "f8"),
        ({"inference_threads": -1}, InvalidParameterError, "inference_threads"),
        ({"argmax": {"nothing": 1}}, replayrt.Error, "nothing"),
    ],
)
def test_an_option_that_is_wrong_is_named(options, error, text):
    with pytest.raises(error, match=text):
        load_engine(TRIVIAL, **options)


def test_a_missing_backend_says_what_to_do(tmp_path):
    tensorrt = next(backend for backend in replayrt.list_backends() if backend["name"] == "tensorrt")
    assert not tensorrt["available"] and tensorrt["why_missing"]
    plan = tmp_path / "model.plan"
    plan.write_bytes(b"no plan")
    with pytest.raises(replayrt.Error):
        replayrt.load_trt_model(plan)


def test_a_trt_model_that_cannot_be_read_is_corrupted_as_in_the_reference(tmp_path):
    with pytest.raises(CorruptedModelPackageError, match="missing.plan"):
        replayrt.load_trt_model(tmp_path / "missing.plan")


def test_precision():
    x = np.linspace(-3, 3, 3 * 224 * 224, dtype=np.float32).reshape(1, 3, 224, 224)
    answers = {}
    for precision in ("f32", "bf16"):
        answers[precision] = infer(load_engine(MODELS / "squeezenet.onnx", precision=precision), x)[0]
    assert np.isfinite(answers["bf16"]).all()
    if "avx512_bf16" in Path("/proc/cpuinfo").read_text() or "amx_bf16" in Path("/proc/cpuinfo").read_text():
        assert not np.array_equal(answers["f32"], answers["bf16"])


def test_argmax():
    x = np.random.default_rng(1).random((2, 3, 48, 96), np.float32)
    plain = load_engine(MODELS / "ppocrv6_rec.onnx")
    name = plain.outputs[0].name
    edited = load_engine(MODELS / "ppocrv6_rec.onnx", argmax={name: 2})
    best = infer(edited, x)[0]
    assert best.dtype == np.int64
    np.testing.assert_array_equal(best, infer(plain, x)[0].argmax(axis=2))


def test_image_inputs():
    pixels = np.random.default_rng(2).integers(0, 256, (1, 224, 224, 3), np.uint8)
    plain = load_engine(MODELS / "squeezenet.onnx")
    edit = ImageInput(scale=255.0, mean=(0.5, 0.4, 0.3), standard_deviation=(0.2, 0.3, 0.4))
    edited = load_engine(MODELS / "squeezenet.onnx", image_inputs=[edit])
    assert edited.inputs[0].dtype == "u8"
    x = (pixels.astype(np.float32) / 255 - np.float32(edit.mean)) / np.float32(edit.standard_deviation)
    x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    np.testing.assert_allclose(infer(edited, pixels)[0], infer(plain, x)[0], rtol=1e-3, atol=1e-3)


def test_inference_threads_are_what_a_run_uses():
    with load_engine(TRIVIAL, inference_threads=1) as one, load_engine(TRIVIAL, inference_threads=2) as two:
        x = np.ones((3, 8), np.float32)
        np.testing.assert_array_equal(infer(one, x)[0], infer(two, x)[0])


def test_a_closed_engine_refuses_calls(rows):
    engine = load_engine(TRIVIAL)
    with engine as entered:
        assert entered is engine and not engine.closed
    assert engine.closed and "closed" in repr(engine)
    engine.close()
    with pytest.raises(InvalidParameterError, match="closed"):
        infer(engine, rows(1))
    with pytest.raises(InvalidParameterError, match="closed"):
        _ = engine.inputs


def test_results_outlive_engine_and_cache(rows):
    engine, cache = load_engine(TRIVIAL), replayrt.TRTCudaGraphCache(4)
    result = infer(engine, rows(3), graph_cache=cache)
    output = result[0]
    engine.close()
    del result, engine, cache
    gc.collect()
    np.testing.assert_array_equal(output, np.maximum(rows(3), 0))


def test_engines_can_be_referred_to_weakly():
    engine = load_engine(TRIVIAL)
    reference = weakref.ref(engine)
    del engine
    gc.collect()
    assert reference() is None


def test_key_for_checks_its_inputs(trivial):
    with pytest.raises(ModelInputError, match="'x'"):
        trivial.key_for(np.zeros((1, 9), np.float32))
    with pytest.raises(InvalidParameterError, match="sideways"):
        trivial.key_for(np.zeros((1, 8), np.float32), input_binding="sideways")
    assert trivial.key_for(np.zeros((1, 8), np.float32), input_binding="in_place") is not None


def test_streams_are_for_gpus(trivial):
    with pytest.raises(UnsupportedError, match="stream"):
        trivial.make_stream()
