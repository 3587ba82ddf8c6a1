"""What onnxruntime answers for the classifiers on seeded inputs at several batch sizes."""

import onnxruntime as ort

from .classifier_inputs import seeded_input
from .classifiers import CLASSIFIERS
from .files import Folder

BATCHES = (1, 2, 3)


def make(folder: Folder) -> None:
    for name in CLASSIFIERS:
        session = ort.InferenceSession(folder.path(f"models/{name}.onnx"), providers=["CPUExecutionProvider"])
        for batch in BATCHES:
            data = seeded_input(100, batch)
            (output,) = session.run(None, {session.get_inputs()[0].name: data})
            folder.write_npy(f"expected/{name}_b{batch}_input.npy", data)
            folder.write_npy(f"expected/{name}_b{batch}_output.npy", output)
