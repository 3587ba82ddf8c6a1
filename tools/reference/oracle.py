#!/usr/bin/env python3
"""Writes what the Python reference gives for the model packages of build/data to tests/models/expected.

Run with the Python that tools/reference/setup.sh prints, after `make setup` has made the packages. It refuses to write
a case in which a difference in the last bits could change the outcome (margins.py): choose another seed for the family
in tools/data/package_configs.py then. Running it twice gives the same files.
"""

import argparse
import importlib.metadata
import json
import os
import sys
from pathlib import Path

# Before the reference is imported: no network, no GPU, and threads that do not spin.
os.environ.update(OFFLINE_MODE="true", DEFAULT_DEVICE="cpu", OMP_WAIT_POLICY="PASSIVE", LOG_LEVEL="ERROR")
os.environ.setdefault("OMP_NUM_THREADS", "2")

import cv2
import maps
import masks
import numpy as np
import text
import torch
from cases import DEFAULT_CONFIDENCE, DEFAULT_KEY_POINTS_THRESHOLD, FAMILIES, TENSORS, Case
from inference_models import AutoModel, PreProcessingOverrides
from inference_models.models.common.roboflow.pre_processing import pre_process_network_input
from inference_models.models.yolov5.yolov5_object_detection_onnx import YOLOv5ForObjectDetectionOnnx
from inference_models.weights_providers.entities import RecommendedParameters
from margins import LIMITS, Margins, TooClose, check_boxes, check_labels

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = f"inference-models {importlib.metadata.version('inference-models')}"
# The registry knows yolov7 for instance segmentation only; the layout of its detection output is that of yolov5.
MAPS = ("segments", "depths")  # Layouts of maps.py.
WITHOUT_ENTRY = {"yolov7": YOLOv5ForObjectDetectionOnnx}
NOTES = (
    "Sizes are [height, width]; static_crop_offset is [x, y, width, height]; the option image_size is [width, "
    "height] or one side; polygons are corners [x, y]. Pictures are BGR arrays as cv2.imread gives them, one by "
    "itself, several as a list. For the confidence 'best', recommended_parameters of model_config.json was given to "
    "from_pretrained. A package that no class is registered for was loaded with the class in loaded_with."
)


class Oracle:
    def __init__(self, data: Path) -> None:
        self._data = data
        self._packages = data / "packages"

    def family(self, name: str, margins: Margins) -> dict:
        layout, cases = FAMILIES[name]
        results = []
        for case in cases:
            try:
                results.append(self._case(name, layout, case, margins))
                margins.require(f"{name}: {case.name}")
            except TooClose as error:
                raise TooClose(f"{name}: {case.name}: {error}") from error
        loader = WITHOUT_ENTRY.get(name, AutoModel).__name__
        return {"reference": REFERENCE, "loaded_with": f"{loader}.from_pretrained", "notes": NOTES, "cases": results}

    def tensors(self) -> dict:
        entries = []
        for package, picture in TENSORS:
            tensor = self._load(package).pre_process(self._read(picture))
            while isinstance(tensor, list | tuple):  # Some give metadata, too, or a tensor per picture.
                tensor = tensor[0]
            tensor = tensor.numpy()
            entries.append({
                "package": package,
                "picture": picture,
                "shape": list(tensor.shape),
                "dtype": str(tensor.dtype),
                "fnv1a": f"{_fnv1a(tensor.tobytes()):016x}",
            })  # fmt: skip
        return {"reference": REFERENCE, "cases": entries}

    def _load(self, package: str):
        folder = self._packages / package
        config = json.loads((folder / "model_config.json").read_text())
        has_entry = config["task_type"] != "object-detection"
        loader = AutoModel if has_entry else WITHOUT_ENTRY.get(config["model_architecture"], AutoModel)
        keywords = {}
        # The reference takes these from its model hub only; for a folder they are an argument.
        if "recommended_parameters" in config:
            keywords["recommended_parameters"] = RecommendedParameters(**config["recommended_parameters"])
        return loader.from_pretrained(str(folder), **keywords)

    def _read(self, picture: str) -> np.ndarray:
        folders = (self._packages / "pictures", self._data / "pictures", self._data / "lines")
        for folder in folders:
            if (folder / f"{picture}.png").exists():
                return cv2.imread(str(folder / f"{picture}.png"))
        raise FileNotFoundError(f"{picture}.png in {', '.join(map(str, folders))}; run `make setup`")

    def _case(self, family: str, layout: str, case: Case, margins: Margins) -> dict:
        package = f"{family}-{case.variant}" if case.variant else family
        model = self._load(package)
        pictures = [self._read(picture) for picture in case.pictures]
        if layout in ("pages", "lines"):
            metadata, predictions = getattr(text, layout)(model, pictures, case.options, margins)
            return _entry(case, package, metadata, predictions)
        images = pictures if len(pictures) > 1 else pictures[0]
        options = _keywords(case.options)
        metadata = [_metadata(entry) for entry in _pre_process(model, layout, images, options)[1]]
        has_masks = layout.startswith(masks.PREFIX)
        if has_masks:
            predictions, repaired = masks.predictions(model, images, options), masks.mended(model, family, images, options)
        else:
            result = model(images, **options)
            predictions = getattr(maps, layout)(result) if layout in MAPS else _predictions(layout, result)
        outputs = model.forward(_pre_process(model, layout, images, options)[0])
        outputs = [output.numpy() for output in (outputs if isinstance(outputs, tuple) else [outputs])]
        setting = self._setting(family, package, case.options)
        for index, prediction in enumerate(predictions):
            raw = [output[index] for output in outputs]
            if layout in MAPS:
                maps.check(layout, raw, setting | {"metadata": metadata[index]}, result[index])
            elif has_masks:
                of_image = setting | {"metadata": metadata[index]}
                masks.check(margins, family, layout, raw, of_image, prediction, repaired and repaired[index])
            elif layout in ("label", "labels"):
                check_labels(margins, layout, prediction["confidence"], setting["thresholds"], prediction)
            else:
                if layout == "two":
                    raw = [raw[0][:, :4], raw[0][:, 4:]]
                check_boxes(margins, layout, raw, setting | {"metadata": metadata[index]}, prediction)
        if case.name == "nothing found" and layout not in ("label", "depths"):
            if any(_finds_something(entry) for entry in predictions):
                raise TooClose("something was found")
        entry = _entry(case, package, metadata, predictions)
        if has_masks and repaired:
            entry["mended"] = [_rounded(prediction) for prediction in repaired]
        return entry

    def _setting(self, family: str, package: str, options: dict) -> dict:
        """The thresholds and class ids of a package as its files say them."""
        folder = self._packages / package
        file = folder / "class_names.txt"
        names = file.read_text().split("\n")[:-1] if file.exists() else []
        config = json.loads((folder / "inference_config.json").read_text())
        removed = {operation["class_name"] for operation in config.get("class_names_operations", [])}
        left = [number for number, name in enumerate(names) if name not in removed]
        confidence = options.get("confidence", DEFAULT_CONFIDENCE.get(family, 0.4))
        thresholds = np.full(len(left), 0.0 if confidence == "best" else confidence)
        otherwise = confidence
        if confidence == "best":
            recommended = json.loads((folder / "model_config.json").read_text())["recommended_parameters"]
            by_name, otherwise = recommended["per_class_confidence"], recommended["confidence"]
            thresholds = np.array([by_name.get(names[number], recommended["confidence"]) for number in left])
        new_ids = {old: new for new, old in enumerate(left)}
        setting = {
            "names": names,
            "thresholds": thresholds,
            "otherwise": otherwise,
            "by_class": confidence == "best",
            "new_ids": new_ids,
            "options": options,
            "limits_rows": family == "yolov10",
        }
        return setting | _points_setting(folder, family, new_ids, options)


def _points_setting(folder: Path, family: str, new_ids: dict, options: dict) -> dict:
    """How many key points each class has that remains, and the threshold of their confidence."""
    file = folder / "keypoints_metadata.json"
    if not file.exists():
        return {}
    described = {new_ids[entry["object_class_id"]]: len(entry["keypoints"]) for entry in json.loads(file.read_text())}
    threshold = options.get("key_points_threshold", DEFAULT_KEY_POINTS_THRESHOLD.get(family, 0.0))
    return {"points": [described[number] for number in range(len(new_ids))], "points_threshold": threshold}


def _finds_something(prediction: dict) -> bool:
    # A map of one class is one of the background.
    return bool(prediction.get("class_id") or prediction.get("class_ids") or len(prediction.get("pixels", ())) > 1)


def _entry(case: Case, package: str, metadata: list[dict], predictions: list[dict]) -> dict:
    return {
        "name": case.name,
        "package": package,
        "pictures": case.pictures,
        "options": case.options,
        "metadata": metadata,
        "predictions": [_rounded(prediction) for prediction in predictions],
    }


def _keywords(options: dict) -> dict:
    keywords = dict(options)
    if "pre_processing_overrides" in keywords:
        keywords["pre_processing_overrides"] = PreProcessingOverrides(**keywords["pre_processing_overrides"])
    if isinstance(keywords.get("image_size"), list):
        keywords["image_size"] = tuple(keywords["image_size"])
    return keywords


def _pre_process(model, layout: str, images, options: dict):
    if layout not in ("label", "labels"):
        return model.pre_process(images, **options)
    # Classifiers drop the metadata; this is the call that they make.
    config = model._inference_config
    steps = {name: options[name] for name in ("input_color_format", "pre_processing_overrides") if name in options}
    return pre_process_network_input(
        images, config.image_pre_processing, config.network_input, torch.device("cpu"), **steps
    )


def _metadata(entry) -> dict:
    """Sizes are [height, width]; the offset is [x, y, width, height]."""
    fields = entry._asdict()
    for name in ("original_size", "size_after_pre_processing", "inference_size", "nonsquare_intermediate_size"):
        fields[name] = fields[name] and [fields[name].height, fields[name].width]
    fields["static_crop_offset"] = list(fields["static_crop_offset"])
    return fields


def _predictions(layout: str, result) -> list[dict]:
    if layout == "label":
        rows = zip(result.class_id.tolist(), result.confidence.numpy())
        return [{"class_id": number, "confidence": scores} for number, scores in rows]
    if layout == "labels":
        return [{"class_ids": entry.class_ids.tolist(), "confidence": entry.confidence.numpy()} for entry in result]
    points, found = result if isinstance(result, tuple) else ([], result)
    predictions = [
        {"xyxy": entry.xyxy.tolist(), "class_id": entry.class_id.tolist(), "confidence": entry.confidence.numpy()}
        for entry in found
    ]
    for prediction, entry in zip(predictions, points):
        prediction |= {"key_points": entry.xy.tolist(), "key_points_confidence": entry.confidence.numpy()}
        if entry.covariance is not None:
            prediction["covariance"] = entry.covariance.numpy()
    return predictions


def _rounded(prediction: dict) -> dict:
    numbers = ("confidence", "depth", "key_points_confidence", "covariance")
    return prediction | {name: _digits(prediction[name]) for name in numbers if name in prediction}


def _digits(values) -> list:
    """NaN, which JSON has no word for, as None."""
    return [
        _digits(value) if np.ndim(value) > 0 else None if np.isnan(value) else float(f"{value:.7g}")
        for value in values
    ]


def _fnv1a(content: bytes) -> int:
    value = 0xCBF29CE484222325
    for byte in content:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def _write(path: Path, content: dict) -> None:
    """One line per case, so that a difference names its case."""
    heads = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in content.items() if key != "cases"]
    cases = ",\n".join(json.dumps(case, separators=(",", ":"), ensure_ascii=False) for case in content["cases"])
    path.write_text("{" + ",\n".join(heads) + ',\n"cases": [\n' + cases + "\n]}\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("families", nargs="*", help="default: all, and the tensors")
    parser.add_argument("--data", type=Path, default=ROOT / "build" / "data", help="default: build/data")
    parser.add_argument("--output", type=Path, default=ROOT / "tests" / "models" / "expected")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    oracle = Oracle(arguments.data)
    everything = Margins()
    try:
        for name in arguments.families or FAMILIES:
            margins = Margins()
            _write(arguments.output / f"{name}.json", oracle.family(name, margins))
            for kind, value in margins.least.items():
                everything.add(kind, value)
    except TooClose as error:
        print(f"oracle: {error}", file=sys.stderr)
        return 1
    if not arguments.families:
        _write(arguments.output / "preprocess.json", oracle.tensors())
    least = (f"{kind} {everything.least[kind]:.2g} (limit {limit})" for kind, limit in LIMITS.items())
    print("oracle: least margins:", ", ".join(least))
    return 0


if __name__ == "__main__":
    sys.exit(main())
