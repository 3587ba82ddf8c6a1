"""What ReplayRT raises: one class for each kind of problem, all of them `Error`s."""

from __future__ import annotations

from typing import ClassVar


class Error(Exception):
    """Base of all that ReplayRT raises. `code` names the kind of problem, such as "model_input"."""

    default_code: ClassVar[str] = "unknown"

    def __init__(self, message: str, code: str | None = None) -> None:
        """`str(error)` is the message; without a `code` it is that of the class."""
        super().__init__(message)
        self.code = self.default_code if code is None else code


class InvalidParameterError(Error, ValueError):
    """An argument or option is out of its range."""

    default_code = "invalid_parameter"


class ModelInputError(Error, ValueError):
    """A tensor or picture does not fit the model: count, dtype, shape, memory layout."""

    default_code = "model_input"


class ModelRuntimeError(Error, RuntimeError):
    """The model failed while it ran."""

    default_code = "model_runtime"


class UnsupportedError(Error):
    """A valid request that this backend or build cannot serve."""

    default_code = "unsupported"


class MissingDependencyError(Error):
    """A library, driver, backend or Python package is absent; the message says how to get it."""

    default_code = "missing_dependency"


class InvalidEnvVariable(Error):
    """An environment variable has no valid value."""

    default_code = "invalid_env_variable"


class FileAccessError(Error):
    """A file cannot be opened, read or written."""

    default_code = "file_access"


class OutOfMemoryError(Error):
    """Memory of the host or the device is exhausted."""

    default_code = "out_of_memory"


class ModelLoadingError(Error):
    """Base of all that only loading a model raises."""


class CorruptedModelPackageError(ModelLoadingError):
    """A file of a model or of its package cannot be read as what it should be."""

    default_code = "corrupted_model"


class ModelPackageRestrictedError(ModelLoadingError):
    """A limit that the caller has set forbids the package."""

    default_code = "model_package_restricted"


class ModelImplementationNotFoundError(ModelLoadingError):
    """No family of models knows what the package holds."""

    default_code = "model_implementation_not_found"


class ForbiddenLocalCodePackageAccessError(ModelLoadingError):
    """The package wants its own code run, which ReplayRT never does."""

    default_code = "forbidden_local_code"


class DirectLocalStorageAccessError(ModelLoadingError):
    """A local path was given where the caller allows none."""

    default_code = "direct_local_storage_access"


class MissingModelInitParameterError(ModelLoadingError):
    """Loading needs to be told something that it was not."""

    default_code = "missing_model_init_parameter"


class InvalidModelInitParameterError(ModelLoadingError):
    """Loading was told something that cannot be."""

    default_code = "invalid_model_init_parameter"


# The base as the reference calls it, and as its documentation does.
BaseInferenceModelsError = Error
BaseInferenceError = Error

CLASS_BY_CODE: dict[str, type[Error]] = {
    of.default_code: of
    for of in (
        InvalidParameterError,
        ModelInputError,
        ModelRuntimeError,
        CorruptedModelPackageError,
        UnsupportedError,
        MissingDependencyError,
        InvalidEnvVariable,
        FileAccessError,
        OutOfMemoryError,
        ModelPackageRestrictedError,
        ModelImplementationNotFoundError,
        ForbiddenLocalCodePackageAccessError,
        DirectLocalStorageAccessError,
        MissingModelInitParameterError,
        InvalidModelInitParameterError,
    )
}
"""The class for each code of the C++ library. `Error` itself stands for a code that is not here."""
