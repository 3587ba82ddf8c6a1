"""Atomic writes into the data folder, and where the wheels keep what is copied."""

import importlib.util
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DataError(Exception):
    """Something needed is missing or not as expected; the message says what to do."""


class Folder:
    """Writes files below one folder by rename, and remembers their names."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.written: list[str] = []

    def path(self, name: str) -> Path:
        return self.root / name

    def write_bytes(self, name: str, content: bytes) -> None:
        with self.writing(name) as path:
            path.write_bytes(content)

    def write_text(self, name: str, content: str) -> None:
        self.write_bytes(name, content.encode())

    def write_npy(self, name: str, array) -> None:
        import numpy as np

        buffer = io.BytesIO()
        np.save(buffer, array)
        self.write_bytes(name, buffer.getvalue())

    @contextmanager
    def writing(self, *names: str) -> Iterator[Path]:
        """Gives a temporary path for the first name; the others are its siblings made by the same writer."""
        target = self.path(names[0])
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".tmp-", dir=target.parent) as temporary:
            yield Path(temporary) / target.name
            for name in names:
                os.replace(Path(temporary) / Path(name).name, self.path(name))
                self.written.append(name)


def wheel_file(package: str, *parts: str) -> Path:
    """The path of a file that an installed wheel carries."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"the Python package '{package}' is not installed here; run `make setup`")
    path = Path(spec.submodule_search_locations[0]).joinpath(*parts)
    if not path.is_file():
        raise DataError(f"{path} is missing: the installed '{package}' is not the one of tools/requirements.txt")
    return path
