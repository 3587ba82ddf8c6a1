"""tools/write_tables.py on pages and results of its own, and on those of this repository."""

import json
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tools"))

import write_tables  # noqa: E402

ROUTES = {
    "benchmark": "routes",
    "command": "tools/bench.sh routes",
    "date": "2026-01-02T03:04:05+00:00",
    "commit": "0123456789abcdef",
    "dirty": False,
    "machine": {"cpu": "Some CPU", "cores": 2, "load_average": 0.1},
    "threads": 2,
    "precision": "f32",
    "versions": {"replayrt": "0.1.0", "openvino": "1.2", "onnxruntime": "3.4", "rapidocr": "5.6"},
    "rows": [
        {
            "model": "ppocrv6_rec",
            "fuse": "argmax:y:2",
            "shapes": 4,
            "calls_per_round": 9,
            "rounds": 5,
            "ratio_median": 0.87654,
            "modes": {
                "eager": {"ms_per_round": 250.0, "median_us": 1.0, "p99_us": 2.0},
                "replay": {"ms_per_round": 99.25, "median_us": 1.0, "p99_us": 2.0},
            },
            "capture_ms_median": 170.0,
            "bytes": 200_000_000,
            "max_abs_difference_to_eager": 2.5e-6,
        }
    ],
}
PAGE = "# Title\nbefore\n<!-- bench:routes begin -->\nold\n<!-- bench:routes end -->\nafter\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "docs").mkdir()
    results = tmp_path / "benchmarks/results"
    results.mkdir(parents=True)
    (results / "routes.json").write_text(json.dumps(ROUTES))
    (tmp_path / "README.md").write_text(PAGE)
    return tmp_path


def run(root: Path, *arguments: str) -> int:
    return write_tables.main(["--root", str(root), *arguments])


def test_fills_the_table_and_nothing_else(root):
    assert run(root) == 0
    text = (root / "README.md").read_text()
    assert text.startswith("# Title\nbefore\n<!-- bench:routes begin -->\n| model |")
    assert text.endswith("<!-- bench:routes end -->\nafter\n")
    assert "| PP-OCRv6 rec + argmax | 4 (9) | 250 ms | 99.2 ms | **0.877** | 170 ms | 50 MB | 2.5e-06 |" in text
    assert "2026-01-02, Some CPU, 2 cores" in text and "commit 012345678," in text and "OpenVINO 1.2" in text
    assert "old" not in text and "uncommitted" not in text


def test_says_when_the_sources_had_changes(root):
    (root / "benchmarks/results/routes.json").write_text(json.dumps(ROUTES | {"dirty": True}))
    run(root)
    assert "with uncommitted changes" in (root / "README.md").read_text()


def test_a_table_without_figures_is_empty_and_says_how_to_get_them(root, capsys):
    (root / "benchmarks/results/routes.json").unlink()
    assert run(root) == 0
    assert "<!-- bench:routes begin -->\n<!-- bench:routes end -->\n" in (root / "README.md").read_text()
    assert "tools/bench.sh routes" in capsys.readouterr().err
    assert run(root, "--check") == 0


def test_results_that_are_no_json_are_an_error(root, capsys):
    (root / "benchmarks/results/routes.json").write_text("{")
    assert run(root) == 1
    assert "routes.json is no JSON" in capsys.readouterr().err
    assert (root / "README.md").read_text() == PAGE


def test_writes_every_page_of_docs(root):
    (root / "docs/more.md").write_text(PAGE)
    run(root)
    assert "**0.877**" in (root / "docs/more.md").read_text()


def test_check_tells_a_stale_page_from_one_that_is_up_to_date(root, capsys):
    assert run(root, "--check") == 1
    assert "README.md" in capsys.readouterr().err
    assert (root / "README.md").read_text() == PAGE
    run(root)
    assert run(root, "--check") == 0
    changed = json.loads(json.dumps(ROUTES))
    changed["rows"][0]["ratio_median"] = 0.9
    (root / "benchmarks/results/routes.json").write_text(json.dumps(changed))
    assert run(root, "--check") == 1


def test_tables_of_the_proof_on_a_gpu_come_from_its_report(root, capsys):
    page = root / "docs/gpu.md"
    page.write_text("<!-- bench:gpu_plans begin -->\n<!-- bench:gpu_plans end -->\n")
    assert run(root) == 0
    assert "gpu_proof.json is missing: `tools/gpu_proof.sh` makes it" in capsys.readouterr().err
    plan = {"key": {"flags": ["--fp16"]}, "profiles": 1, "seconds": 45.2, "bytes": 3_000_000}
    record = {"date": "2026-01-02", "gpu": "Some GPU", "tensorrt": "8.5.3", "commit": "0123", "dirty": False, "status": "passed",
              "command": "tools/gpu_proof.sh", "results": {"squeezenet": plan}}  # fmt: skip
    proof = {"machine": {}, "status": {}, "steps": {"plans": record}}
    (root / "benchmarks/results/gpu_proof.json").write_text(json.dumps(proof))
    assert run(root) == 0
    assert "| squeezenet | --fp16 | 1 | 45 s | 3.0 MB |" in page.read_text()
    assert "Some GPU" in page.read_text()


def test_writing_twice_changes_nothing(root, capsys):
    run(root)
    capsys.readouterr()
    assert run(root) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        ("<!-- bench:nonsense begin -->\n<!-- bench:nonsense end -->\n", "no table 'nonsense'"),
        ("<!-- bench:routes begin -->\n", "no counterpart"),
        ("<!-- bench:routes end -->\n", "no counterpart"),
        ("<!-- bench:routes begin -->\n<!-- bench:cache_hit end -->\n", "no counterpart"),
    ],
)
def test_a_bad_marker_is_named_and_nothing_written(root, capsys, page, complaint):
    (root / "docs/bad.md").write_text(page)
    assert run(root) == 1
    assert complaint in capsys.readouterr().err
    assert (root / "README.md").read_text() == PAGE
    assert (root / "docs/bad.md").read_text() == page


def test_the_pages_of_this_repository_are_what_its_results_give():
    assert write_tables.main(["--check"]) == 0
