"""tools/gpu_proof.sh from end to end, on programs that are linked to the doubles of CUDA and TensorRT."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# Not `machine`: only a program that brings the double of CUDA can open the double of TensorRT. Nor what builds.
STEPS = ("plans", "tests", "latency", "memory", "threads", "background", "stress", "report")
VERSION = "#define NV_TENSORRT_MAJOR 8\n#define NV_TENSORRT_MINOR 5\n#define NV_TENSORRT_PATCH 0\n"


@pytest.fixture(scope="module")
def proof(tmp_path_factory) -> dict:
    """What a run of all these steps reports."""
    folder = tmp_path_factory.mktemp("rehearsal")
    for part in ("programs/tests", "tensorrt/lib", "tensorrt/include", "models"):
        (folder / part).mkdir(parents=True)
    (folder / "tensorrt/include/NvInferVersion.h").write_text(VERSION)
    link(folder / "programs", {
        "replayrt": f"{os.environ['REPLAYRT_PROGRAMS']}/replayrt",
        "gpu_bench": f"{os.environ['REPLAYRT_PROGRAMS']}/gpu_bench",
        "tests/cuda_rules_real": os.environ["REPLAYRT_CUDA_RULES"],
        "tests/tensorrt_real": os.environ["REPLAYRT_TENSORRT_TEST"],
    })  # fmt: skip
    link(folder / "tensorrt", {
        "lib/libnvinfer.so.8": os.environ["REPLAYRT_FAKE_NVINFER"],
        "lib/libnvonnxparser.so.8": os.environ["REPLAYRT_FAKE_NVONNXPARSER"],
    })  # fmt: skip
    subprocess.run((os.environ["REPLAYRT_DOUBLE_MODELS"], folder / "models"), check=True)
    command = (
        ROOT / "tools/gpu_proof.sh", *STEPS, "--tensorrt", folder / "tensorrt", "--out", folder / "out",
        "--programs", folder / "programs", "--models", folder / "models", "--effort", "smoke",
    )  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "out/gpu_proof.json").read_text())


def link(folder: Path, places: dict[str, str]) -> None:
    for name, target in places.items():
        (folder / name).symlink_to(target)


def test_every_step_ends_well_or_says_what_the_machine_refused(proof):
    measured = [name for name in STEPS if name != "report"]
    assert {name: proof["status"][name] for name in measured} == dict.fromkeys(measured, "passed")
    for record in proof["steps"].values():
        assert record["failed"] == []
        assert record["incomplete"] == []


def test_all_is_replayed_and_answers_are_the_eager_ones(proof):
    for entry in proof["steps"]["latency"]["results"].values():
        assert set(entry["report"]["max_abs_difference"].values()) == {0.0}
        assert entry["report"]["graph_bytes"] > 0
        assert "replay_to_bare" in entry["report"]["pipelined_ratios"]
    stress = proof["steps"]["stress"]["results"]["two_engines"]["report"]
    assert stress["wrong"] == 0
    assert stress["captured"] > 0 and stress["evictions"] > 0


def test_shared_activation_memory_is_seen(proof):
    """The double's contexts of the reference's scheme allocate activation memory of their own."""
    rows = {row["scheme"]: row for row in proof["steps"]["memory"]["results"]["ppocrv6_det"]["report"]["rows"]}
    assert rows["replayrt"]["beyond_io_per_shape"] < 0.1 * rows["reference"]["beyond_io_per_shape"]
