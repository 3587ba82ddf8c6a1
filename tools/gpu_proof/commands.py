"""Runs a step's commands within the step's time."""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .files import ROOT
from .outcomes import Failed, OutOfTime

SHOWN_LINES = 15
SECONDS_TO_END = 3


@dataclass(frozen=True)
class Done:
    code: int
    output: str
    seconds: float


def last_lines(output: str, count: int = SHOWN_LINES) -> str:
    return "\n".join([line for line in output.splitlines() if line.strip()][-count:])


class Commands:
    """Prints one line for each command, keeps what it says in a log, and stops it when the step's time is up."""

    def __init__(self, step: str, seconds: float, environment: Mapping[str, str], logs: Path) -> None:
        self._step = step
        self._end = time.monotonic() + seconds
        self._environment = environment
        self._logs = logs

    def left(self) -> float:
        return self._end - time.monotonic()

    def say(self, text: str) -> None:
        print(f"{self._step}: {text}", flush=True)

    def run(self, name: str, *command, seconds: float | None = None, environment: Mapping[str, str] | None = None) -> Done:
        """Any exit code; `run_well` is for those that must be 0. `seconds` bounds it further than the step does."""
        self.say(f"{name} ...")
        done = self.run_silently(name, *command, seconds=seconds, environment=environment)
        self.say(f"{name}: {'done' if done.code == 0 else f'exit code {done.code}'}, {done.seconds:.1f} s")
        return done

    def run_well(self, name: str, *command, **options) -> Done:
        done = self.run(name, *command, **options)
        require_well(command, done)
        return done

    def run_silently(
        self, name: str, *command, seconds: float | None = None, environment: Mapping[str, str] | None = None
    ) -> Done:
        command = [str(part) for part in command]
        limit = self.left() if seconds is None else min(seconds, self.left())
        if limit <= 0:
            raise OutOfTime("not begun: the step's time is up")
        log = self._logs / f"{self._step}-{name.replace(' ', '-').replace('/', '-')}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        start = time.monotonic()
        code = self._execute(command, log, limit, self._environment if environment is None else environment)
        seconds_taken = time.monotonic() - start
        output = log.read_text(errors="replace").split("\n", 1)[1]  # Without the command.
        if code is None:
            self.say(f"{name}: stopped after {seconds_taken:.0f} s")
            raise OutOfTime(f"stopped after {seconds_taken:.0f} s", output)
        return Done(code, output, seconds_taken)

    @staticmethod
    def _execute(command: list[str], log: Path, seconds: float, environment: Mapping[str, str]) -> int | None:
        """The exit code; None if it did not end in time."""
        with log.open("wb") as file:
            file.write(f"$ {shlex.join(command)}\n".encode())
            file.flush()
            try:
                # A group of its own, so that what it started ends with it.
                process = subprocess.Popen(
                    command, cwd=ROOT, env=dict(environment), stdin=subprocess.DEVNULL, stdout=file,
                    stderr=subprocess.STDOUT, start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                raise Failed(f"{command[0]} cannot be started: {error.strerror}") from None
            try:
                return process.wait(seconds)
            except subprocess.TimeoutExpired:
                return None
            finally:
                if process.returncode is None:
                    _end_group(process)


def require_well(command, done: Done) -> None:
    if done.code != 0:
        what = f"signal {-done.code}" if done.code < 0 else f"exit code {done.code}"
        lines = last_lines(done.output)
        print(lines, flush=True)
        raise Failed(f"{Path(str(command[0])).name}: {what}: {lines}")


def _end_group(process: subprocess.Popen) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
