"""tools/gpu_proof.sh, rehearsed with programs that only look like those of a machine with a GPU."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpu_proof import files, tests as tests_step
from gpu_proof.tensorrt import TensorRT

STEPS = ("machine", "build", "plans", "tests", "sanitizers", "latency", "memory", "threads", "background", "stress")


def command_lines() -> Iterator[bytes]:
    """Of all processes."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes()
        except OSError:
            pass  # It has ended meanwhile.


def checks(entries: list[dict]) -> list[str]:
    return [entry["check"] for entry in entries]


def test_runs_all_steps_and_reports_them(machine):
    out = machine.run().stdout
    assert machine.proof()["status"] == {name: "passed" for name in STEPS}, out
    assert "latency: squeezenet_fp16_cycle ..." in out
    latency = machine.proof()["steps"]["latency"]["results"]
    assert latency["launch_bound_trace"]["report"]["shapes"][-1] == "16x16x16x16"
    assert len(latency["ppocrv6_det_trace"]["report"]["shapes"]) == 5  # As many as graphs: TensorRT 8.5.
    assert "| 200 small layers, batch 1 | 100.0 µs |" in (machine.out / "gpu_proof.md").read_text()


def test_a_second_run_runs_only_what_tells_the_present_state(machine):
    machine.run()
    machine.forget()
    machine.run()
    assert {call.split()[0] for call in machine.calls} == {"nvidia-smi", "compute-sanitizer"}  # Of step machine.
    assert machine.proof()["status"] == {name: "passed" for name in STEPS}
    machine.run("memory", "--again")
    assert len(machine.calls_of("gpu_bench memory")) == 2


def test_steps_may_stand_among_the_flags_and_run_in_their_order(machine):
    command = machine.arguments()
    command = [command[0], "memory", *command[1:], "plans"]
    done = subprocess.run(command, env=machine.environment(), capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("plans: "), done.stderr


def test_other_sources_effort_or_gpu_are_measured_anew(machine):
    machine.run("plans", "memory", "--commit", "0123abc")
    assert machine.step("memory")["commit"] == "0123abc"
    (machine.checkout / "README.md").write_text("no source\n")
    machine.forget()
    machine.run("memory")
    assert machine.calls_of("gpu_bench memory") == []
    (machine.checkout / "src/backends/cuda/one.cpp").write_text("int other;\n")
    machine.run("memory")
    assert len(machine.calls_of("gpu_bench memory")) == 2
    machine.forget()
    machine.run("memory", effort="quick")
    assert len(machine.calls_of("gpu_bench memory")) == 2
    (machine.folder / "bin/nvidia-smi").write_text("#!/bin/sh\necho 'Other GPU, 580.1, 81559'\n")
    machine.forget()
    machine.run("plans", "memory", effort="quick")
    assert len(machine.calls_of("replayrt build")) == 5
    assert len(machine.calls_of("gpu_bench memory")) == 2


def test_a_failing_program_fails_its_step_and_the_rest_goes_on(machine):
    machine.behave(fail=[["logs/latency-", "CUDA error 700: an illegal memory access"]])
    out = machine.run(code=1).stdout
    assert machine.step("latency")["status"] == "failed"
    failed = machine.step("latency")["failed"]
    assert failed[0]["check"] == "squeezenet_fp16_batch1"
    assert failed[0]["why"] == "gpu_bench: exit code 1: CUDA error 700: an illegal memory access"
    assert "CUDA error 700" in out and out.rstrip().splitlines()[-1].startswith("gpu_proof: failed: latency;")
    assert machine.step("memory")["status"] == "passed"
    assert "latency: squeezenet_fp16_batch1 | failed" in (machine.out / "gpu_proof.md").read_text()


def test_a_failed_step_keeps_what_went_well(machine):
    machine.run("plans")
    machine.behave(fail=[["resnet50.plan", "no"]])
    machine.run("latency", code=1)
    machine.behave()
    machine.forget()
    machine.run("latency")
    assert [call.split()[2].rsplit("/", 1)[1] for call in machine.calls_of("gpu_bench")] == ["resnet50.plan"] * 2
    assert machine.step("latency")["status"] == "passed" and machine.step("latency")["failed"] == []


def test_a_step_out_of_time_is_incomplete_and_continued(machine):
    machine.run("plans")
    machine.behave(hang=[["logs/background-launch_bound_background", ""]])
    machine.run("background", "--step-seconds", "1.5")
    step = machine.step("background")
    assert step["status"] == "incomplete"
    assert list(step["results"]) == ["launch_bound_inline"]
    assert checks(step["incomplete"]) == ["launch_bound_background", "ppocrv6_det_inline", "ppocrv6_det_background"]
    assert "stopped after" in step["incomplete"][0]["why"] and "not begun" in step["incomplete"][1]["why"]
    machine.behave()
    machine.forget()
    machine.run("background")
    assert len(machine.calls_of("replayrt bench")) == 3
    assert machine.step("background")["status"] == "passed" and len(machine.step("background")["results"]) == 4


def test_a_run_that_is_ended_leaves_an_incomplete_record_and_no_process(machine):
    machine.run("plans")
    machine.behave(hang=[["gpu_bench memory", ""]])
    machine.forget()
    command = machine.arguments("memory", "--effort", "smoke")
    running = subprocess.Popen(command, env=machine.environment(), stdout=subprocess.PIPE, text=True)
    while not machine.calls_of("gpu_bench memory"):
        time.sleep(0.02)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=20)
    assert running.returncode == 128 + signal.SIGTERM
    assert machine.step("memory")["status"] == "incomplete"
    assert not any(f"{machine.folder}/programs".encode() in line for line in command_lines())


def test_says_which_checks_the_machine_refuses(machine):
    machine.behave(say=[["compute-sanitizer --tool", "========= Error: Device not supported"]])
    machine.run("machine", "plans", "sanitizers", "report")
    refused = machine.step("machine")["refused"]
    assert {"check": "several GPUs", "why": "1 of 2 are here: all runs on one device"} in refused
    step = machine.step("sanitizers")
    assert step["status"] == "refused" and len(step["refused"]) == 4
    assert "Device not supported" in step["refused"][0]["why"]
    assert "sanitizers: memcheck tensorrt_real | refused" in (machine.out / "gpu_proof.md").read_text()
    assert machine.proof()["status"]["latency"] == "not run"


@pytest.mark.parametrize(
    ("said", "count"),
    [("========= ERROR SUMMARY: 3 errors", "3 errors"), ("========= RACECHECK SUMMARY: 2 hazards displayed", "2")],
)
def test_what_a_sanitizer_finds_fails_the_step(machine, said, count):
    machine.run("plans")
    machine.behave(say=[["compute-sanitizer --tool", said]])
    machine.run("sanitizers", code=1)
    assert machine.step("sanitizers")["status"] == "failed"
    assert f"found {count}" in machine.step("sanitizers")["failed"][0]["why"]


def test_slow_sanitizers_leave_the_others_their_share(machine):
    machine.run("plans")
    machine.behave(hang=[["compute-sanitizer --tool memcheck", ""]])
    machine.run("sanitizers", "--step-seconds", "2.5")
    step = machine.step("sanitizers")
    assert list(step["results"]) == ["synccheck tensorrt_real", "racecheck tensorrt_real"]
    assert checks(step["incomplete"]) == ["memcheck tensorrt_real", "memcheck gpu_bench"]


def test_without_plans_or_models_says_what_makes_them(machine):
    machine.run("latency")
    assert machine.step("latency")["status"] == "incomplete"
    assert "step `plans` makes it" in machine.step("latency")["incomplete"][0]["why"]
    (machine.folder / "models/resnet50.onnx").unlink()
    machine.run("plans", "stress")
    assert checks(machine.step("plans")["incomplete"]) == ["resnet50"]
    assert "resnet50.onnx is missing: `make setup` makes it" in machine.step("stress")["incomplete"][0]["why"]


def test_plans_are_built_once_for_each_model_and_settings(machine):
    machine.run("plans")
    builds = machine.calls_of("replayrt build")
    assert len(builds) == 5 and "/launch_bound.onnx" in builds[0]
    assert "--profiles 17 --no-library-kernels" in builds[0] and "--profiles 4 " in builds[3]
    assert "--fp16" in builds[1] and "--profiles 7 " in builds[1]
    assert f"--timing-cache {machine.out}/plans/timing.cache" in builds[1]
    (machine.folder / "models/resnet50.onnx").write_text("other weights")
    machine.forget()
    machine.run("plans", "--again")
    assert len(machine.calls_of("replayrt build")) == 1
    assert len(machine.step("plans")["results"]) == 5


def test_one_profile_where_graphs_share_it(machine):
    for path in (machine.folder / "trt/lib").iterdir():
        path.rename(path.with_name(path.name.replace(".8", ".10")))
    machine.use_tensorrt(10, 3, 0)
    machine.run("plans")
    assert all("--profiles 1 " in call for call in machine.calls_of("replayrt build"))


def test_fp16_is_refused_where_types_come_from_the_model(machine):
    machine.use_tensorrt(11, 1, 0)
    machine.run("plans", "threads")
    assert checks(machine.step("plans")["refused"]) == ["squeezenet_fp16"]
    assert machine.step("threads")["status"] == "passed"
    assert checks(machine.step("threads")["refused"]) == ["squeezenet_fp16"]


def test_a_plan_that_needs_cublas_is_refused_where_it_is_missing(machine):
    said = "Error Code 10: (Could not find any implementation for node x.)\nSkipping tactic due to exception cuBLASLt error 1"
    machine.behave(fail=[["build " + str(machine.folder / "models/ppocrv6_rec.onnx"), said]])
    machine.run("plans", "latency")
    assert machine.step("plans")["status"] == "passed"
    assert checks(machine.step("plans")["refused"]) == ["ppocrv6_rec"]
    assert machine.step("latency")["status"] == "passed"
    refusal = machine.step("latency")["refused"][0]
    assert refusal["check"] == "ppocrv6_rec_cycle" and "without cuBLAS" in refusal["why"]


def test_programs_find_the_libraries(machine):
    machine.run("plans")
    libraries = machine.folder / "trt/lib"
    seen = (machine.folder / "environment.txt").read_text().splitlines()[-1]
    assert seen.startswith(f"replayrt {libraries}/libnvinfer.so.8 {libraries}")


def test_missing_libraries_are_named(machine):
    (machine.folder / "trt/lib/libnvonnxparser.so.8").unlink()
    machine.run("machine", code=1)
    assert "has no libnvonnxparser.so.*" in machine.step("machine")["failed"][0]["why"]


def test_counts_tests_with_the_reasons_of_those_that_did_not_run(machine):
    machine.run("tests")
    result = machine.step("tests")["results"]["tensorrt_real"]
    assert result["passed"] == ["Rules.First", "Rules.Second"] and result["failed"] == []
    assert result["skipped"] == [{"name": "Rules.Skipped", "reason": "needs two GPUs"}]


def test_of_a_test_program_out_of_time_only_the_rest_runs_again(machine):
    machine.behave(hang=[["tensorrt_real", ""]], say=[["tensorrt_real", "[       OK ] Rules.First (3 ms)"]])
    machine.run("tests", "--step-seconds", "1")
    assert machine.step("tests")["results"]["tensorrt_real"]["passed"] == ["Rules.First"]
    machine.behave()
    machine.forget()
    machine.run("tests")
    assert machine.calls_of("cuda_rules_real") == []
    assert machine.calls_of("tensorrt_real")[0].endswith("--gtest_filter=-Rules.First")
    assert machine.step("tests")["results"]["tensorrt_real"]["passed"] == ["Rules.First", "Rules.Second"]


def test_a_failed_test_is_named(machine):
    test = {"name": "T", "result": "COMPLETED", "failures": [{"failure": "no"}]}
    report = {"testsuites": [{"name": "S", "testsuite": [test]}]}
    assert tests_step.gtest_result(report) == {"passed": [], "failed": [{"name": "S.T", "reason": "no"}], "skipped": []}


def test_builds_with_cmake_and_nvcc(machine):
    machine.build_tools()
    machine.run("build", "tests", programs=False, code=1)
    configure, default, gpu = machine.calls_of("cmake")
    assert f"-DREPLAYRT_TENSORRT_INCLUDE_DIR={machine.folder}/trt/include" in configure and "OPENVINO=OFF" in configure
    assert gpu.endswith("--target gpu_bench cuda_rules_real tensorrt_real")
    compiled = machine.calls_of("nvcc -x cu")
    assert len(compiled) == 3
    assert "code=sm_80 -gencode=arch=compute_90,code=sm_90 " in compiled[0] and "sm_120" not in compiled[0]
    build = machine.step("build")
    assert build["status"] == "passed" and checks(build["refused"]) == ["nvcc sm_120"]
    tests = machine.step("tests")
    assert tests["failed"] == [{"check": "ctest: a.c", "why": "it broke"}]
    assert tests["results"]["ctest"]["passed"] == ["a.b"]


def test_a_build_is_made_again_where_its_programs_are_gone(machine):
    machine.build_tools()
    machine.run("build", programs=False)
    machine.forget()
    machine.run("build", programs=False)
    assert machine.calls_of("cmake") == []
    (machine.out / "work/build/bin/gpu_bench").unlink()
    machine.run("build", programs=False)
    assert len(machine.calls_of("cmake")) == 3


def test_a_source_that_nvcc_refuses_is_named(machine):
    machine.build_tools()
    machine.behave(fail=[["src/backends/cuda/two.cpp", "two.cpp(1): error: no"]])
    machine.run("build", programs=False, code=1)
    (failed,) = machine.step("build")["failed"]
    assert failed["check"] == "nvcc" and failed["why"].startswith("src/backends/cuda/two.cpp: nvcc: exit code 1")


def test_wrong_answers_fail_the_step_and_the_goal(machine):
    machine.behave(report={"stress": {"wrong": 2}})
    machine.run("plans", "stress", "report", code=1)
    assert machine.step("stress")["failed"][0]["why"].startswith("2 answers are wrong: ")
    assert "200 calls: 2 wrong, 20 captured, 15 evictions | **missed** |" in (machine.out / "gpu_proof.md").read_text()
    machine.forget()
    machine.run("stress", code=1)
    assert len(machine.calls_of("gpu_bench stress")) == 1


def test_a_report_of_another_form_costs_only_the_page(machine):
    machine.behave(report={"threads": {"rows": [{"engines": 1}]}})
    machine.run("plans", "threads", "report", code=1)
    assert "KeyError: 'threads'" in machine.step("report")["failed"][0]["why"]
    assert machine.proof()["status"]["threads"] == "passed"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nonsense", "--tensorrt", ".", "--out", "o"], "unknown step 'nonsense': there are machine, build"),
        (["--out", "o"], "--tensorrt DIR is missing"),
        (["--tensorrt", "."], "--out DIR is missing"),
        (["--tensorrt", "/none", "--out", "o"], "--tensorrt: there is no folder /none"),
        (["--tensorrt", ".", "--out", "o", "--effort", "some"], "--effort"),
        (["--tensorrt", ".", "--out", "o", "--step-seconds", "0"], "--step-seconds: expected more than 0"),
    ],
)
def test_wrong_usage(tmp_path, machine, arguments, complaint):
    command = [machine.arguments()[0], *arguments]
    done = subprocess.run(command, cwd=tmp_path, env=machine.environment(), capture_output=True, text=True)
    assert done.returncode == 2 and complaint in done.stderr
    assert not (tmp_path / "o").exists()


def test_lists_the_steps_and_how_they_ended(machine):
    machine.run("machine")
    machine.forget()
    out = machine.run("--only-list").stdout
    assert out.splitlines()[0].split()[:2] == ["machine", "passed"]
    assert out.splitlines()[1].split()[:3] == ["build", "not", "run"]
    assert machine.calls == []


def test_files_are_whole_or_not_there(tmp_path, monkeypatch):
    path = tmp_path / "a/b.json"
    files.write_json(path, {"old": 1})

    def full(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(OSError):
        files.write_json(path, {"new": 1})
    assert json.loads(path.read_text()) == {"old": 1}
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("#define NV_TENSORRT_MAJOR 8\n#define NV_TENSORRT_MINOR 6\n#define NV_TENSORRT_PATCH 1\n", (8, 6, 1)),
        ("#define TRT_MAJOR_ENTERPRISE 10\n#define TRT_MINOR_ENTERPRISE 16\n#define NV_TENSORRT_MAJOR TRT_MAJOR_ENTERPRISE\n",
         (10, 16, 0)),
        ("nothing\n", None),
    ],
)
def test_reads_the_version_of_the_headers(tmp_path, text, version):
    (tmp_path / "include").mkdir()
    (tmp_path / "include/NvInferVersion.h").write_text(text)
    assert TensorRT(tmp_path).headers == version


def test_packages_of_a_prefix_are_found(tmp_path):
    environment = TensorRT(tmp_path, tmp_path / "prefix").environment()
    assert environment["LD_LIBRARY_PATH"].startswith(f"{tmp_path}/lib:{tmp_path}/prefix/usr/lib/")
    assert environment["CMAKE_PREFIX_PATH"].startswith(f"{tmp_path}/prefix/usr")
    assert environment["PKG_CONFIG_SYSROOT_DIR"] == f"{tmp_path}/prefix"
