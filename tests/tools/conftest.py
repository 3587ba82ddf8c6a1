"""A machine with a GPU, as far as tools/gpu_proof.sh can see: every program that it runs is fake_program.py."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tools"), str(REPOSITORY / "benchmarks")]

PROGRAMS = ("replayrt", "gpu_bench", "tests/cuda_rules_real", "tests/tensorrt_real")
MODELS = ("launch_bound", "squeezenet", "ppocrv6_det", "resnet50", "ppocrv6_rec")
SOURCES = ("src/backends/cuda/one.cpp", "src/backends/cuda/two.cpp", "src/backends/tensorrt/one.cpp")
ALL_SECONDS = 60


def make_fake(path: Path) -> None:
    text = Path(__file__).with_name("fake_program.py").read_text()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace("PYTHON", sys.executable, 1))
    path.chmod(0o755)


def copy_tool(name: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    source = REPOSITORY / "tools" / name
    if source.is_dir():
        shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, folder / name)


@pytest.fixture(scope="session")
def tensorrt_library(tmp_path_factory) -> bytes:
    """All that is asked of it is its version."""
    folder = tmp_path_factory.mktemp("library")
    (folder / "library.c").write_text("int getInferLibVersion(void) { return 8503; }\n")
    subprocess.run(("cc", "-shared", "-fPIC", "-o", folder / "library.so", folder / "library.c"), check=True)
    return (folder / "library.so").read_bytes()


class Machine:
    """`run` runs the script; `calls` are the command lines of the fakes since the last `forget`."""

    def __init__(self, folder: Path, library: bytes) -> None:
        self.folder = folder
        self.out = folder / "out"
        # Copied without history, as onto a machine with a GPU: nobody changes these sources meanwhile.
        self.checkout = folder / "checkout"
        for name in ("gpu_proof", "gpu_proof.sh", "gpu_goals.py", "gpu_tables.py", "table_text.py"):
            copy_tool(name, self.checkout / "tools")
        (self.checkout / "benchmarks").mkdir()
        shutil.copy(REPOSITORY / "benchmarks/facts.py", self.checkout / "benchmarks")
        for name in SOURCES:
            (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
            (self.checkout / name).write_text("int one;\n")
        for name in PROGRAMS:
            make_fake(folder / "programs" / name)
        for name in ("nvidia-smi", "compute-sanitizer"):
            make_fake(folder / "bin" / name)
        for name in MODELS:
            (folder / "models").mkdir(exist_ok=True)
            (folder / f"models/{name}.onnx").write_text(name)
        (folder / "trt/lib").mkdir(parents=True)
        for name in ("libnvinfer.so.8", "libnvonnxparser.so.8"):
            (folder / "trt/lib" / name).write_bytes(library)
        self.use_tensorrt(8, 5, 3)
        self.behave()

    def build_tools(self) -> None:
        for name in ("cmake", "ctest", "nvcc"):
            make_fake(self.folder / "bin" / name)

    def use_tensorrt(self, *version: int) -> None:
        (self.folder / "trt/include").mkdir(exist_ok=True)
        lines = (f"#define NV_TENSORRT_{part} {n} //!< x\n" for part, n in zip(("MAJOR", "MINOR", "PATCH"), version))
        (self.folder / "trt/include/NvInferVersion.h").write_text("".join(lines))

    def behave(self, **how) -> None:
        (self.folder / "behaviour.json").write_text(json.dumps(how))

    def arguments(self, *extra, programs: bool = True) -> list[str]:
        command = [*extra, "--tensorrt", self.folder / "trt", "--out", self.out, "--models", self.folder / "models"]
        command += ["--programs", self.folder / "programs"] if programs else []
        return [str(self.checkout / "tools/gpu_proof.sh"), *map(str, command)]

    def environment(self) -> dict[str, str]:
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return os.environ | {"PATH": path, "FAKE_FOLDER": str(self.folder), "PYTHON": sys.executable}

    def run(self, *extra, code: int = 0, effort: str = "smoke", programs: bool = True) -> subprocess.CompletedProcess:
        command = self.arguments(*extra, "--effort", effort, programs=programs)
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, timeout=ALL_SECONDS)
        assert done.returncode == code, f"exit code {done.returncode}, expected {code}\n{done.stdout}{done.stderr}"
        return done

    def step(self, name: str) -> dict:
        return json.loads((self.out / f"steps/{name}.json").read_text())

    def proof(self) -> dict:
        return json.loads((self.out / "gpu_proof.json").read_text())

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls.txt"
        return path.read_text().splitlines() if path.exists() else []

    def calls_of(self, *start: str) -> list[str]:
        return [call for call in self.calls if call.startswith(" ".join(start))]

    def forget(self) -> None:
        (self.folder / "calls.txt").unlink(missing_ok=True)


@pytest.fixture
def machine(tmp_path, tensorrt_library) -> Machine:
    return Machine(tmp_path, tensorrt_library)
