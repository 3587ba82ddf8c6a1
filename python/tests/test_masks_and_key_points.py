"""AutoModel: masks and key points, and the options that only they have."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import load

from replayrt import InstanceDetections, InvalidParameterError, KeyPointDetections


class TestMasks:
    @pytest.fixture(scope="class")
    def segmenter(self):
        with load("yolov8-masks-letterbox") as model:
            yield model

    def test_each_object_has_one_of_the_pictures_size(self, segmenter, picture):
        (found,) = segmenter(picture)
        assert isinstance(found, InstanceDetections) and len(found) == len(found.mask) > 0
        assert {mask.size for mask in found.mask} == {picture.shape[:2]}
        assert sum(mask.area for mask in found.mask) > 0

    def test_options_change_them(self, segmenter, picture):
        def area(**options) -> int:
            return sum(mask.area for mask in segmenter(picture, **options)[0].mask)

        assert area(masks_binarization_threshold=0.9) < area() < area(masks_binarization_threshold=0.1)
        assert area(masks_smoothing_enabled=False) != area(masks_smoothing_enabled=True) == area()
        assert area(masks_resolution_factor=0) < area(masks_resolution_factor=0.5) < area()

    def test_boxes_do_not_depend_on_their_resolution(self, segmenter, picture):
        whole, coarse = segmenter(picture)[0], segmenter(picture, masks_resolution_factor=0)[0]
        assert np.array_equal(whole.xyxy, coarse.xyxy)
        assert coarse.mask[0].size < whole.mask[0].size

    def test_wrong_options_are_refused_by_name(self, segmenter, detector, picture):
        for options in ({"masks_resolution_factor": 1.5}, {"masks_binarization_threshold": float("nan")}):
            with pytest.raises(InvalidParameterError, match=next(iter(options))):
                segmenter(picture, **options)
        for name in ("masks_smoothing_enabled", "masks_binarization_threshold", "masks_resolution_factor"):
            with pytest.raises(InvalidParameterError, match=f"{name} does not apply to"):
                detector(picture, **{name: 1})


def test_key_points(picture):
    with load("yolov8-points-letterbox") as model:
        assert [len(names) for names in model.key_points_classes] == [4, 2, 0, 3, 4]
        assert model.key_points_classes[1] == ("bear 0", "bear 1")
        assert model.skeletons[1] == ((0, 1), (1, 0)) and model.skeletons[2] == ()
        (found,) = model.predict(picture)
        assert isinstance(found, KeyPointDetections) and len(found) > 0
        for class_id, points in zip(found.class_id, found.key_points):
            assert len(points) == len(model.key_points_classes[class_id])
        (fewer,) = model.predict(picture, key_points_threshold=0.6)
        for all_points, some in zip(found.key_points_confidence, fewer.key_points_confidence):
            assert some.tolist() == [value if value > np.float32(0.6) else 0 for value in all_points]
        assert any((some == 0).any() for some in fewer.key_points_confidence)
        with pytest.raises(InvalidParameterError, match="key_points_threshold is 'much': expected a number"):
            model.predict(picture, key_points_threshold="much")
        assert found.covariance is None
    with load("rfdetr-points-stretch") as model:
        assert [len(names) for names in model.key_points_classes] == [4, 2, 0, 3, 4], "less the removed class"
        (found,) = model.predict(picture, confidence=0.3)
        most = max(map(len, found.key_points))
        assert found.covariance.shape == (len(found), most, 2, 2) and found.covariance.dtype == np.float32
        for i, written in enumerate(found.to_dict()["detections"]):
            of_points = [np.full((2, 2), np.nan) if point is None else point for point in written["covariance"]]
            read = np.array(of_points, np.float32).reshape(-1, 2, 2)
            assert np.array_equal(read, found.covariance[i, : len(read)], equal_nan=True)
            assert np.isnan(found.covariance[i, len(read) :]).all()
            assert np.array_equal(np.isfinite(read).all((1, 2)), found.key_points_confidence[i] > 0)
        assert np.isfinite(found.covariance).any()
        (found,) = model.predict(picture, confidence=1)
        assert len(found) == 0 and found.covariance.shape == (0, 0, 2, 2)
    with load("resnet-stretch") as model:
        assert model.key_points_classes == () and model.skeletons == ()
