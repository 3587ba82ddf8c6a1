"""replayrt.results in other forms: masks as runs, JSON, and what supervision gets."""

import json
import sys

import numpy as np
import pytest
import supervision as sv
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from predictions_of_tests import BOXES, OF_IMAGE, detections, instances, key_points, one_of_each
from replayrt.errors import InvalidParameterError, MissingDependencyError
from replayrt.results import (
    ClassificationPrediction,
    DepthMap,
    Detections,
    InstanceDetections,
    KeyPointDetections,
    MultiLabelClassificationPrediction,
    RleMask,
    SemanticSegmentationResult,
    TextResult,
)


class TestRleMask:
    @pytest.mark.parametrize(
        ("dense", "counts", "text"),
        [
            ([[0] * 5, [0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0] * 5], [5, 2, 2, 2, 2, 2, 5], "5220003"),
            ([[1, 1], [1, 1]], [0, 4], "04"),
            ([[0, 0], [0, 0]], [4], "4"),
        ],
    )
    def test_is_that_of_coco(self, dense, counts, text):
        mask = RleMask.encode(dense)
        assert mask.counts.tolist() == counts and mask.counts.dtype == np.uint32
        assert mask.compressed_counts() == text
        assert mask.decode().tolist() == np.array(dense, bool).tolist()
        assert mask.area == np.sum(dense)

    @given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=12)))
    def test_round_trip(self, dense):
        mask = RleMask.encode(dense)
        decoded = mask.decode()
        assert (decoded.shape, decoded.dtype) == (dense.shape, np.bool_)
        assert np.array_equal(decoded, dense)
        assert mask.area == dense.sum()
        assert mask == RleMask(dense.shape, mask.counts.astype(np.int64))
        assert _counts_of_text(mask.compressed_counts()) == mask.counts.tolist()

    @given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=30))
    def test_compressed_counts_can_be_read_back(self, counts):
        assert _counts_of_text(RleMask((1, sum(counts)), counts).compressed_counts()) == counts

    @pytest.mark.parametrize("dense", [np.eye(3)[::-1, ::2], np.eye(3, 5).T, np.eye(3, dtype=np.uint8) * 7])
    def test_any_layout_and_dtype(self, dense):
        assert np.array_equal(RleMask.encode(dense).decode(), dense != 0)

    def test_what_is_decoded_is_the_callers(self):
        mask = RleMask.encode(np.eye(3))
        mask.decode()[:] = False
        assert mask.decode().sum() == 3


def _counts_of_text(text: str) -> list:
    """The inverse, as `rleFrString` of COCO's maskApi.c has it."""
    counts: list = []
    at = 0
    while at < len(text):
        value = shift = 0
        more = True
        while more:
            digit = ord(text[at]) - 48
            value |= (digit & 0x1F) << shift
            more, at, shift = bool(digit & 0x20), at + 1, shift + 5
            if not more and digit & 0x10:
                value |= -1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
    return counts


class TestJson:
    """The lines are those of tests/models/results/result_json_test.cpp."""

    def test_detections_are_one_line(self):
        found = Detections([[1, 2, 3, 4], [5, 6, 7, 8]], [1, 2], [0.9, 0.25], **OF_IMAGE)
        assert found.to_json("a.png") == (
            '{"image": "a.png", "size": [20, 30], "detections": ['
            '{"xyxy": [1, 2, 3, 4], "class_id": 1, "class_name": "dog", "confidence": 0.9}, '
            '{"xyxy": [5, 6, 7, 8], "class_id": 2, "class_name": null, "confidence": 0.25}]}'
        )
        none = Detections([], [], [], **OF_IMAGE).to_json("a.png")
        assert none == '{"image": "a.png", "size": [20, 30], "detections": []}'

    def test_masks_and_key_points_belong_to_their_detection(self):
        box = ([[0, 0, 2, 2]], [0], [1])
        masks = InstanceDetections(*box, **OF_IMAGE, mask=[RleMask((2, 2), [1, 2, 1])])
        assert masks.to_dict("a.png")["detections"][0]["mask"] == {"size": [2, 2], "counts": [1, 2, 1]}
        points = {"key_points": [[[-3, 4], [0, 0]]], "key_points_confidence": [[0.5, 0]]}
        found = KeyPointDetections(*box, **OF_IMAGE, **points).to_dict("a.png")["detections"][0]
        assert found["keypoints"] == [[-3, 4, 0.5], [0, 0, 0]] and "covariance" not in found
        covariance = [[[[4, -0.5], [-0.5, 9]], np.full((2, 2), np.nan).tolist(), [[1, 0], [0, 1]]]]
        known = KeyPointDetections(*box, **OF_IMAGE, **points, covariance=covariance)
        found = known.to_dict("a.png")["detections"][0]
        assert found["covariance"] == [[[4, -0.5], [-0.5, 9]], None], "as many as points"

    def test_classes_have_their_names(self):
        assert ClassificationPrediction(1, [0.25, 0.75], **OF_IMAGE).to_json("a.png") == (
            '{"image": "a.png", "size": [20, 30], "classification": '
            '{"class_id": 1, "class_name": "dog", "confidence": [0.25, 0.75]}}'
        )
        assert MultiLabelClassificationPrediction([0, 1], [0.5, 1], **OF_IMAGE).to_json("a.png") == (
            '{"image": "a.png", "size": [20, 30], "classification": {"class_ids": [0, 1], '
            '"class_names": ["cat", "dog"], "confidence": [0.5, 1]}}'
        )

    def test_maps_are_named_by_their_files(self):
        depth = DepthMap(np.zeros((20, 30), np.float32), image_size=(20, 30))
        assert depth.to_json("a.png", "maps/a.npy") == (
            '{"image": "a.png", "size": [20, 30], "depth": {"size": [20, 30], "map": "maps/a.npy"}}'
        )
        segments = SemanticSegmentationResult(np.zeros((2, 3), np.int64), np.zeros((2, 3), np.float32), **OF_IMAGE)
        assert segments.to_json("a.png") == (
            '{"image": "a.png", "size": [20, 30], "segmentation": {"size": [2, 3], "map": null}}'
        )
        assert TextResult('a "b"\n', 0.1, image_size=(20, 30)).to_json("a.png") == (
            '{"image": "a.png", "size": [20, 30], "text": {"text": "a \\"b\\"\\n", "confidence": 0.1}}'
        )

    def test_what_json_cannot_say_is_null(self):
        found = Detections([[0, 0, 0, 0]], [-1], [np.nan], **OF_IMAGE).to_dict()["detections"][0]
        assert found["confidence"] is None and found["class_name"] is None

    def test_to_dict_is_the_line_read(self):
        for prediction in one_of_each()[:-1]:
            line = prediction.to_json("a.png", "map.npy")
            assert "\n" not in line
            assert prediction.to_dict("a.png", "map.npy") == json.loads(line)
            assert json.loads(line)["image"] == "a.png" and json.loads(line)["size"] == [20, 30]

    @given(st.data())
    def test_values_survive(self, data):
        n = data.draw(st.integers(0, 5))
        ints = st.integers(-(2**31), 2**31 - 1)
        finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
        found = Detections(
            data.draw(hnp.arrays(np.int32, (n, 4), elements=ints)),
            data.draw(hnp.arrays(np.int32, (n,), elements=ints)),
            data.draw(hnp.arrays(np.float32, (n,), elements=finite)),
            class_names=data.draw(st.lists(st.text(max_size=5), max_size=3)),
            image_size=(2, 3),
        )
        image = data.draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=10))
        told = found.to_dict(image)
        assert told["image"] == image
        objects = told["detections"]
        assert [of["xyxy"] for of in objects] == found.xyxy.tolist()
        assert [of["class_id"] for of in objects] == found.class_id.tolist()
        assert [np.float32(of["confidence"]) for of in objects] == found.confidence.tolist()
        names = dict(enumerate(found.class_names))
        assert [of["class_name"] for of in objects] == [names.get(i) for i in found.class_id.tolist()]


class TestSupervision:
    def test_detections(self):
        found = detections(polygon=np.arange(24).reshape(3, 4, 2)).to_supervision()
        assert isinstance(found, sv.Detections)
        assert found.xyxy.dtype == np.float32 and found.xyxy.tolist() == BOXES["xyxy"].tolist()
        assert found.class_id.dtype == np.int_ and found.class_id.tolist() == [1, 2, 1]
        assert found.confidence.tolist() == BOXES["confidence"].tolist()
        assert found.data["class_name"].tolist() == ["dog", "2", "dog"]
        assert found.data["xyxyxyxy"].shape == (3, 4, 2)
        assert found.mask is None
        assert len(found[found.confidence > 0.4]) == 2

    def test_nothing_is_shared(self):
        found = detections()
        found.to_supervision().confidence[0] = 0
        assert found.confidence[0] == np.float32(0.9)

    def test_masks_are_dense(self):
        found = instances().to_supervision()
        assert found.mask.dtype == np.bool_ and found.mask.shape == (3, 20, 30)
        assert all(np.array_equal(mask, np.eye(20, 30, i)) for i, mask in enumerate(found.mask))
        with pytest.raises(InvalidParameterError, match="expected masks of one size"):
            instances(mask=[*instances().mask[:2], RleMask.encode([[1]])]).to_supervision()

    def test_masks_of_a_lower_resolution_are_brought_to_the_pictures(self):
        dense = np.array([[1, 0, 0], [0, 0, 1]])
        found = instances(mask=[RleMask.encode(dense)] * 3).to_supervision()
        assert np.array_equal(found.mask[0], dense.repeat(10, 0).repeat(10, 1))
        alone = instances(mask=[RleMask.encode(dense)] * 3, image_size=None).to_supervision()
        assert np.array_equal(alone.mask[2], dense)

    @pytest.mark.parametrize("of", [Detections, InstanceDetections])
    @pytest.mark.parametrize("image_size", [None, (20, 30)])
    def test_no_objects(self, of, image_size):
        assert len(of([], [], [], image_size=image_size).to_supervision()) == 0

    def test_key_points(self):
        found = key_points().to_supervision()
        assert isinstance(found, sv.KeyPoints)
        assert found.xy.dtype == np.float32
        assert found.xy.tolist() == [[[-3, 4], [0, 0]], [[0, 0], [0, 0]], [[7, 8], [0, 0]]]
        assert found.keypoint_confidence.tolist() == [[0.5, 0], [0, 0], [0.75, 0]]
        assert found.visible.tolist() == [[True, False], [False, False], [True, False]]
        assert found.detection_confidence.tolist() == BOXES["confidence"].tolist()
        assert found.class_id.tolist() == [1, 2, 1]
        assert found.data["class_name"].tolist() == ["dog", "2", "dog"]
        assert found.data["xyxy"].tolist() == BOXES["xyxy"].tolist()
        assert "covariance" not in found.data
        assert len(KeyPointDetections([], [], []).to_supervision()) == 0

    def test_covariances_of_key_points(self):
        covariance = np.full((3, 4, 2, 2), np.nan, np.float32)
        covariance[0, 0] = [[4, -0.5], [-0.5, 9]]
        found = key_points(covariance=covariance).to_supervision()
        assert found.data["covariance"].shape == (3, 2, 2, 2), "as `xy`"
        assert np.array_equal(found.data["covariance"], covariance[:, :2], equal_nan=True)
        none = KeyPointDetections([], [], [], covariance=np.zeros((0, 0, 2, 2), np.float32))
        assert none.to_supervision().data["covariance"].shape == (0, 0, 2, 2)

    def test_key_points_of_older_releases(self, monkeypatch):
        class KeyPoints:
            def __init__(self, xy, class_id=None, confidence=None, data=None):
                self.confidence = confidence

        monkeypatch.setattr(sv, "KeyPoints", KeyPoints)
        assert key_points().to_supervision().confidence.tolist() == [[0.5, 0], [0, 0], [0.75, 0]]

    def test_segments_are_an_object_per_class_without_the_background(self):
        segments = SemanticSegmentationResult(
            [[0, 2, 2], [1, 2, 7]], [[0, 0.5, 1], [0, 0.75, 0.25]], class_names=("cat", "Background", "dog")
        )
        found = segments.to_supervision()
        assert found.class_id.tolist() == [0, 2, 7]
        assert found.data["class_name"].tolist() == ["cat", "dog", "7"]
        assert found.confidence.tolist() == [0, 0.75, 0.25]
        assert found.mask[1].tolist() == [[False, True, True], [False, True, False]]
        assert found.xyxy[1].tolist() == [1, 0, 2, 1]
        nothing = SemanticSegmentationResult([[1]], [[0.5]], class_names=("cat", "background")).to_supervision()
        assert len(nothing) == 0 and nothing.mask.shape == (0, 1, 1)

    def test_classifications(self):
        one = ClassificationPrediction(1, [0.25, 0.75]).to_supervision()
        assert isinstance(one, sv.Classifications)
        assert one.class_id.tolist() == [0, 1] and one.confidence.tolist() == [0.25, 0.75]
        assert [of.tolist() for of in one.get_top_k(1)] == [[1], [0.75]]
        several = MultiLabelClassificationPrediction([0, 2], [0.5, 0, 1]).to_supervision()
        assert several.class_id.tolist() == [0, 2] and several.confidence.tolist() == [0.5, 1]

    def test_what_supervision_has_no_class_for_has_no_such_method(self):
        for of in (DepthMap, TextResult, RleMask):
            assert not hasattr(of, "to_supervision")

    def test_without_supervision_the_error_says_how_to_get_it(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "supervision", None)
        for prediction in one_of_each()[:5]:
            with pytest.raises(MissingDependencyError, match="pip install supervision"):
                prediction.to_supervision()
