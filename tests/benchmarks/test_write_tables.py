"""tools/write_tables.py on pages and results of its own, and on those of this repository."""

import json
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tools"))

import family_tables  # noqa: E402
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


TIMES = {"calls": 160, "median_us": 70_000.0, "ratio_median": 0.7, "p99_us": 90_000.0, "ratio_p99": 0.75}
REFERENCE_TIMES = {"reference_median_us": 100_000.0, "reference_p99_us": 120_000.0, "goal": 0.7} | TIMES
AUTO_MODEL = ROUTES | {
    "benchmark": "auto_model",
    "precision": "f32 and bf16",
    "note": None,
    "reference_versions": {"inference-models": "0.39.6", "onnxruntime": "7.8", "torch": "9.1"},
    "rows": [
        {"what": "whole call", "precision": "f32", "picture": "coffee 400x600"} | REFERENCE_TIMES,
        {"what": "whole call", "precision": "f32", "picture": "all", "classes_in_common": 1.0} | REFERENCE_TIMES,
        {"what": "whole call", "precision": "bf16", "picture": "all", "classes_in_common": 0.9876} | REFERENCE_TIMES,
        {"what": "post_process", "precision": "f32", "picture": "all"} | REFERENCE_TIMES | {"median_us": 512.25},
    ],
}
AUTO_MODEL_TABLES = ("auto_model", "auto_model_pictures")
AUTO_MODEL_BATCHES = ROUTES | {
    "benchmark": "auto_model_batches",
    "rows": [
        {"kind": "captured", "batches": "1, 2, 3", "eager_median_us": 600_000.0, "eager_p99_us": 700_000.0} | TIMES,
        {"kind": "cold", "images": 1000, "calls": 500, "eager_s": 100.0, "cached_s": 98.04, "ratio_total": 0.9804,
         "replayed": 0.75, "captures": 3, "capture_s": 4.5},
    ],
}  # fmt: skip


def page_of(*tables: str) -> str:
    return "".join(f"<!-- bench:{name} begin -->\n<!-- bench:{name} end -->\n" for name in tables)


def table_of(text: str, name: str) -> str:
    return text.split(f"<!-- bench:{name} begin -->\n")[1].split(f"<!-- bench:{name} end -->")[0]


def test_auto_model_beside_the_reference(root):
    page = root / "docs/models.md"
    page.write_text(page_of(*AUTO_MODEL_TABLES))
    (root / "benchmarks/results/auto_model.json").write_text(json.dumps(AUTO_MODEL))
    assert run(root) == 0
    whole, pictures = (table_of(page.read_text(), name) for name in AUTO_MODEL_TABLES)
    assert "| whole call, f32 | 100 ms | 70.0 ms | **0.700** | 120 ms | 90.0 ms | 0.750 | 100.0% |" in whole
    assert "| whole call, bf16 |" in whole and "| 98.8% |" in whole
    assert "| post_process, f32 | 100 ms | 512.2 µs |" in whole
    assert "coffee" not in whole
    assert "| coffee 400x600, f32 | 100 ms | 70.0 ms | **0.700** | 120 ms | 90.0 ms | 0.750 |" in pictures
    assert "bf16 |" not in pictures and "post_process" not in pictures


def test_masks_of_each_picture_are_counted(root):
    page = root / "docs/models.md"
    page.write_text(page_of("masks"))
    result = AUTO_MODEL | {"benchmark": "masks", "precision": "f32"}
    result["answers"] = {"f32": {"detections": {"coffee 400x600": 98}}}
    result["rows"] = [
        {"what": what, "precision": "f32", "picture": picture} | REFERENCE_TIMES
        for what in ("whole call", "post_process")
        for picture in ("coffee 400x600", "all")
    ]
    (root / "benchmarks/results/masks.json").write_text(json.dumps(result))
    assert run(root) == 0
    text = table_of(page.read_text(), "masks")
    assert "| post_process, coffee 400x600 | 98 | 100 ms | 70.0 ms | **0.700** | 120 ms | 90.0 ms | 0.750 |" in text
    assert "| whole call, all |  | 100 ms |" in text and "whole call, coffee" not in text


def test_auto_model_names_the_versions_of_the_reference_in_place_of_ours(root):
    (root / "README.md").write_text(PAGE + page_of("auto_model"))
    (root / "benchmarks/results/auto_model.json").write_text(json.dumps(AUTO_MODEL))
    run(root)
    text = (root / "README.md").read_text()
    assert "OpenVINO 1.2, inference-models 0.39.6, onnxruntime 7.8, torch 9.1;" in table_of(text, "auto_model")
    assert "OpenVINO 1.2, onnxruntime 3.4, rapidocr 5.6;" in table_of(text, "routes")


def test_auto_model_says_why_bf16_is_missing(root):
    page = root / "docs/models.md"
    page.write_text(page_of(*AUTO_MODEL_TABLES))
    (root / "benchmarks/results/auto_model.json").write_text(json.dumps(AUTO_MODEL | {"note": "this CPU has no bf16"}))
    run(root)
    assert "\nthis CPU has no bf16\n" in page.read_text()


def test_auto_model_batches_make_a_table_of_captured_ones_and_one_from_cold(root, capsys):
    page = root / "docs/models.md"
    page.write_text(page_of("auto_model_batches", "auto_model_cold"))
    assert run(root) == 0
    assert "table 'auto_model_cold' is empty" in (complaints := capsys.readouterr().err)
    assert "`tools/bench.sh auto_model_batches` makes it" in complaints
    (root / "benchmarks/results/auto_model_batches.json").write_text(json.dumps(AUTO_MODEL_BATCHES))
    assert run(root) == 0
    captured, cold = (table_of(page.read_text(), name) for name in ("auto_model_batches", "auto_model_cold"))
    assert "| 1, 2, 3 | 160 | 600 ms | 70.0 ms | **0.700** | 700 ms | 90.0 ms | 0.750 |" in captured
    assert "| 1000 images, batches of 1, 2, 3 | 500 | 100.0 s | 98.0 s | **0.980** | 75% | 3 |" in cold
    assert "images" not in captured and "| 1, 2, 3 |" not in cold


OF_EVICTION = {"capture_s": 1.0, "replayed": 100, "captured": 20, "eager": 0, "evictions": 10, "peak_bytes": 1}
OF_START = {"until_idle_s": [9.5, 9.0, 8.5], "captured": 0, "captures": 6, "prewarmed": 6, "capture_s": 1.0}
WORKING_SET = {
    "eviction": ROUTES | {
        "rows": [
            {"model": "ppocrv6_rec", "trace": "zipf", "shapes": 14, "calls": 300, "saved_ratio": 1.25, "total_ratio": 0.9755,
             "lru": {"saved_s": 1.0, "total_s": 20.04, "captures": 30} | OF_EVICTION,
             "cost_aware": {"saved_s": 1.25, "total_s": 19.55, "captures": 20} | OF_EVICTION},
            {"model": "ppocrv6_rec", "trace": "cycle", "shapes": 14, "calls": 300, "saved_ratio": None, "total_ratio": 0.9,
             "lru": {"saved_s": 0.0, "total_s": 20.0, "captures": 300} | OF_EVICTION,
             "cost_aware": {"saved_s": 1.0, "total_s": 18.0, "captures": 40} | OF_EVICTION},
        ],
    },
    "restart": ROUTES | {
        "rows": [
            {"model": "ppocrv6_det", "admission": "always", "inference_threads": 2, "shapes": 14, "calls": 200, "saved_keys": 12,
             "ratio_median": 0.9041, "until_idle_ratio_median": 0.9512,
             "with_keys": OF_START | {"s": [7.0, 8.0, 9.0], "replayed": 190, "eager": 10},
             "without_keys": OF_START | {"s": [10.0, 9.0, 8.0], "replayed": 180, "eager": 0}},
        ],
    },
}  # fmt: skip


def test_what_a_cache_keeps(root, capsys):
    page = root / "docs/cache.md"
    page.write_text(page_of(*WORKING_SET))
    assert run(root) == 0
    assert "`tools/bench.sh restart` makes it" in capsys.readouterr().err
    for name, result in WORKING_SET.items():
        (root / f"benchmarks/results/{name}.json").write_text(json.dumps(result))
    assert run(root) == 0
    eviction, restart = (table_of(page.read_text(), name) for name in WORKING_SET)
    assert "| zipf, PP-OCRv6 rec | 14 (300) | 1.00 s | 1.25 s | **1.250** | 20.0 s | 19.6 s | 0.976 | 30 / 20 |" in eviction
    assert "| cycle, PP-OCRv6 rec | 14 (300) | 0.00 s | 1.00 s |  | 20.0 s | 18.0 s | 0.900 | 300 / 40 |" in eviction
    assert "| PP-OCRv6 det, always | 2 | 14 (200) | 12 | 9.0 s | 8.0 s | **0.904** | 0.951 | 180 / 190 |" in restart


SIDE_TIMES = {
    "cpp_median_us": 40_000.0, "cpp_p99_us": 50_000.0, "median_us": 41_000.0, "p99_us": 52_000.0,
    "ratio_median": 1.0123, "ratio_p99": 1.25, "difference_us_median": 1000.0,
}  # fmt: skip
CACHE_TIMES = {"kind": "cache", "median_us": 0.0512, "p99_us": 0.06, "goal_us": 1.0}
REFERENCE_CACHE_TIMES = {"reference_median_us": 0.4149, "reference_p99_us": 0.5, "ratio_median": 0.12345}
OF_PYTHON = ROUTES | {"python_versions": {"python": "3.11.2", "numpy": "2.0"}}
PYTHON = {
    "python_overhead": OF_PYTHON | {
        "note": "The reference was not measured.",
        "rows": [
            {"kind": "call", "call": "infer", "goal_difference_us": 10.0} | SIDE_TIMES
            | {"cpp_median_us": 3.54, "median_us": 5.168, "difference_us_median": 1.62},
            {"operation": "key in cache", "threads": 1} | CACHE_TIMES | REFERENCE_CACHE_TIMES,
            {"operation": "key in cache", "threads": 4} | CACHE_TIMES | dict.fromkeys(REFERENCE_CACHE_TIMES),
        ],
    },
    "python_auto_model": OF_PYTHON | {
        "pictures": 16,
        "rows": [
            {"input": "arrays", "calls": 144, "control_ratio_median": 0.999, "goal": 1.03} | SIDE_TIMES,
            {"input": "files", "calls": 144, "control_ratio_median": None, "goal": 1.03} | SIDE_TIMES,
        ],
    },
    "python_threads": OF_PYTHON | {
        "threads": 1,
        "rows": [{"callers": 2, "cpp_calls_per_s": 67.25, "calls_per_s": 66.5, "cpp_against_one": 1.94, "against_one": 1.93}
                 | SIDE_TIMES],
    },
    "python_ocr": OF_PYTHON | {
        "rows": [{"pictures": 16, "cpp_total_ms": 6600.0, "total_ms": 6700.0, "total_ratio_median": 1.0151, "goal": 1.03,
                  "differing_characters": 0.00123} | SIDE_TIMES],
    },
}  # fmt: skip
PYTHON_TABLES = {
    "python_overhead": "| `infer` | 3.54 µs | 5.17 µs | **1.6 µs** | 10 µs |",
    "python_cache": "| key in cache | 1 | **0.05 µs** | 1 µs | 0.41 µs | 0.123 | 0.06 µs | 0.50 µs |",
    "python_auto_model": "| 16 pictures, arrays | 144 | 40.0 ms | 41.0 ms | **1.012** | 1.03 | 1.250 | 50.0 ms | 52.0 ms | 0.999 |",
    "python_threads": "| 2 | 67.2/s | 66.5/s | **1.012** | 1.250 | 1.94 | **1.93** |",
    "python_ocr": "| 16 | 6600 ms | 6700 ms | **1.015** | 1.03 | 1.012 | 1.250 | 50.0 ms | 52.0 ms | 0.12% |",
}


def python_page(root: Path) -> str:
    page = root / "docs/python.md"
    page.write_text(page_of(*PYTHON_TABLES))
    for name, result in PYTHON.items():
        (root / f"benchmarks/results/{name}.json").write_text(json.dumps(result))
    assert run(root) == 0
    return page.read_text()


@pytest.mark.parametrize(("name", "row"), PYTHON_TABLES.items())
def test_the_python_package_beside_cpp(root, name, row):
    table = table_of(python_page(root), name)
    assert row in table
    assert "OpenVINO 1.2, python 3.11.2, numpy 2.0;" in table


def test_what_of_python_was_not_measured_is_told(root):
    text = python_page(root)
    cache = table_of(text, "python_cache")
    assert "| key in cache | 4 | **0.05 µs** | 1 µs | not measured |  | 0.06 µs | not measured |" in cache
    assert "\nThe reference was not measured.\n" in cache
    assert "| 52.0 ms |  |" in table_of(text, "python_auto_model")
    assert ", 1 threads a run," in table_of(text, "python_threads")


def test_families_come_from_the_comparison_with_the_reference(root, capsys):
    page = root / "docs/families.md"
    page.write_text(page_of("families", "parity"))
    assert run(root) == 0
    assert "parity.json is missing: `build/venv/bin/python tools/parity.py` makes it" in capsys.readouterr().err
    family = {"architecture": "a", "task": "t", "weights": {"openvino": "w"}, "post_processing": None, "may_be_fused": False,
              "features": [], "tested_against": "the reference"}  # fmt: skip
    result = ROUTES | {"reference_versions": {"inference-models": "0.39.6"}, "families": [family], "rows": []}
    seen = dict.fromkeys((*family_tables.COUNTS, *family_tables.WORST), 0) | {"mask_iou": 1.0, "cases": 4, "objects": 6}
    result["rows"] = [seen | {"expected": "a-t", "way": "default", "architecture": "a", "task": "t", "score": 1e-7}]
    (root / "benchmarks/results/parity.json").write_text(json.dumps(result))
    assert run(root) == 0
    families, parity = (table_of(page.read_text(), name) for name in ("families", "parity"))
    assert "| `a` | `t` | openvino `w` |  |  | the reference | 4 | 6 | scores 1.0e-07 |" in families
    assert "| `a-t` | `a`, t | 4 |" in parity
    assert "OpenVINO 1.2, inference-models 0.39.6; `tools/bench.sh routes`" in families


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
