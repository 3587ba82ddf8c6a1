"""Step `report`: OUT/gpu_proof.json with all that is recorded, and OUT/gpu_proof.md with its tables."""

import datetime

import gpu_tables

from .files import read_json, write_json, write_text
from .job import Job
from .records import path_of

MEASURED_STEPS = (
    "machine", "build", "plans", "tests", "sanitizers", "latency", "memory", "threads", "background", "stress",
)  # fmt: skip


def without_names(record: dict) -> dict:
    """With the number of the tests that have passed in place of their names, which fill hundreds of lines."""
    for result in record.get("results", {}).values():
        if isinstance(result.get("passed"), list):
            result["passed"] = len(result["passed"])
    return record


def run(job: Job) -> None:
    out = job.settings.out
    steps = {name: without_names(record) for name in MEASURED_STEPS if (record := read_json(path_of(out, name)))}
    proof = {
        "benchmark": "gpu_proof",
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        **job.record.about,
        "effort": job.settings.effort,
        "machine": steps.get("machine", {}).get("facts", {}),
        "status": {name: steps.get(name, {}).get("status", "not run") for name in MEASURED_STEPS},
        "steps": steps,
    }
    write_json(out / "gpu_proof.json", proof)
    write_text(out / "gpu_proof.md", gpu_tables.page(proof))
    job.record.facts = {"json": str(out / "gpu_proof.json"), "markdown": str(out / "gpu_proof.md")}
    for name, status in proof["status"].items():
        job.commands.say(f"{name}: {status}")
    job.commands.say(f"wrote {out / 'gpu_proof.json'} and {out / 'gpu_proof.md'}")
