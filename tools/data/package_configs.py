"""The families of the model packages: network, model_config.json, and the variants of inference_config.json."""

from dataclasses import dataclass, field

from .package_maps import Mapper
from .package_networks import Classifier, Detector

NAMES = ("apple", "bear", "car", "dog", "egg", "fox")
IMAGENET = [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]
CROP = {"static-crop": {"enabled": True, "x_min": 10, "x_max": 90, "y_min": 20, "y_max": 80}}
CORNER = {"static-crop": {"enabled": True, "x_min": 0, "x_max": 70, "y_min": 0, "y_max": 60}}
CROP_AT_ORIGIN = {"static-crop": {"enabled": True, "x_min": 0, "x_max": 70, "y_min": 0, "y_max": 80}}
GRAYSCALE = {"grayscale": {"enabled": True}}
RECOMMENDED = {"confidence": 0.55, "per_class_confidence": {"bear": 0.7, "dog": 0.45}}


def _contrast(kind: str) -> dict:
    return {"contrast": {"enabled": True, "type": kind}}


@dataclass(frozen=True)
class Variant:
    """What of inference_config.json differs from the family's plain one, and which batch the network takes."""

    network_input: dict = field(default_factory=dict)
    image_pre_processing: dict = field(default_factory=dict)
    other: dict = field(default_factory=dict)
    batch: int | str = "N"


# For every family. "letterbox" is the plain one, and the one that recommends thresholds.
VARIANTS = {
    "letterbox": Variant(),
    "stretch": Variant({"resize_mode": "stretch"}),
    "center-crop": Variant({"resize_mode": "center-crop"}),
    "fit-longer-edge": Variant({"resize_mode": "fit-longer-edge"}),
    "crop": Variant({}, CROP),
    "grayscale": Variant({}, GRAYSCALE),
    "bgr": Variant({"color_mode": "bgr"}),
    "normalized": Variant({"normalization": IMAGENET}),
}
# For families that give maps, which have the picture's size.
MAP_VARIANTS = VARIANTS | {"corner": Variant({}, CORNER)}
# For one family: what does not depend on it.
MORE_VARIANTS = {
    "adaptive": Variant({}, _contrast("Adaptive Equalization")),
    "stretching": Variant({}, _contrast("Contrast Stretching")),
    "histogram": Variant({}, _contrast("Histogram Equalization")),
    "everything": Variant(
        {"normalization": IMAGENET, "color_mode": "bgr"}, CROP | GRAYSCALE | _contrast("Contrast Stretching")
    ),
    "static2": Variant(other={"forward_pass": {"static_batch_size": 2}}, batch=2),
    "max2": Variant(other={"forward_pass": {"max_dynamic_batch_size": 2}}),
}
# For instance segmentation: what matters to masks.
MASK_VARIANTS = {
    "letterbox": Variant(),
    "stretch": Variant({"resize_mode": "stretch"}),
    "center-crop": Variant({"resize_mode": "center-crop"}),
    "fit-longer-edge": Variant({"resize_mode": "fit-longer-edge"}),
    "crop": Variant({}, CROP),
    "crop-at-origin": Variant({}, CROP_AT_ORIGIN),
}
# YOLACT's networks take one picture.
YOLACT_VARIANTS = {
    name: Variant(variant.network_input, variant.image_pre_processing, batch=1)
    for name, variant in MASK_VARIANTS.items()
}
# RF-DETR stretches by itself: without the dimensions of a dataset version the mode makes no difference.
_TWO_STEP = {"dataset_version_resize_dimensions": {"height": 80, "width": 64}, "normalization": IMAGENET}
RFDETR_VARIANTS = {
    "letterbox": Variant({"normalization": IMAGENET}),
    "stretch": Variant({"resize_mode": "stretch", "normalization": IMAGENET}),
    "two-step": Variant(_TWO_STEP),
    "two-step-center-crop": Variant(_TWO_STEP | {"resize_mode": "center-crop"}),
    "fit-longer-edge": Variant({"resize_mode": "fit-longer-edge", "normalization": IMAGENET}),
    "crop": Variant({"resize_mode": "stretch", "normalization": IMAGENET}, CROP),
    "grayscale": Variant({"normalization": IMAGENET}, GRAYSCALE),
    "bgr": Variant({"color_mode": "bgr", "normalization": IMAGENET}),
    "scaled": Variant({"scaling_factor": 128}),
    "histogram": Variant({"normalization": IMAGENET}, _contrast("Histogram Equalization")),
}
# In two steps, so that the mode makes a difference.
RFDETR_MASK_VARIANTS = {
    "letterbox": Variant(_TWO_STEP),
    "stretch": Variant({"resize_mode": "stretch", "normalization": IMAGENET}),
    "center-crop": Variant(_TWO_STEP | {"resize_mode": "center-crop"}),
    "fit-longer-edge": Variant({"resize_mode": "fit-longer-edge", "normalization": IMAGENET}),
    "crop": Variant(_TWO_STEP, CROP),
    "crop-at-origin": Variant(_TWO_STEP, CROP_AT_ORIGIN),
}


@dataclass(frozen=True)
class Family:
    """`post`: the type of post_processing, or none where the reference looks at none."""

    network: Detector | Classifier | Mapper
    architecture: str
    task: str = "object-detection"
    post: str | None = "nms"
    fused: bool = False
    padding: int | None = 127
    features: dict = field(default_factory=dict)
    names: tuple[str, ...] = NAMES[:5]
    removed: tuple[str, ...] = ()
    points: tuple[tuple[int, int], ...] = ()  # class id, how many key points it has
    variants: dict[str, Variant] = field(default_factory=lambda: VARIANTS)

    def model_config(self, variant: str) -> dict:
        config = {"model_architecture": self.architecture, "task_type": self.task, "backend_type": "onnx"}
        if self.features:
            config["model_features"] = self.features
        if variant == "letterbox":
            config["recommended_parameters"] = RECOMMENDED
        return config

    def key_points(self) -> list[dict]:
        """keypoints_metadata.json: each class's points in a chain, the last connected with the first."""
        return [
            {
                "object_class_id": class_id,
                "keypoints": {str(number): f"{self.names[class_id]} {number}" for number in range(count)},
                "edges": [{"from": number, "to": (number + 1) % count} for number in range(count)],
            }
            for class_id, count in self.points
        ]

    def inference_config(self, variant: Variant) -> dict:
        height, width = self.network.size
        config = {
            "image_pre_processing": variant.image_pre_processing,
            "network_input": {
                "training_input_size": {"height": height, "width": width},
                "dynamic_spatial_size_supported": False,
                "color_mode": "rgb",
                "resize_mode": "letterbox",
                "padding_value": self.padding,
                "input_channels": 3,
                "scaling_factor": 255,
                **variant.network_input,
            },
            **variant.other,
        }
        if self.network.any_size:
            config["network_input"] |= {
                "dynamic_spatial_size_supported": True,
                "dynamic_spatial_size_mode": {"type": "pad-to-be-divisible", "value": 32},
            }
        if self.post:
            config["post_processing"] = {"type": self.post, "fused": self.fused}
        if self.removed:
            config["class_names_operations"] = [
                {"type": "class_name_removal", "class_name": name} for name in self.removed
            ]
        return config


def _fused(seed: int, size: tuple[int, int], architecture: str) -> Family:
    return Family(Detector("rows", size, 5, seed), architecture, fused=True, features={"nms_fused": True})


def _plain(seed: int, size: tuple[int, int], architecture: str, padding: int | None = 127, **more) -> Family:
    return Family(Detector("channels", size, 5, seed), architecture, padding=padding, **more)


def _points(layout: str, seed: int, size: tuple[int, int], architecture: str, **more) -> Family:
    network = Detector(layout, size, 5, seed, key_points=max(count for _, count in POINTS))
    fused = layout == "rows" and architecture != "yolo26"
    features = {"nms_fused": True} if fused else {}
    return Family(
        network, architecture, task="keypoint-detection", fused=fused, features=features, points=POINTS, **more
    )


def _rfdetr(seed: int, size: tuple[int, int], scores: int, found: int = 45, key_points: int = 0, **more) -> Family:
    features = {"resolution": size[0], "num_queries": size[0] * size[1] * 21 // 1024}
    return Family(
        Detector("queries", size, scores, seed, found, key_points=key_points),
        "rfdetr",
        post=None,
        features=features,
        variants=RFDETR_VARIANTS,
        **more,
    )


def _labels(seed: int, architecture: str, fused: bool, multi: bool = False, size: tuple[int, int] = (64, 64)) -> Family:
    activation = "Sigmoid" if multi else "Softmax"
    return Family(
        Classifier(size, len(NAMES), seed, activation if fused else None, multi),
        architecture,
        task="multi-label-classification" if multi else "classification",
        post=activation.lower(),
        fused=fused,
        names=NAMES,
    )


def _segments(network: Mapper, architecture: str, names: tuple[str, ...], **more) -> Family:
    return Family(network, architecture, "semantic-segmentation", post=None, names=names, variants=MAP_VARIANTS, **more)


def _masks(layout: str, seed: int, size: tuple[int, int], architecture: str, stride: int = 4, **more) -> Family:
    levels = architecture == "yolov7"
    found = {"queries": 15, "rows": 8}.get(layout, 5 if levels else 12)
    found = 4 if architecture == "yolo26" else found
    network = Detector(layout, size, 5, seed, found=found, masks=stride, with_levels=levels)
    more.setdefault("variants", MASK_VARIANTS)
    return Family(network, architecture, task="instance-segmentation", **more)


# One class has none, and not every class has as many as the network has places.
POINTS = ((0, 4), (1, 2), (2, 0), (3, 3), (4, 4))

# The seeds are chosen so that no score or overlap of the cases of tools/reference is close to its threshold.
FAMILIES = {
    "yolov5": Family(Detector("objectness", (64, 96), 5, 2401), "yolov5", post=None, padding=114),
    "yolov7": Family(Detector("objectness", (96, 96), 5, 5302), "yolov7", post=None),
    "yolov8": _plain(11503, (64, 96), "yolov8", padding=None, variants=VARIANTS | MORE_VARIANTS),
    "yolov8-any-size": Family(
        Detector("channels", (64, 96), 5, 4, any_size=True), "yolov8", variants={"letterbox": Variant()}
    ),
    "yolov8-fused": _fused(205, (128, 96), "yolov8"),
    "yolov9": _plain(5406, (96, 128), "yolov9"),
    "yolov9-fused": _fused(7, (64, 96), "yolov9"),
    "yolov10": Family(Detector("rows", (96, 128), 5, 108), "yolov10", post=None),
    "yolov11": _plain(909, (128, 96), "yolov11"),
    "yolov11-fused": _fused(10, (96, 96), "yolov11"),
    "yolov12": _plain(11, (96, 64), "yolov12"),
    "yolov12-fused": _fused(112, (96, 128), "yolov12"),
    "yolo26": Family(Detector("rows", (64, 96), 5, 13, found=15), "yolo26", post=None, padding=114),
    "yolo26-segmentation": _segments(
        Mapper((64, 96), 5, 28, background=1), "yolo26", ("apple", "background", *NAMES[1:4]), padding=114
    ),
    "yolo26-binary": _segments(Mapper((64, 96), 1, 29), "yolo26", ("BACKGROUND", "bear"), padding=114),
    "yolo26-depth": Family(
        Mapper((96, 128), 0, 30), "yolo26", "depth-estimation", post=None, padding=114, names=(), variants=MAP_VARIANTS
    ),
    "deep-lab-v3-plus": _segments(
        Mapper((96, 128), 5, 31, whole=True, background=0), "deep-lab-v3-plus", ("background", *NAMES[:4]), padding=None
    ),
    "deep-lab-v3-plus-without": _segments(
        Mapper((128, 96), 4, 32), "deep-lab-v3-plus", (*NAMES[:2], "Background", *NAMES[2:4]), padding=None
    ),
    "yolonas": Family(Detector("two", (128, 96), 5, 14), "yolonas"),
    "rfdetr": _rfdetr(15, (96, 96), 5),
    "rfdetr-no-object": _rfdetr(16, (96, 96), 7),
    "rfdetr-removal": _rfdetr(117, (96, 128), 6, names=("background", *NAMES[:5]), removed=("background", "car")),
    "yolov5-masks": _masks("objectness", 31, (64, 96), "yolov5", post=None),
    "yolov7-masks": _masks("objectness", 732, (96, 96), "yolov7", post=None),
    "yolov8-masks": _masks("channels", 33, (96, 128), "yolov8"),
    "yolov8-masks-stride8": _masks("channels", 34, (96, 96), "yolov8", 8, variants={"letterbox": Variant()}),
    "yolov8-masks-fused": _masks("rows", 35, (96, 96), "yolov8", fused=True, features={"nms_fused": True}),
    "yolov11-masks": _masks("channels", 36, (128, 96), "yolov11"),
    "yolov11-masks-fused": _masks("rows", 37, (96, 128), "yolov11", fused=True, features={"nms_fused": True}),
    "yolo26-masks": _masks("rows", 138, (96, 96), "yolo26", post=None),
    "yolact": _masks("priors", 39, (96, 96), "yolact", post=None, variants=YOLACT_VARIANTS),
    "rfdetr-masks": _masks("queries", 440, (96, 96), "rfdetr", post=None, variants=RFDETR_MASK_VARIANTS),
    "yolov8-points": _points("channels", 231, (64, 96), "yolov8"),
    "yolov8-points-fused": _points("rows", 533, (96, 64), "yolov8"),
    "yolov11-points": _points("channels", 332, (96, 96), "yolov11"),
    "yolov11-points-fused": _points("rows", 134, (64, 64), "yolov11"),
    "yolo26-points": _points("rows", 1035, (64, 96), "yolo26", post=None, padding=114),
    "rfdetr-points": _rfdetr(
        431,
        (96, 128),
        6,
        found=2,
        key_points=4,
        task="keypoint-detection",
        names=("background", *NAMES[:5]),
        removed=("background",),
        points=tuple((class_id + 1, count) for class_id, count in POINTS),
    ),
    "resnet": _labels(18, "resnet", fused=False),
    "resnet-fused": _labels(19, "resnet", fused=True),
    "resnet-multi": _labels(20, "resnet", fused=False, multi=True),
    "resnet-multi-fused": _labels(21, "resnet", fused=True, multi=True),
    "vit": _labels(22, "vit", fused=False),
    "vit-fused": _labels(23, "vit", fused=True),
    "vit-multi": _labels(24, "vit", fused=False, multi=True),
    "vit-multi-fused": _labels(25, "vit", fused=True, multi=True),
    "yolov8-classification": _labels(26, "yolov8", fused=True, size=(64, 96)),
    "yolov11-classification": _labels(27, "yolov11", fused=False, size=(96, 64)),
}
