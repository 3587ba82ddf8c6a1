"""What a step did: OUT/steps/NAME.json, written again after every check."""

import datetime
import time
from dataclasses import dataclass, field
from pathlib import Path

from .files import read_json, write_json
from .outcomes import Failed, Missing, Outcome, OutOfTime, Refused

IDENTITY = ("sources", "effort", "gpu", "tensorrt")


@dataclass
class Record:
    """`results` are kept by the next run of the same sources, effort, GPU and TensorRT: only the rest is run again."""

    path: Path
    step: str
    identity: dict
    about: dict
    results: dict = field(default_factory=dict)
    facts: dict = field(default_factory=dict)
    refused: list[dict] = field(default_factory=list)
    failed: list[dict] = field(default_factory=list)
    incomplete: list[dict] = field(default_factory=list)
    seconds_before: float = 0
    start: float = field(default_factory=time.monotonic)

    def note(self, check: str, outcome: Outcome) -> None:
        lists = {Refused: self.refused, Failed: self.failed, Missing: self.incomplete, OutOfTime: self.incomplete}
        lists[type(outcome)].append({"check": check, "why": str(outcome)})

    def seconds(self) -> float:
        """Of this run and the ones that it goes on from."""
        return self.seconds_before + time.monotonic() - self.start

    def status(self) -> str:
        if self.failed:
            return "failed"
        if self.incomplete:
            return "incomplete"
        return "refused" if self.refused and not self.results and not self.facts else "passed"

    def save(self, status: str = "incomplete") -> None:
        """Before the step has ended its status is "incomplete", for the case that it is killed."""
        write_json(
            self.path,
            {
                "step": self.step,
                "status": status,
                "seconds": round(self.seconds(), 1),
                "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                **self.about,
                **self.identity,
                "refused": self.refused,
                "failed": self.failed,
                "incomplete": self.incomplete,
                "facts": self.facts,
                "results": self.results,
            },
        )


def path_of(out: Path, step: str) -> Path:
    return out / "steps" / f"{step}.json"


def has_passed(out: Path, step: str, identity: dict) -> bool:
    old = read_json(path_of(out, step))
    return old.get("status") == "passed" and _identity(old) == identity


def begin(out: Path, step: str, identity: dict, about: dict, afresh: bool) -> Record:
    record = Record(path_of(out, step), step, identity, about)
    old = read_json(record.path)
    if not afresh and _identity(old) == identity:
        record.results = old.get("results", {})
        record.seconds_before = old.get("seconds", 0)
    return record


def _identity(content: dict) -> dict:
    return {name: content.get(name) for name in IDENTITY}
