"""The command line in a process of its own, for `bench` and `doctor`: arguments, messages, records."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import site
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Union

from .errors import CLASS_BY_CODE, FileAccessError, InvalidParameterError, ModelRuntimeError, UnsupportedError

Shape = Union[str, Sequence[int], Mapping[str, Sequence[int]]]
"""One call's shapes: "1x3x48x320" or (1, 3, 48, 320) for a model with one input, {"a": (1, 8), "b": (2,)} for more."""

StrPath = Union[str, "os.PathLike[str]"]

_CHILD = """
import sys
from replayrt._core import run_program
code, error = run_program(sys.argv[1:])
print(error, file=sys.stderr)
sys.exit(code)
"""
_ERROR = "replayrt: error: "


def measure(command: str, model: StrPath, flags: Mapping[str, object]) -> Any:
    """Runs `replayrt COMMAND MODEL` with `flags` (None and False: left out) and gives the JSON
    that it writes.

    Raises the error of the program's kind with its message, ModelRuntimeError if the process was ended from outside.
    Warnings go to the logger "replayrt".
    """
    path = os.fspath(model)
    arguments = [os.path.join(".", path) if path.startswith("-") else path]
    for name, value in flags.items():
        arguments += _flag(name, value)
    with tempfile.TemporaryDirectory(prefix="replayrt-") as folder:
        report = os.path.join(folder, "report.json")
        _run([command, *arguments, f"--json={report}"])
        return load_record(report)


def load_record(path: StrPath) -> Any:
    """Reads JSON. Raises FileAccessError, InvalidParameterError."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise FileAccessError(f"{os.fspath(path)}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InvalidParameterError(f"{os.fspath(path)}: is no JSON: {error}") from error


def save_record(record: Mapping[str, Any], path: StrPath) -> None:
    """Writes JSON, whole or not at all. Raises FileAccessError."""
    target = os.path.realpath(path)  # A link stays a link.
    temporary = f"{target}.{os.getpid()}.{threading.get_ident()}.tmp"
    try:
        try:
            Path(temporary).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise FileAccessError(f"{os.fspath(path)}: cannot be written: {error.strerror}") from error


def require_members(record: object, members: Sequence[str], command: str) -> None:
    """Raises InvalidParameterError unless `record` is a dict that has them all."""
    missing = [name for name in members if not isinstance(record, dict) or name not in record]
    if missing:
        raise InvalidParameterError(f"record: expected the JSON of `replayrt {command}`, it has no {missing[0]!r}")


def shapes_text(shapes: str | Sequence[Shape]) -> str:
    """`shapes` as the command line takes them. Raises InvalidParameterError."""
    if isinstance(shapes, str):
        return shapes
    if isinstance(shapes, Mapping) or any(isinstance(shape, int) for shape in shapes):
        raise InvalidParameterError(f"shapes: expected a list with a shape for each call, got {shapes!r}")
    return ",".join(map(_shape_text, shapes))


def _shape_text(shape: Shape) -> str:
    if isinstance(shape, str):
        return shape
    if isinstance(shape, Mapping):
        return ";".join(f"{name}:{_shape_text(lengths)}" for name, lengths in shape.items())
    return "x".join(map(str, shape))


def _flag(name: str, value: object) -> list[str]:
    if value is None or value is False:
        return []
    if value is True and name == "cold":  # The only one without a value.
        return [f"--{name}"]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [f"--{name}={item}" for item in value]
    return [f"--{name}={value}"]


def _run(arguments: Sequence[str]) -> None:
    command = arguments[0]
    if not sys.executable:
        raise UnsupportedError(f"{command} needs a Python to run in: sys.executable is not set")
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, "replayrt", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=_environment(),
    )
    lines = done.stderr.decode(errors="backslashreplace").splitlines()
    if done.returncode == 0:
        for line in lines[:-1]:
            logging.getLogger("replayrt").warning("%s: %s", command, line)
        return
    messages = [line[len(_ERROR) :] for line in lines if line.startswith(_ERROR)]
    if done.returncode < 0 or not messages:
        how = f"was ended by signal {-done.returncode}" if done.returncode < 0 else f"ended with {done.returncode}"
        raise ModelRuntimeError("\n".join([f"the process of the {command} {how}", *lines[-5:]]))
    raise CLASS_BY_CODE.get(lines[-1], InvalidParameterError)(messages[-1])


def _environment() -> dict[str, str]:
    """The caller's, in which this very package is found: neither another one nor a folder of that name nearby."""
    environment = dict(os.environ, PYTHONSAFEPATH="1")
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if home not in [*site.getsitepackages(), site.getusersitepackages()]:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
    return environment
