"""Model packages in the reference's format, one per family and way to pre-process, and pictures to run them on.

The networks are small and random, but what they find depends on the picture as it does with trained ones. What the
reference gives out for them is in tests/models/expected, written by tools/reference/oracle.py.
"""

import json

import numpy as np
import onnx

from . import package_maps, package_networks, package_yolov8n
from .files import Folder
from .package_configs import FAMILIES, Family
from .package_pictures import NATURAL, all_pictures, as_input, as_png

BUILDERS = {
    package_networks.Detector: package_networks.detector,
    package_networks.Classifier: package_networks.classifier,
    package_maps.Mapper: package_maps.mapper,
}


def make(folder: Folder) -> None:
    pictures = all_pictures()
    for name, picture in pictures.items():
        folder.write_bytes(f"packages/pictures/{name}.png", as_png(picture))
    natural = [pictures[name] for name in NATURAL]
    for name, family in FAMILIES.items():
        write_family(folder, name, family, natural)
    _write_yolov8n(folder)


def write_family(folder: Folder, name: str, family: Family, pictures: list[np.ndarray]) -> None:
    inputs = np.stack([as_input(picture, *family.network.size) for picture in pictures])
    plain = next(iter(family.variants.values())).network_input
    if "normalization" in plain:
        means, deviations = (np.array(values, np.float32).reshape(3, 1, 1) for values in plain["normalization"])
        inputs = (inputs - means) / deviations
    build = BUILDERS[type(family.network)]
    weights: dict[int | str, bytes] = {}
    for variant_name, variant in family.variants.items():
        if variant.batch not in weights:
            model = build(family.network, inputs, variant.batch)
            onnx.checker.check_model(model, full_check=True)
            weights[variant.batch] = model.SerializeToString()
        package = f"packages/{name}-{variant_name}"
        configs = family.model_config(variant_name), family.inference_config(variant)
        _write_package(folder, package, *configs, family.names, weights[variant.batch])
        if family.points:
            folder.write_text(f"{package}/keypoints_metadata.json", json.dumps(family.key_points(), indent=1) + "\n")


def _write_yolov8n(folder: Folder) -> None:
    names = [f"class {number}" for number in range(package_yolov8n.CLASSES)]
    for package, task in (("yolov8n-640", "object-detection"), ("yolov8n-seg-640", "instance-segmentation")):
        model = package_yolov8n.make_model(masks=task == "instance-segmentation")
        onnx.checker.check_model(model, full_check=True)
        model_config = {"model_architecture": "yolov8", "task_type": task, "backend_type": "onnx"}
        configs = model_config, package_yolov8n.inference_config()
        _write_package(folder, f"packages/{package}", *configs, names, model.SerializeToString())


def _write_package(folder: Folder, package: str, model_config: dict, inference_config: dict, names, weights) -> None:
    folder.write_text(f"{package}/model_config.json", json.dumps(model_config, indent=1) + "\n")
    folder.write_text(f"{package}/inference_config.json", json.dumps(inference_config, indent=1) + "\n")
    if names:
        folder.write_text(f"{package}/class_names.txt", "".join(f"{name}\n" for name in names))
    folder.write_bytes(f"{package}/weights.onnx", weights)
