"""Step `machine`: what is here, and which checks this machine refuses for what it lacks."""

import os
import platform
import shutil
import subprocess
from functools import cache
from pathlib import Path

import facts

from .job import Job
from .outcomes import Failed, Refused
from .tensorrt import version_text

# Where NVIDIA installs what may not be in PATH.
TOOLKITS = (os.environ.get("CUDA_PATH", ""), "/usr/local/cuda")
VERSIONS = {
    "c++": ("--version", 0),
    "cmake": ("--version", 0),
    "ninja": ("--version", 0),
    "nvcc": ("--version", -1),
    "compute-sanitizer": ("--version", -1),
    "ncu": ("--version", -1),
    "trtexec": (None, 0),
}
WHY_NEEDED = {
    "nvcc": ("nvcc", "no nvcc: the sources are compiled by the C++ compiler alone"),
    "compute-sanitizer": ("sanitizers", "no compute-sanitizer in PATH or the CUDA toolkit"),
    "ncu": ("ncu", "no ncu: no kernel is profiled"),
    "trtexec": ("trtexec", "no trtexec: the bare loop of cudaGraphLaunch is the limit to compare with"),
}


def find_tool(name: str) -> str | None:
    folders = [Path(root) / part for root in TOOLKITS if root for part in ("bin", "compute-sanitizer")]
    return shutil.which(name) or shutil.which(name, path=":".join(map(str, folders)))


@cache
def gpus() -> list[dict]:
    """Empty where there is none, or no driver."""
    fields = ("name", "driver_version", "memory.total")
    try:
        done = subprocess.run(
            ("nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"),
            check=True, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [[part.strip() for part in line.split(",")] for line in done.stdout.splitlines() if line.count(",") == 2]
    return [{"name": name, "driver": driver, "memory_mib": memory} for name, driver, memory in rows]


def gpu_name() -> str:
    return gpus()[0]["name"] if gpus() else "none"


def run(job: Job) -> None:
    tools = {name: version_of(name) for name in VERSIONS}
    library = job.tensorrt.library_version()
    job.record.facts = {
        "gpus": gpus(),
        "cpu": facts.cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "tools": tools,
        "tensorrt": {"headers": version_text(job.tensorrt.headers), "library": version_text(library)},
    }
    for name in ("nvinfer", "nvonnxparser"):
        found = job.tensorrt.library(name)
        job.record.facts["tensorrt"][name] = str(found) if found else None
        if found is None:
            job.record.note("TensorRT", Failed(f"{job.tensorrt.lib} has no lib{name}.so.*: is --tensorrt right?"))
    if job.tensorrt.library("nvinfer") and library is None:
        why = f"{job.tensorrt.library('nvinfer')} cannot be opened, or is no TensorRT: try ldd on it"
        job.record.note("TensorRT", Failed(why))
    for name, (check, why) in WHY_NEEDED.items():
        if tools[name] is None:
            job.record.note(check, Refused(why))
    if not gpus():
        job.record.note("GPU", Refused("nvidia-smi shows none: what runs on one fails or runs on doubles"))
    if len(gpus()) < 2:
        job.record.note("several GPUs", Refused(f"{len(gpus())} of 2 are here: all runs on one device"))
    job.commands.say(f"{gpu_name()}, {job.record.facts['cores']} cores, TensorRT {version_text(library)}")


def version_of(name: str) -> str | None:
    """A line of what it says; its path where it has no such flag; None if it is not here."""
    path = find_tool(name)
    flag, line = VERSIONS[name]
    if path is None or flag is None:
        return path
    try:
        done = subprocess.run((path, flag), capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return path
    lines = [text.strip() for text in done.stdout.splitlines() if text.strip()]
    return lines[line] if lines else path
