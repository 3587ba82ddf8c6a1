"""The tables and goals of gpu_proof.json, on figures of their own."""

import copy

import gpu_goals
import gpu_tables
import pytest


def latency_report(eager=200.0, replay=150.0, bare=146.0, host=1.4) -> dict:
    sides = {
        "eager": eager, "replay": replay, "in_place": replay - 2, "bare": bare, "bare_copies": bare + 2,
        "reference": replay + 40, "recapture": 4200.0,
    }  # fmt: skip
    return {
        "sides": {
            name: {"median_us": time, "p99_us": time * 1.5, "images_per_s": 1e6 / time, "calls": 100}
            for name, time in sides.items()
        },
        "pipelined": {
            "eager": {"us_per_call": eager, "host_median_us": 144.0, "host_p99_us": 150.0},
            "replay": {"us_per_call": replay, "host_median_us": host, "host_p99_us": 3 * host},
            "bare": {"us_per_call": bare, "host_median_us": 1.25, "host_p99_us": 2.0},
        },
        "pipelined_ratios": {"replay_to_eager": {"median": 0.625, "p99": 0.7, "difference_us_median": -40.0}},
        "ratios": {
            "replay_to_eager": {"median": replay / eager, "p99": 0.8},
            "replay_to_bare": {"median": replay / bare, "p99": 1.1, "difference_us_median": replay - bare},
            "in_place_to_bare": {"median": (replay - 2) / bare, "p99": 1.1, "difference_us_median": replay - 2 - bare},
        },
        "capture_ms_median": 4.25,
        "max_abs_difference": {"eager": 0.0, "replay": 0.0, "reference": 2e-6},
    }


def entry(title: str, report: dict) -> dict:
    return {"title": title, "plans": [], "command": "gpu_bench", "seconds": 1.0, "report": report}


def record(step: str, results: dict, **changed) -> dict:
    return {
        "step": step, "status": "passed", "seconds": 12.3, "date": "2026-01-02T03:04:05+00:00", "commit": "0123456789abcdef",
        "dirty": False, "command": "tools/gpu_proof.sh", "gpu": "NVIDIA H200", "tensorrt": "8.5.3",
        "refused": [], "failed": [], "incomplete": [], "facts": {}, "results": results,
    } | changed  # fmt: skip


@pytest.fixture
def proof() -> dict:
    bench_mode = {"median_us": 100.0, "p99_us": 250.0, "calls": 1200}
    memory = {"loaded_bytes": 2.5e8, "per_shape_bytes": 4e6, "io_bytes_per_shape": 3e6, "beyond_io_per_shape": 1e6}
    steps = {
        "latency": {
            "squeezenet_fp16_batch1": entry("SqueezeNet fp16, batch 1", latency_report()),
            "squeezenet_fp16_batch2": entry("SqueezeNet fp16, batch 2", latency_report()),
            "squeezenet_fp16_batch3": entry("SqueezeNet fp16, batch 3", latency_report()),
            "squeezenet_fp16_cycle": entry("SqueezeNet fp16, in turn", latency_report(eager=210.0)),
            "ppocrv6_det_trace": entry("PP-OCRv6 det", latency_report(2000.0, 1900.0, 1890.0)),
        },
        "memory": {
            "ppocrv6_det": entry("PP-OCRv6 det", {
                "shapes": ["1x3x32x32"] * 16, "ratio_beyond_io": 0.05,
                "rows": [memory | {"scheme": "replayrt"}, memory | {"scheme": "reference", "beyond_io_per_shape": 2e7}],
            }),
        },
        "threads": {
            "two": entry("SqueezeNet fp16", {
                "rows": [{"engines": 2, "threads": 8, "eager_calls_per_s": 5000.0, "replay_calls_per_s": 9000.0, "ratio": 1.8}],
            }),
        },
        "background": {
            "det": entry("det, inline", {
                "shapes": ["a", "b"], "modes": {"eager": bench_mode, "replay": bench_mode | {"p99_us": 1e6}},
            }),
        },
        "stress": {
            "two_engines": entry("both", {
                "calls": 100_000, "wrong": 0, "captured": 900, "replayed": 99_000, "eager": 100, "evictions": 890,
                "largest_difference": 2e-4,
            }),
        },
        "tests": {"tensorrt_real": {"passed": 2, "failed": [], "skipped": [{"name": "c", "reason": "two | GPUs"}]}},
        "sanitizers": {
            "memcheck tensorrt_real": {"verdict": "clean", "errors": 0, "seconds": 9.0, "arguments": ["--gtest_filter=*C*"]},
        },
        "plans": {"launch_bound": {"key": {"flags": ["--profiles", "17"]}, "profiles": 17, "seconds": 44.6, "bytes": 3e6}},
    }  # fmt: skip
    return {
        "machine": {
            "gpus": [{"name": "NVIDIA H200", "driver": "580.1", "memory_mib": "143771"}], "cpu": "Some CPU", "cores": 16,
            "tools": {"nvcc": "Build cuda_13.0.r13.0/compiler.1_0"},
        },
        "status": {name: "passed" for name in steps},
        "steps": {name: record(name, results) for name, results in steps.items()},
    }  # fmt: skip


def verdicts(proof: dict) -> dict[str, str]:
    return {goal.text: goal.verdict for goal in gpu_goals.all_goals(proof)}


def goal(proof: dict, start: str) -> gpu_goals.Goal:
    return next(goal for goal in gpu_goals.all_goals(proof) if goal.text.startswith(start))


def test_all_goals_can_be_met(proof):
    assert set(verdicts(proof).values()) == {"met"}, verdicts(proof)


def report_of(proof: dict, step: str, name: str) -> dict:
    return proof["steps"][step]["results"][name]["report"]


@pytest.mark.parametrize(
    ("step", "name", "report", "start", "seen"),
    [
        ("latency", "ppocrv6_det_trace", latency_report(2000.0, 1950.0, 1890.0), "replay / bare launches", "1.032 (PP-OCRv6 det)"),
        ("latency", "squeezenet_fp16_batch2", latency_report(bare=144.5), "replay at most 5 µs",
         "5.5 µs (SqueezeNet fp16, batch 2)"),
        ("latency", "squeezenet_fp16_batch3", latency_report(eager=190.0), "replay / eager at most 0.78",
         "0.789 (SqueezeNet fp16, batch 3)"),
        ("latency", "squeezenet_fp16_cycle", latency_report(), "replay / eager at most 0.74", "0.750 (SqueezeNet fp16, in turn)"),
        ("latency", "squeezenet_fp16_batch2", latency_report(bare=142.5), "the same, inputs read in place",
         "5.5 µs (SqueezeNet fp16, batch 2)"),
        ("latency", "squeezenet_fp16_cycle", latency_report(150.0, 100.0, 96.0, host=5.25), "host's time",
         "5.2 µs (SqueezeNet fp16, in turn)"),
        ("latency", "ppocrv6_det_trace", latency_report(2000.0, 2010.0, 2005.0), "replay never slower", "1.005 (PP-OCRv6 det)"),
    ],
)  # fmt: skip
def test_a_missed_goal_is_said_to_be_missed_with_the_worst_figure(proof, step, name, report, start, seen):
    proof["steps"][step]["results"][name]["report"] = report
    assert goal(proof, start).verdict == "missed"
    assert goal(proof, start).seen == seen
    assert f"| {seen} | **missed** |" in gpu_tables.TABLES["gpu_goals"](proof)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"wrong": 1}, "missed"),
        ({"evictions": 0}, "missed"),
        ({"calls": 20_000}, "met so far, not all is measured"),
    ],
)
def test_stress_needs_right_answers_evictions_and_enough_calls(proof, change, verdict):
    report_of(proof, "stress", "two_engines").update(change)
    assert goal(proof, "8 threads").verdict == verdict


def test_slower_threads_miss_a_goal(proof):
    report_of(proof, "threads", "two")["rows"][0]["replay_calls_per_s"] = 4000.0
    assert goal(proof, "replay never slower").seen == "1.250 (SqueezeNet fp16, 8 threads, 2 engines)"


def test_memory_goal(proof):
    report_of(proof, "memory", "ppocrv6_det")["ratio_beyond_io"] = 0.11
    assert goal(proof, "device memory").verdict == "missed"
    report_of(proof, "memory", "ppocrv6_det")["ratio_beyond_io"] = None
    assert goal(proof, "device memory").verdict == "not measured"


def test_what_is_not_measured_is_not_met(proof):
    bare = copy.deepcopy(proof) | {"steps": {}}
    assert set(verdicts(bare).values()) == {"not measured"}
    del proof["steps"]["latency"]["results"]["squeezenet_fp16_batch2"]
    proof["steps"]["latency"]["status"] = "incomplete"
    assert goal(proof, "replay / eager at most 0.78").verdict == "met so far, not all is measured"
    assert goal(proof, "host's time").verdict == "met so far, not all is measured"


def test_a_crash_is_not_green(proof):
    proof["steps"]["tests"] |= {"status": "failed", "failed": [{"check": "tensorrt_real", "why": "signal 11"}]}
    assert goal(proof, "all tests green").verdict == "missed"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("gpu_latency", "| SqueezeNet fp16, batch 1 | 200.0 µs | 150.0 µs | 148.0 µs | 146.0 µs | 148.0 µs | 190.0 µs "
                        "| **0.750** | **1.027** | 144.0 µs | 1.4 µs | 1.2 µs |"),
        ("gpu_tail", "| PP-OCRv6 det | 3.00 ms | 2.85 ms | 2.83 ms | 500 | 526 | **0.625** | 4.20 ms | 4.25 ms | 2.0e-06 |"),
        ("gpu_memory", "| PP-OCRv6 det, 16 shapes, replayrt | 250 MB | 4.0 MB | 3.0 MB | 1.0 MB | **0.050** |"),
        ("gpu_memory", "| PP-OCRv6 det, 16 shapes, reference | 250 MB | 4.0 MB | 3.0 MB | 20.0 MB |  |"),
        ("gpu_threads", "| SqueezeNet fp16 | 2 | 8 | 5000/s | 9000/s | **1.80** |"),
        ("gpu_background", "| det, inline | 2 (1200) | 100.0 µs | 100.0 µs | **1.000** | 250.0 µs | 1000 ms | **4000.000** |"),
        ("gpu_stress", "| both | 100000 | 0 | 900 | 99000 | 100 | 890 | 2.0e-04 |"),
        ("gpu_plans", "| launch_bound | --profiles 17 | 17 | 45 s | 3.0 MB |"),
        ("gpu_checks", "| tensorrt_real | 2 passed, 0 failed, 1 skipped | two \\| GPUs |"),
        ("gpu_checks", "| memcheck tensorrt_real | clean, 0 errors | --gtest_filter=\\*C\\* |"),
    ],
)  # fmt: skip
def test_tables(proof, name, line):
    text = gpu_tables.TABLES[name](proof)
    assert line in text.splitlines()
    origin = "2026-01-02, NVIDIA H200 (driver 580.1), Some CPU, 16 cores, TensorRT 8.5.3, CUDA 13.0; commit 012345678; "
    assert text.splitlines()[-1].startswith(origin)


def test_a_side_that_was_not_measured_is_empty(proof):
    del report_of(proof, "latency", "ppocrv6_det_trace")["sides"]["in_place"]
    assert "| PP-OCRv6 det | 2.00 ms | 1.90 ms |  | 1.89 ms |" in gpu_tables.TABLES["gpu_latency"](proof)


def test_checks_list_what_did_not_go_well(proof):
    proof["steps"]["sanitizers"]["refused"] = [{"check": "racecheck", "why": "no\ncompute-sanitizer"}]
    proof["steps"]["latency"]["incomplete"] = [{"check": "ppocrv6_rec_cycle", "why": "stopped after 9 s"}]
    text = gpu_tables.TABLES["gpu_checks"](proof)
    assert "| sanitizers: racecheck | refused | no |" in text
    assert "| latency: ppocrv6_rec_cycle | incomplete | stopped after 9 s |" in text


def test_says_where_figures_come_from_another_commit_or_gpu(proof):
    proof["steps"]["memory"] |= {"gpu": "NVIDIA H100", "commit": "fedcba9876543210", "dirty": True, "status": "incomplete"}
    last = gpu_tables.TABLES["gpu_memory"](proof).splitlines()[-1]
    assert "NVIDIA H100, Some CPU" in last and "commit fedcba987, with uncommitted changes" in last
    assert last.endswith("(incomplete)")


def test_the_page_has_all_tables_that_have_figures(proof):
    del proof["steps"]["stress"]
    text = gpu_tables.page(proof)
    assert "## Goals" in text and "## Device memory" in text and "## Stress" not in text
    assert "| latency | passed | 12 s |" in text
