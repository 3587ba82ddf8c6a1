"""JSON files that are whole or not there, and what identifies the sources."""

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import facts

ROOT = facts.ROOT
# What is built, run or measured: a change of anything else leaves the results true.
MEASURED = ("CMakeLists.txt", "cmake", "include", "src", "cli", "benchmarks", "tests")
NOT_MEASURED = ("benchmarks/results/", "tests/tools/")


def write_text(path: Path, text: str) -> None:
    """By rename, so that a run that is killed leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def write_json(path: Path, content: dict) -> None:
    write_text(path, json.dumps(content, indent=2) + "\n")


def read_json(path: Path) -> dict:
    """Empty where there is none, or none that can be read."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Sources:
    """`digest` is of the measured files themselves: it also tells apart what has no commit yet."""

    commit: str
    dirty: bool
    digest: str

    @staticmethod
    def read(commit: str | None) -> "Sources":
        """`commit` names it where the sources were copied without their history, or with another's."""
        if commit is not None:
            return Sources(commit, False, _digest())
        known = facts.git("rev-parse", "HEAD")
        excluded = [f":!{path}" for path in ("*.md", *NOT_MEASURED)]
        dirty = known is not None and facts.git("status", "--porcelain", "--", ".", *excluded) != ""
        return Sources(known or "unknown", dirty, _digest())


def _digest() -> str:
    total = hashlib.sha256()
    for top in MEASURED:
        path = ROOT / top
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            name = file.relative_to(ROOT).as_posix()
            if file.is_file() and not name.startswith(NOT_MEASURED) and "__pycache__" not in name:
                total.update(f"{name}\0{digest_of(file)}\n".encode())
    return total.hexdigest()
