"""One step's run: its settings, its commands, its record."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .commands import Commands
from .outcomes import Failed, Outcome
from .records import Record
from .settings import Settings
from .tensorrt import TensorRT


@dataclass(frozen=True)
class Job:
    settings: Settings
    tensorrt: TensorRT
    commands: Commands
    record: Record

    @property
    def build_folder(self) -> Path:
        return self.settings.work / "build"

    def program(self, name: str) -> Path:
        path = (self.settings.programs or self.build_folder / "bin") / name
        if not path.is_file():
            raise Failed(f"{path} is missing: step `build` makes it")
        return path

    @contextmanager
    def attempt(self, check: str) -> Iterator[None]:
        """A check that may end in any way; the step goes on after it, and what it has so far is kept."""
        try:
            yield
        except Outcome as outcome:
            self.record.note(check, outcome)
            self.commands.say(f"{check}: {type(outcome).__name__.lower()}: {str(outcome).splitlines()[0]}")
        finally:
            self.record.save()
