"""What belongs to every figure: where, when and with what it was measured."""

import datetime
import os
import subprocess
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Pages and results change no program.
NOT_MEASURED = (":!*.md", ":!benchmarks/results")


def collect(command: str, threads: int, replayrt_version: str) -> dict:
    return {
        "command": command,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": git("rev-parse", "HEAD") or "unknown",
        "dirty": git("status", "--porcelain", "--", ".", *NOT_MEASURED) != "",
        "machine": {
            "cpu": cpu_model(),
            "cores": len(os.sched_getaffinity(0)),
            "load_average": round(os.getloadavg()[0], 2),
        },
        "threads": threads,
        "precision": "f32",
        "versions": {"replayrt": replayrt_version}
        | {package: metadata.version(package) for package in ("openvino", "onnxruntime", "rapidocr")},
    }


def cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def git(*arguments: str) -> str | None:
    """None where the sources are no git checkout."""
    try:
        done = subprocess.run(("git", "-C", ROOT, *arguments), check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
