"""replayrt.results: fields, equality, selection and how they are shown."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import replayrt
from predictions_of_tests import BOXES, NAMES, OF_IMAGE, detections, instances, key_points, one_of_each
from replayrt.errors import InvalidParameterError
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


class TestFields:
    def test_dtypes_are_those_of_the_contract(self):
        found = Detections([[1, 2, 3, 4]], [1], [0.9], polygon=[[[1, 2]] * 4])
        assert [found.xyxy.dtype, found.class_id.dtype, found.confidence.dtype] == [np.int32, np.int32, np.float32]
        assert found.polygon.dtype == np.int32 and found.polygon.shape == (1, 4, 2)
        assert (found.class_names, found.image_size) == ((), None)
        assert ClassificationPrediction(np.int32(1), [0, 1]).confidence.dtype == np.float32
        assert type(ClassificationPrediction(np.int32(1), [0, 1]).class_id) is int
        assert MultiLabelClassificationPrediction([1], [0, 1]).class_ids.dtype == np.int64
        assert SemanticSegmentationResult([[1]], [[0.5]]).segmentation_map.dtype == np.int64
        assert DepthMap([[1]]).depth.dtype == np.float32
        assert key_points().key_points[0].dtype == np.int32
        assert key_points().key_points_confidence[1].dtype == np.float32

    def test_arrays_of_the_right_kind_are_kept(self):
        found = detections()
        assert all(getattr(found, name) is value for name, value in BOXES.items())

    def test_empty_lists_are_no_objects(self):
        assert Detections([], [], []).xyxy.shape == (0, 4)
        assert InstanceDetections([], [], [], polygon=[]).polygon.shape == (0, 4, 2)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: detections(xyxy=[[1] * 5]), "Detections.xyxy: expected int32 of shape (n, 4), got shape (1, 5)"),
            (lambda: detections(xyxy=None), "Detections.xyxy: expected int32"),
            (lambda: detections(xyxy=[[1, 2, 3, 4], [1]]), "Detections.xyxy: expected int32 of shape (n, 4), got what"),
            (lambda: detections(class_id=[1, 2]), "Detections.class_id: expected int32 of shape (3,), got shape (2,)"),
            (lambda: detections(confidence=[0.5]), "Detections.confidence: expected float32 of shape (3,)"),
            (lambda: detections(polygon=np.zeros((2, 4, 2))), "Detections.polygon: expected int32 of shape (3, 4, 2)"),
            (lambda: detections(class_names="cat"), "Detections.class_names: expected a list of names"),
            (lambda: detections(image_size=(1,)), "Detections.image_size: expected (height, width) in pixels, got "),
            (lambda: detections(image_size=(1.5, 2)), "Detections.image_size"),
            (lambda: detections(image_size=(-1, 2)), "Detections.image_size"),
            (lambda: detections(image_size="ab"), "Detections.image_size"),
            (lambda: instances(mask=[]), "InstanceDetections.mask: expected 3 RleMasks"),
            (lambda: instances(mask=[1, 2, 3]), "InstanceDetections.mask: expected 3 RleMasks"),
            (lambda: key_points(key_points=[]), "KeyPointDetections.key_points: expected 3 arrays"),
            (lambda: key_points(key_points=[[1], [], []]), "KeyPointDetections.key_points: expected int32 of shape"),
            (
                lambda: key_points(key_points_confidence=[[0.5], [], [1]]),
                "KeyPointDetections.key_points_confidence: expected float32 of shape (2,), got shape (1,)",
            ),
            (
                lambda: key_points(covariance=np.zeros((3, 1, 2, 2))),
                "KeyPointDetections.covariance: expected 2 for each object, got 1",
            ),
            (
                lambda: key_points(covariance=np.zeros((3, 2, 2))),
                "KeyPointDetections.covariance: expected float32 of shape (3, n, 2, 2), got shape (3, 2, 2)",
            ),
            (lambda: ClassificationPrediction(1.5, [0.5]), "ClassificationPrediction.class_id: expected an int, got"),
            (lambda: ClassificationPrediction(1, 0.5), "ClassificationPrediction.confidence"),
            (lambda: MultiLabelClassificationPrediction([0.5], []), "MultiLabelClassificationPrediction.class_ids"),
            (
                lambda: SemanticSegmentationResult(np.zeros((2, 3), np.int64), np.zeros((3, 2))),
                "SemanticSegmentationResult.confidence: expected float32 of shape (2, 3), got shape (3, 2)",
            ),
            (lambda: DepthMap([1.0]), "DepthMap.depth: expected float32 of shape (n, n), got shape (1,)"),
            (lambda: TextResult(b"x", 1), "TextResult.text: expected str, got bytes"),
            (lambda: TextResult("x", "y"), "TextResult.confidence"),
            (lambda: RleMask((2, 2), [1, 2]), "RleMask.counts: expected runs of 2 x 2 pixels, got 3 pixels"),
            (lambda: RleMask((2, 2), [-1, 5]), "RleMask.counts: expected uint32 of shape (n,), got int64 with -1"),
            (lambda: RleMask.encode([1, 0]), "mask: expected shape (height, width), got (2,)"),
        ],
    )
    def test_what_does_not_fit_is_named(self, make, message):
        with pytest.raises(InvalidParameterError) as raised:
            make()
        assert str(raised.value).startswith(message)

    @pytest.mark.parametrize(
        ("dtype", "values"),
        [(np.int64, [1, -2, 3]), (np.uint8, [0, 255, 3]), (np.float64, [1.0, -2.0, 3.0]), (np.float16, [1, 2, 3])],
    )
    def test_values_that_fit_are_converted(self, dtype, values):
        found = detections(class_id=np.array(values, dtype))
        assert found.class_id.dtype == np.int32 and found.class_id.tolist() == values

    @pytest.mark.parametrize(
        "values",
        [
            *(np.array([1, 2, 2**31]), np.array([1, 2, 2**32 - 1], np.uint32), np.array([1, 2, 2**64 - 1], np.uint64)),
            *(np.array([1, 2, 0.5]), np.array([1, 2, np.nan]), np.array([1, 2, np.inf]), np.array([1, 2, 3j])),
            *(np.array(["1", "2", "3"]), np.array([True, False, True]), [1, 2, 2**31], [1, 2, 2**70], [1, 2, 2.5]),
        ],
    )
    def test_values_that_an_int32_cannot_hold_are_refused(self, values):
        with pytest.raises(InvalidParameterError, match="Detections.class_id: expected int32"):
            detections(class_id=values)

    def test_floats_of_arrays_must_fit_and_those_of_lists_are_rounded(self):
        assert detections(confidence=np.array([0.5, np.nan, 0.25])).confidence.dtype == np.float32
        with pytest.raises(InvalidParameterError, match="got float64 with 0.9, which it cannot hold"):
            detections(confidence=np.array([0.5, 0.9, 0.25]))
        with pytest.raises(InvalidParameterError, match="got int64"):
            detections(confidence=np.array([0, 1, 2**24 + 1]))
        assert detections(confidence=[0.9, 1, float("inf")]).confidence.tolist() == [np.float32(0.9), 1, np.inf]
        with pytest.raises(InvalidParameterError, match="with 1e\\+300"):
            detections(confidence=[0.5, 1e300, 0.25])


class TestValues:
    def test_equal_to_what_has_the_same_values(self):
        for one, again in zip(one_of_each(), one_of_each()):
            assert one == again and not one != again
            assert [one == other for other in one_of_each()].count(True) == 1
            assert one != "text"

    @pytest.mark.parametrize(
        "changes",
        [
            *({"xyxy": BOXES["xyxy"] + 1}, {"class_id": [1, 2, 2]}, {"confidence": [0.9, 0.25, 1]}),
            *({"polygon": np.zeros((3, 4, 2))}, {"class_names": ("cat",)}, {"image_size": None}),
        ],
    )
    def test_every_field_counts(self, changes):
        assert detections(**changes) != detections()
        assert detections(**changes) == detections(**changes)

    def test_a_subclass_is_another_thing(self):
        empty = [[], [], []]
        assert Detections(*empty) != InstanceDetections(*empty)

    def test_fields_of_subclasses_count(self):
        masks = instances().mask
        assert instances(mask=masks[::-1]) != instances(mask=masks)
        assert key_points(key_points_confidence=[[0.5, 1], [], [0.75]]) != key_points()

    @pytest.mark.parametrize("of", range(len(one_of_each())))
    def test_pickle_and_copies_are_equal(self, of):
        value = one_of_each()[of]
        for again in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
            assert again == value and again is not value
            assert type(again) is type(value)

    def test_they_cannot_be_hashed(self):
        for value in one_of_each():
            with pytest.raises(TypeError):
                hash(value)


class TestSelection:
    @pytest.mark.parametrize("make", [detections, instances, key_points])
    @pytest.mark.parametrize(
        ("index", "positions"),
        [
            *((np.array([True, False, True]), [0, 2]), ([False, False, False], []), (np.array([2, 0]), [2, 0])),
            *(([1], [1]), ([], []), (slice(1, None), [1, 2]), (slice(None, None, -1), [2, 1, 0]), (-1, [2]), (1, [1])),
        ],
    )
    def test_gives_the_same_class(self, make, index, positions):
        found = make(polygon=np.arange(24).reshape(3, 4, 2))
        picked = found[index]
        assert type(picked) is type(found) and len(picked) == len(positions)
        assert picked.xyxy.tolist() == [BOXES["xyxy"][i].tolist() for i in positions]
        assert picked.class_id.tolist() == [BOXES["class_id"][i] for i in positions]
        assert picked.confidence.tolist() == [BOXES["confidence"][i] for i in positions]
        assert picked.polygon.tolist() == [found.polygon[i].tolist() for i in positions]
        assert (picked.class_names, picked.image_size) == (NAMES, (20, 30))
        if make is instances:
            assert picked.mask == [found.mask[i] for i in positions]
        if make is key_points:
            assert [p.tolist() for p in picked.key_points] == [found.key_points[i].tolist() for i in positions]
            assert [c.tolist() for c in picked.key_points_confidence] == [
                found.key_points_confidence[i].tolist() for i in positions
            ]
            assert picked.covariance is None
            of_objects = np.arange(24, dtype=np.float32).reshape(3, 2, 2, 2)
            picked = key_points(covariance=of_objects)[index]
            assert picked.covariance.tolist() == [of_objects[i].tolist() for i in positions]

    def test_by_a_condition(self):
        found = detections()
        assert found[found.confidence > 0.4].confidence.tolist() == [np.float32(0.9), 0.5]
        assert len(found[found.class_id == 7]) == 0

    def test_is_a_copy(self):
        for found in (detections(xyxy=BOXES["xyxy"].copy()), key_points(xyxy=BOXES["xyxy"].copy())):
            picked = found[:]
            picked.xyxy[0, 0] = 99
            assert found.xyxy[0, 0] == 1
        picked.key_points[0][0, 0] = 99
        assert found.key_points[0][0, 0] == -3

    @pytest.mark.parametrize("index", [3, -4, [0, 3], np.array([True, False]), 1.5, "confidence", (0, 1)])
    def test_what_lies_outside_is_an_index_error(self, index):
        with pytest.raises(IndexError):
            detections()[index]

    def test_only_one_dimension(self):
        with pytest.raises(InvalidParameterError, match="index: expected one dimension, got 2"):
            detections()[np.array([[0, 1]])]

    def test_there_is_nothing_to_iterate_over(self):
        with pytest.raises(TypeError):
            iter(detections())
        assert not Detections([], [], []) and detections()

    @given(st.lists(st.booleans(), max_size=20))
    def test_any_mask(self, mask):
        n = len(mask)
        found = Detections(np.arange(4 * n).reshape(n, 4), np.arange(n), np.arange(n) / 2)
        assert found[np.array(mask, bool)].class_id.tolist() == [i for i in range(n) if mask[i]]

    def test_box_area_does_not_overflow(self):
        assert detections().box_area.tolist() == [4, 6, 4]
        most = 2**31 - 1
        assert Detections([[-most, 0, most, most]], [0], [1]).box_area.tolist() == [2 * most * most]


class TestRepr:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (detections(), "Detections(3 objects: 2 dog, 1 class 2; confidence 0.25 to 0.9; image_size (20, 30))"),
            (Detections([], [], []), "Detections(no objects)"),
            (
                Detections([[0, 0, 1, 1]], [0], [np.nan], class_names=["a\nb"]),
                "Detections(1 object: 1 'a\\nb'; confidence unknown)",
            ),
            (instances()[:1], "InstanceDetections(1 object: 1 dog; confidence 0.9 to 0.9; image_size (20, 30))"),
            (
                ClassificationPrediction(1, [0.25, 0.75], **OF_IMAGE),
                "ClassificationPrediction(dog; confidence 0.75, of 2 classes; image_size (20, 30))",
            ),
            (ClassificationPrediction(7, [1]), "ClassificationPrediction(class 7; confidence unknown, of 1 class)"),
            (
                MultiLabelClassificationPrediction([0, 1], [0.5, 1], class_names=NAMES),
                "MultiLabelClassificationPrediction(cat, dog; of 2 classes)",
            ),
            (MultiLabelClassificationPrediction([], [0.5]), "MultiLabelClassificationPrediction(no class; of 1 class)"),
            (
                SemanticSegmentationResult([[0, 1], [1, 1]], np.zeros((2, 2)), **OF_IMAGE),
                "SemanticSegmentationResult(75.0% dog, 25.0% cat; image_size (20, 30))",
            ),
            (DepthMap([[0.5, np.nan, 12]]), "DepthMap(depth 0.5 to 12)"),
            (TextResult("word", 0.5), "TextResult('word'; confidence 0.5)"),
            (RleMask((2, 2), [1, 2, 1]), "RleMask(size (2, 2); 2 pixels set in 3 runs)"),
        ],
    )
    def test_says_what_counts(self, value, text):
        assert repr(value) == text

    def test_stays_short(self):
        n = 1000
        many = Detections(np.zeros((n, 4)), np.arange(n), np.zeros(n), class_names=[f"name_{i}" for i in range(n)])
        assert "1 name_5, 994 more classes" in repr(many) and "name_6" not in repr(many)
        assert len(repr(TextResult("x" * n, 1))) < 100
        assert len(repr(MultiLabelClassificationPrediction(np.arange(n), np.zeros(n)))) < 200


def test_names_are_those_of_the_package():
    for of in one_of_each():
        assert getattr(replayrt, type(of).__name__) is type(of)
