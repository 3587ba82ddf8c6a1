"""tools/parity.py: what it finds wrong, on made results and on those of this repository; docs/families.md."""

import json
import os
import re
from pathlib import Path

import pytest

from conftest import REPOSITORY  # Also finds the tools.
import family_tables
import parity

PROGRAMS = Path(os.environ["REPLAYRT_PROGRAM"]).parent

FAMILY = {
    "architecture": "yolov8",
    "task": "instance-segmentation",
    "weights": {"openvino": "weights.onnx", "tensorrt": "engine.plan"},
    "post_processing": "nms",
    "may_be_fused": True,
    "features": ["nms_fused"],
    "tested_against": "some reference 1.2",
}
DEPTH = FAMILY | {"task": "depth-estimation", "post_processing": None, "may_be_fused": False, "features": []}
NOTHING = dict.fromkeys((*family_tables.COUNTS, *family_tables.WORST), 0) | {"mask_iou": 1.0}
MASKS = NOTHING | {
    "expected": "masks", "architecture": "yolov8", "task": "instance-segmentation", "cases": 3, "objects": 10,
    "coordinates": 40, "score": 1e-6, "masks": 10,
}  # fmt: skip
MAPS = NOTHING | {"expected": "maps", "architecture": "yolov8", "task": "depth-estimation", "cases": 4, "maps": 5,
                  "map_number": 1.5e-5}  # fmt: skip
ROWS = [row | {"way": way} for row in (MASKS, MASKS | {"expected": "more", "cases": 1}, MAPS) for way in parity.WAYS]
ROWS[1] |= {"coordinates_off": 2, "coordinate_px": 1, "masks_off": 1, "mask_px": 7, "mask_iou": 0.99876, "score": 2.5e-5}
RESULT = {"families": [FAMILY, DEPTH], "rows": ROWS, "reference_versions": {"some reference": "1.2"}}
ANSWERS = {
    name: {"reference": "some reference 1.2", "cases": [{"predictions": []}] * count}
    for name, count in (("masks", 3), ("more", 1), ("maps", 4))
}


def problems(registry=(FAMILY, DEPTH), answers=None, **changed) -> str:
    return "; ".join(parity.problems_of(list(registry), ANSWERS if answers is None else answers, RESULT | changed))


def test_a_result_of_these_families_and_cases_is_right():
    assert problems() == ""


def test_a_family_that_was_not_compared_is_missing():
    new = FAMILY | {"architecture": "yolov99"}
    text = problems((FAMILY, DEPTH, new))
    assert "yolov99, instance-segmentation was compared in 0 cases: expected at least 4" in text
    assert "yolov99, instance-segmentation of the registry is missing" in text


def test_a_family_that_is_gone_or_has_changed_is_named():
    assert "yolov8, depth-estimation is not in the registry" in problems([FAMILY])
    assert "'may_be_fused': False" in problems((FAMILY | {"may_be_fused": False}, DEPTH))
    assert "another order" in problems((DEPTH, FAMILY))


def test_three_cases_are_too_few():
    rows = [row for row in ROWS if row["expected"] != "more"]
    answers = {name: ANSWERS[name] for name in ("masks", "maps")}
    text = problems(answers=answers, rows=rows)
    assert text == "yolov8, instance-segmentation was compared in 3 cases: expected at least 4"


def test_every_file_of_cases_is_compared_whole_and_in_every_way():
    assert "compared in the ways ()" in problems(rows=[row for row in ROWS if row["expected"] != "maps"])
    assert "compared in the ways ('default', 'unfused')" in problems(rows=ROWS[:-1])
    more = ANSWERS | {"more": {"reference": "some reference 1.2", "cases": [{"predictions": []}] * 2}}
    assert problems(answers=more) == "more.json has 2 cases, 1 were compared"
    assert problems(answers={name: ANSWERS[name] for name in ("masks", "more")}) == "tests/models/expected has no maps.json"


def test_the_version_of_the_reference_is_that_of_the_answers():
    other = {name: file | {"reference": "some reference 1.3"} for name, file in ANSWERS.items()}
    assert "{'some reference': '1.3'}, not of {'some reference': '1.2'}" in problems(answers=other)


def test_the_registry_names_the_reference_of_the_answers():
    families = [FAMILY, DEPTH | {"tested_against": "some reference 1.1"}]
    text = problems(families, families=families)
    assert text == "yolov8, depth-estimation was compared with {'some reference': '1.2'}, the registry says 'some reference 1.1'"


def test_what_the_tests_record_are_the_rows():
    recorded = {name: str(value) for name, value in ROWS[1].items()} | {"name": "x", "status": "RUN", "time": "1s"}
    assert parity.rows_of({"testsuites": [{"testsuite": [recorded]}]}) == [ROWS[1]]


def test_tables_show_the_worst_of_all_ways():
    families = family_tables.families(RESULT).splitlines()[2:]
    assert families == [
        "| `yolov8` | `instance-segmentation` | openvino `weights.onnx`, tensorrt `engine.plan` | `nms` | `nms_fused` | "
        "some reference 1.2 | 4 | 60 | boxes 1 px, masks 7 px (IoU 0.9987), scores 2.5e-05 |",
        "| `yolov8` | `depth-estimation` | openvino `weights.onnx`, tensorrt `engine.plan` |  |  | "
        "some reference 1.2 | 4 | 15 | depths 1.5e-05 |",
    ]
    masks, more, maps = family_tables.parity(RESULT).splitlines()[2:]
    assert "| 3 | 120 (2) | 1 px | 2.5e-05 | 30 (1) | 7 px, 0.9987 |" in masks
    assert "| 1 | 120 (0) | 0 px | 1.0e-06 | 30 (0) | 0 px, 1.0000 |" in more
    assert "| `maps` | `yolov8`, depth-estimation | 4 |" in maps and maps.endswith("| 1.5e-05 |")


def test_a_deviation_is_never_rounded_to_none():
    assert family_tables.iou_text(0.99999) == "0.9999"
    assert family_tables.iou_text(1.0) == "1.0000"


def test_a_family_that_refuses_fused_networks_says_so():
    refuses = RESULT | {"families": [FAMILY | {"may_be_fused": False}]}
    assert "| `nms`, not fused |" in family_tables.families(refuses)


@pytest.fixture
def changed_result(tmp_path, monkeypatch):
    """The result of this repository with something changed."""

    def change(edit) -> None:
        result = json.loads(parity.RESULT.read_text())
        edit(result)
        path = tmp_path / "parity.json"
        path.write_text(json.dumps(result))
        monkeypatch.setattr(parity, "RESULT", path)

    return change


def check() -> int:
    return parity.main(["--check", "--programs", str(PROGRAMS)])


def test_the_result_of_this_repository_is_of_its_registry_and_cases():
    assert check() == 0


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda result: result["families"].pop(0), "of the registry is missing"),
        (lambda result: result["families"][0].update(tested_against="nothing"), "in the registry, not"),
        (lambda result: result["rows"].pop(), "was compared in the ways"),
        (lambda result: [row.update(cases=5) for row in result["rows"][:3]], "5 were compared"),
    ],
)
def test_a_result_of_another_registry_or_of_other_cases_is_refused(changed_result, capsys, edit, complaint):
    changed_result(edit)
    assert check() == 1
    assert complaint in capsys.readouterr().err


def families_in(page: str, heading: str) -> list[tuple[str, str]]:
    """The first two columns of the first table under a heading."""
    lines = page.split(f"{heading}\n")[1].split("\n## ")[0].splitlines()
    return [match.groups() for line in lines if (match := re.match(r"\| `([\w-]+)` \| `([\w-]+)` \|", line))]


def test_the_page_says_of_every_family_what_its_network_gives():
    page = (REPOSITORY / "docs/families.md").read_text()
    listed = [family_tables.family_of(family) for family in parity.listed_families(PROGRAMS / "replayrt")]
    assert families_in(page, "## What the networks give") == listed
    assert families_in(page, "# Families") == listed


def test_a_family_without_a_row_is_seen():
    page = "# Families\n## What the networks give\n| `a` | `b` | x |\n## More\n| `c` | `d` | x |\n"
    assert families_in(page, "## What the networks give") == [("a", "b")]

