"""mypy --strict finds nothing in the package, its stub and the examples, for the oldest and the newest Python."""

import os
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

import replayrt

REPOSITORY = Path(__file__).parents[2]
PACKAGE = Path(replayrt.__file__).parent


def mypy(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Runs mypy with the settings of pyproject.toml, on the package that this test imports."""
    command = [sys.executable, "-m", "mypy", "--config-file", REPOSITORY / "pyproject.toml", *arguments]
    environment = {**os.environ, "MYPYPATH": str(PACKAGE.parent), "MYPY_CACHE_DIR": str(PACKAGE.parent / ".mypy_cache")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_the_stub_is_there() -> None:
    stub = (PACKAGE / "_core.pyi").read_text()
    assert "class TRTCudaGraphCache" in stub
    assert (PACKAGE / "py.typed").exists()


@pytest.mark.parametrize("version", ["3.10", "3.13"])
def test_the_package_and_the_stub_are_clean(version: str) -> None:
    result = mypy("--python-version", version, "-p", "replayrt")
    assert result.returncode == 0, result.stdout + result.stderr
    checked = re.search(r"no issues found in (\d+) source files", result.stdout)
    assert checked is not None and int(checked[1]) >= len([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.pyi")])


@pytest.mark.parametrize("script", sorted((REPOSITORY / "examples/python").glob("*.py")), ids=lambda path: path.name)
def test_examples_are_clean(script: Path) -> None:
    result = mypy(script)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_wrong_call_is_found(tmp_path: Path) -> None:
    # The stub's types reach the caller: neither the package nor the extension is seen as `Any`.
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from replayrt import TRTCudaGraphCache\n\nTRTCudaGraphCache(capacity='many')\n")
    result = mypy(wrong)
    assert result.returncode == 1 and 'incompatible type "str"' in result.stdout, result.stdout + result.stderr


def test_all_public_names_may_be_imported_where_checks_are_strict(tmp_path: Path) -> None:
    script = tmp_path / "names.py"
    script.write_text(f"from replayrt import {', '.join(replayrt.__all__)}\n")
    result = mypy("--strict", script)
    assert result.returncode == 0, result.stdout + result.stderr
    unlisted = {
        name
        for name, value in vars(replayrt).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType) and name not in replayrt.__all__
    }
    assert unlisted == set()
