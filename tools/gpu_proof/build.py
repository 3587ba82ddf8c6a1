"""Step `build`: the programs and tests; and every source that calls CUDA or TensorRT compiled by nvcc, too."""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .commands import require_well
from .files import ROOT
from .job import Job
from .machine import find_tool
from .outcomes import Failed, Refused

TARGETS = ("gpu_bench", "cuda_rules_real", "tensorrt_real")
PROGRAMS = ("replayrt", "gpu_bench", "tests/cuda_rules_real", "tests/tensorrt_real")
ARCHITECTURES = ("80", "90", "120")


def run(job: Job) -> None:
    if job.settings.programs:
        job.record.facts = {"programs": str(job.settings.programs)}
        job.record.note("build", Refused("--programs names programs that are built already"))
        return
    job.record.facts = {"programs": str(job.build_folder / "bin"), "targets": ["all", *TARGETS]}
    parallel = ("--parallel", os.cpu_count())
    with job.attempt("build"):
        job.commands.run_well("configure", "cmake", "-S", ROOT, "-B", job.build_folder, "-G", "Ninja", *options(job))
        job.commands.run_well("default target", "cmake", "--build", job.build_folder, *parallel)
        job.commands.run_well("GPU targets", "cmake", "--build", job.build_folder, *parallel, "--target", *TARGETS)
    with job.attempt("nvcc"):
        compile_with_nvcc(job)


def is_kept(job: Job) -> bool:
    """The programs may be gone though the step has passed: it was another machine."""
    return all((job.build_folder / "bin" / name).is_file() for name in PROGRAMS)


def options(job: Job) -> list[str]:
    found = [
        "-DCMAKE_BUILD_TYPE=Release",
        "-DREPLAYRT_OPENVINO=OFF",
        "-DREPLAYRT_MODELS=OFF",
        "-DREPLAYRT_TENSORRT=ON",
        f"-DREPLAYRT_TENSORRT_INCLUDE_DIR={job.tensorrt.include}",
        "-DREPLAYRT_BUILD_EXAMPLES=OFF",
    ]
    toolkit = cuda_toolkit()
    return [*found, f"-DCUDARuntime_ROOT={toolkit}"] if toolkit else found


def cuda_toolkit() -> Path | None:
    """The toolkit of the nvcc here, with the headers that the build needs."""
    nvcc = find_tool("nvcc")
    root = Path(nvcc).resolve().parent.parent if nvcc else None
    return root if root and (root / "include/cuda_runtime_api.h").is_file() else None


def compile_with_nvcc(job: Job) -> None:
    """None of them has device code: nvcc must take them as they are, for every GPU that it knows of these."""
    nvcc = find_tool("nvcc")
    if nvcc is None:
        raise Refused("no nvcc here")
    architectures = known_architectures(job, nvcc)
    files = [path for part in ("cuda", "tensorrt") for path in sorted((ROOT / "src/backends" / part).glob("*.cpp"))]
    job.commands.say(f"nvcc: {len(files)} files for sm_{', sm_'.join(architectures)} ...")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        compiled = pool.map(lambda file: compile_one(job, nvcc, architectures, file, Path(folder)), files)
        wrong = [why for why in compiled if why]
    job.record.results["nvcc"] = {"architectures": architectures, "files": len(files), "failed": len(wrong)}
    if wrong:
        raise Failed("\n".join(wrong))


def known_architectures(job: Job, nvcc: str) -> list[str]:
    listed = job.commands.run_well("nvcc's architectures", nvcc, "--list-gpu-arch").output.split()
    for number in ARCHITECTURES:
        if f"compute_{number}" not in listed:
            job.record.note(f"nvcc sm_{number}", Refused("this nvcc does not know it"))
    return [number for number in ARCHITECTURES if f"compute_{number}" in listed]


def compile_one(job: Job, nvcc: str, architectures: list[str], file: Path, folder: Path) -> str | None:
    """Why it did not compile."""
    name = f"nvcc {file.parent.name} {file.stem}"
    generated = job.build_folder / "generated"
    command = (
        nvcc, "-x", "cu", "-std=c++20", *(f"-gencode=arch=compute_{number},code=sm_{number}" for number in architectures),
        "-I", ROOT / "src", "-I", ROOT / "include", "-I", generated, "-isystem", job.tensorrt.include,
        "-c", file, "-o", folder / f"{file.parent.name}-{file.stem}.o",
    )  # fmt: skip
    try:
        require_well(command, job.commands.run_silently(name, *command))
    except Failed as outcome:
        return f"{file.relative_to(ROOT)}: {outcome}"
    return None
