"""Buckets: fewer shapes, by padding what the caller names."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import MODELS
from hypothesis import given, settings
from hypothesis import strategies as st

from replayrt import (
    DimensionBuckets,
    GraphCacheOptions,
    InvalidParameterError,
    PaddedOutput,
    TRTCudaGraphCache,
    infer,
    load_engine,
    propose_buckets,
)


@pytest.fixture(scope="module")
def recognizer():
    with load_engine(MODELS / "ppocrv6_rec.onnx") as engine:
        yield engine


@pytest.mark.parametrize(
    ("buckets", "rows_run"), [("pow2", 8), ("multiples:3", 6), ([4, 16], 16), (None, 5), ("none", 5)]
)
def test_the_batch_is_padded_up_to_its_bucket(trivial, rows, buckets, rows_run):
    cache = TRTCudaGraphCache(GraphCacheOptions(admission="always"))
    result = infer(trivial, rows(5), graph_cache=cache, batch_buckets=buckets)
    np.testing.assert_array_equal(result[0], np.maximum(rows(5), 0))
    assert cache.list_keys() == [trivial.key_for(rows(rows_run))]
    assert result.padded_elements == (rows_run - 5) * 8 and result.computed_elements == rows_run * 8
    assert (cache.stats().padding_elements, cache.stats().input_elements) == ((rows_run - 5) * 8, rows_run * 8)


def test_a_dimension_is_padded_and_cut_back(recognizer):
    line = np.random.default_rng(3).random((1, 3, 48, 312), np.float32)
    name = recognizer.outputs[0].name
    width = DimensionBuckets(input="x", axis=3, buckets="multiples:64", outputs=[PaddedOutput(name, axis=1, divisor=8)])
    by_position = DimensionBuckets(axis=3, buckets=[320], outputs=[PaddedOutput(axis=1, divisor=8)])
    padded_by_hand = np.zeros((1, 3, 48, 320), np.float32)
    padded_by_hand[..., :312] = line
    expected = infer(recognizer, padded_by_hand)[0][:, :39]
    for buckets in (width, by_position):
        result = infer(recognizer, line, dimension_buckets=[buckets])
        assert result[0].shape == infer(recognizer, line)[0].shape
        np.testing.assert_allclose(result[0], expected, atol=1e-5)
        assert result.padded_elements == 3 * 48 * 8
    filled = DimensionBuckets(axis=3, buckets=[320], fill=1.0, outputs=[PaddedOutput(axis=1, divisor=8)])
    assert not np.array_equal(infer(recognizer, line, dimension_buckets=[filled])[0], result[0])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"batch_buckets": "some"}, "some"),
        ({"batch_buckets": [2, 1]}, "list"),
        ({"batch_buckets": 3.5}, "batch_buckets"),
        ({"dimension_buckets": [DimensionBuckets(input="y", axis=1, buckets="pow2")]}, "'y'"),
        ({"dimension_buckets": [DimensionBuckets(axis=7, buckets="pow2")]}, "axis"),
        ({"dimension_buckets": [DimensionBuckets(axis="a", buckets="pow2")]}, "axis"),
        ({"dimension_buckets": [DimensionBuckets(axis=3, buckets="odd")]}, "odd"),
        ({"dimension_buckets": [DimensionBuckets(axis=3, buckets="pow2", outputs=[PaddedOutput(9)])]}, "output"),
    ],
)
def test_what_is_wrong_is_named(recognizer, options, text):
    line = np.zeros((1, 3, 48, 312), np.float32)
    with pytest.raises(InvalidParameterError, match=text):
        infer(recognizer, line, **options)


def test_buckets_are_proposed():
    seen = {320: 900, 328: 40, 480: 60}
    found = propose_buckets(seen, max_buckets=2)
    assert found.buckets == [320, 480]  # 40 lines become 152 wider, rather than 900 of them 8.
    one = propose_buckets(seen, max_buckets=1)
    assert one.buckets == [480] and one.waste > found.waste
    assert propose_buckets(seen, max_bytes=10, base_bytes=100).buckets == []
    with pytest.raises(InvalidParameterError):
        propose_buckets({0: 1})


@settings(max_examples=50, deadline=None)
@given(seen=st.dictionaries(st.integers(1, 500), st.integers(1, 50), min_size=1, max_size=8), most=st.integers(1, 5))
def test_proposals_cover_what_was_seen(seen, most):
    found = propose_buckets(seen, max_buckets=most)
    assert 1 <= len(found.buckets) <= most and max(found.buckets) == max(seen)
    padded = sum(n * (min(b for b in found.buckets if b >= extent) - extent) for extent, n in seen.items())
    assert padded == found.padded_units and found.seen_units == sum(e * n for e, n in seen.items())
