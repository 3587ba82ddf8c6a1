"""replayrt.errors: the classes, their codes and names."""

import copy
import os
import pickle

import pytest

import replayrt
from replayrt import errors
from replayrt.errors import CLASS_BY_CODE, Error

CODES = {
    "invalid_parameter": "InvalidParameterError",
    "model_input": "ModelInputError",
    "model_runtime": "ModelRuntimeError",
    "corrupted_model": "CorruptedModelPackageError",
    "unsupported": "UnsupportedError",
    "missing_dependency": "MissingDependencyError",
    "invalid_env_variable": "InvalidEnvVariable",
    "file_access": "FileAccessError",
    "out_of_memory": "OutOfMemoryError",
    "model_package_restricted": "ModelPackageRestrictedError",
    "model_implementation_not_found": "ModelImplementationNotFoundError",
    "forbidden_local_code": "ForbiddenLocalCodePackageAccessError",
    "direct_local_storage_access": "DirectLocalStorageAccessError",
    "missing_model_init_parameter": "MissingModelInitParameterError",
    "invalid_model_init_parameter": "InvalidModelInitParameterError",
}


def test_every_code_has_its_class():
    assert {code: of.__name__ for code, of in CLASS_BY_CODE.items()} == CODES
    assert all(getattr(errors, name).default_code == code for code, name in CODES.items())


def test_the_codes_are_those_of_the_library():
    source = os.path.join(os.path.dirname(__file__), "..", "..", "src", "core", "error.cpp")
    with open(source, encoding="utf-8") as file:
        told = [line.split('"')[1] for line in file if 'return "' in line]
    assert [*CLASS_BY_CODE, Error.default_code] == told


@pytest.mark.parametrize("of", [Error, errors.ModelLoadingError, *CLASS_BY_CODE.values()])
def test_message_and_code(of):
    error = of("x.onnx: is empty")
    assert isinstance(error, Error)
    assert (str(error), error.code) == ("x.onnx: is empty", of.default_code)
    assert of("text", "of_its_own").code == "of_its_own"
    assert of.__doc__


@pytest.mark.parametrize("of", [Error, *CLASS_BY_CODE.values()])
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_copies_are_the_same(of, duplicate):
    error = of("text", "of_its_own")
    again = duplicate(error)
    assert (type(again), str(again), again.code) == (of, "text", "of_its_own")


def test_what_python_would_raise_catches_them_too():
    assert issubclass(errors.InvalidParameterError, ValueError)
    assert issubclass(errors.ModelInputError, ValueError)
    assert issubclass(errors.ModelRuntimeError, RuntimeError)


def test_the_references_names():
    assert errors.BaseInferenceError is errors.BaseInferenceModelsError is Error
    of_loading = {of.__name__ for of in CLASS_BY_CODE.values() if issubclass(of, errors.ModelLoadingError)}
    assert of_loading == {
        *("CorruptedModelPackageError", "ModelPackageRestrictedError", "ModelImplementationNotFoundError"),
        *("ForbiddenLocalCodePackageAccessError", "DirectLocalStorageAccessError"),
        *("MissingModelInitParameterError", "InvalidModelInitParameterError"),
    }


def test_the_library_raises_them():
    with pytest.raises(errors.InvalidParameterError) as raised:
        replayrt.TRTCudaGraphCache(capacity=-1)
    assert raised.value.code == "invalid_parameter" and "capacity" in str(raised.value)
    with pytest.raises(errors.FileAccessError, match="missing.onnx") as raised:
        replayrt.load_engine("missing.onnx")
    assert raised.value.code == "file_access"
