"""What docs/python.md and README.md say of the package holds: their examples run, their tables are complete."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import PIL.Image
import pytest
from conftest import PACKAGES, SECONDS, TRIVIAL

import replayrt
from replayrt import errors

REPOSITORY = Path(__file__).parents[2]
GUIDE = REPOSITORY / "docs/python.md"
README = REPOSITORY / "README.md"
ANY_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
FENCE = re.compile(r"^```python ?(?P<mark>\w*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Block:
    """A block of Python on a page. `code` begins with as many empty lines as there are before it on the page."""

    page: Path
    section: str
    mark: str  # "gpu" if it needs one
    code: str

    @property
    def place(self) -> str:
        return f"{self.page.name}: {self.section}"


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text()
    blocks = []
    for found in FENCE.finditer(text):
        before = text[: found.start("code")]
        section = re.findall(r"^##? (.+)$", ANY_FENCE.sub("", before), re.MULTILINE)[-1]
        blocks.append(Block(page, section, found["mark"], "\n" * before.count("\n") + found["code"]))
    return blocks


def sections() -> dict[str, str]:
    """The code of each section, its blocks in their order at their lines; without what needs a GPU."""
    codes: dict[str, str] = {}
    for block in BLOCKS:
        if block.mark == "":
            code = codes.get(block.place, "")
            codes[block.place] = code + block.code[code.count("\n") :]
    return codes


BLOCKS = [*blocks_of(GUIDE), *blocks_of(README)]
SECTIONS = sections()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the examples run: with the files that docs/python.md names."""
    for name, package in [("package", "yolov8-letterbox"), ("classifier", "resnet-stretch")]:
        shutil.copytree(PACKAGES / package, tmp_path / name)
    shutil.copy(TRIVIAL, tmp_path / "model.onnx")
    PIL.Image.open(PACKAGES / "pictures/coffee_120x160.png").convert("RGB").save(tmp_path / "street.jpg")
    return tmp_path


def test_the_pages_have_examples_of_both_kinds() -> None:
    assert {block.mark for block in BLOCKS} == {"", "gpu"}
    assert {block.page for block in BLOCKS} == {GUIDE, README}


@pytest.mark.parametrize("place", SECTIONS)
def test_examples_run(place: str, folder: Path) -> None:
    # In a process of its own, as a reader would try it; the lines of a traceback are those of the page.
    (folder / "example.py").write_text(SECTIONS[place])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ENABLE_AUTO_")}
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", "example.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.mark.parametrize("block", [of for of in BLOCKS if of.mark == "gpu"], ids=lambda of: of.place)
def test_examples_for_gpus_are_python_and_use_what_there_is(block: Block) -> None:
    compile(block.code, block.page.name, "exec")
    names = re.findall(r"\breplayrt\.(\w+)", block.code)
    assert names and all(name in replayrt.__all__ for name in names)


def rows_of(heading: str) -> list[list[str]]:
    """The cells of the table of docs/python.md whose header begins with `heading`, without the header."""
    lines = GUIDE.read_text().splitlines()
    (start,) = (i for i, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def test_the_table_of_errors_is_that_of_the_package() -> None:
    shown = {re.sub(r"[`(].*", "", row[0].lstrip("`")): row[1].strip("`") for row in rows_of("class | `code`")}
    assert shown == {of.__name__: code for code, of in errors.CLASS_BY_CODE.items()}


def test_the_table_of_options_is_that_of_the_package() -> None:
    def text(value: object) -> str:
        return f'"{value}"' if isinstance(value, str) else str(value)

    shown = {row[0].strip("`"): row[1] for row in rows_of("`GraphCacheOptions`")}
    fields = dataclasses.fields(replayrt.GraphCacheOptions)
    assert shown == {field.name: text(field.default) for field in fields}


def test_the_table_of_results_names_every_field() -> None:
    shown = {row[0].strip("`"): " ".join(row) for row in rows_of("class | of tasks")}
    inherited = {field.name for field in dataclasses.fields(replayrt.Detections)}
    for name, row in shown.items():
        fields = {field.name for field in dataclasses.fields(getattr(replayrt, name))}
        own = fields - inherited if name in ("InstanceDetections", "KeyPointDetections") else fields
        assert all(f"`{field}`" in row for field in own - {"class_names", "image_size"}), name
    assert {name for name in replayrt.results.__all__ if name != "RleMask"} == set(shown)


def test_the_table_of_the_cache_names_every_call() -> None:
    shown = " ".join(row[0] for row in rows_of("call"))
    calls = [name for name in dir(replayrt.TRTCudaGraphCache) if not name.startswith("_") and name != "report_json"]
    assert [name for name in calls if not re.search(rf"\b{name}\b", shown)] == []


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", ANY_FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [GUIDE, README], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = ANY_FENCE.sub("", page.read_text())
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text):
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), f"{target}#{anchor}"
