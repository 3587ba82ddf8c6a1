"""`doctor`: whether capturing helps a model on this machine, why, and what to choose."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._program import Shape, StrPath, load_record, measure, require_members, save_record, shapes_text
from .errors import InvalidParameterError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["DoctorResult", "doctor"]

_MEMBERS = ("model", "backend", "device", "verdict", "ratio", "shapes", "refusals", "trace", "cache", "buckets", "words")


@dataclass(frozen=True, repr=False)
class DoctorResult:
    """What `doctor` found. `record` is the JSON that `replayrt doctor --json` writes; do not change it.

    Times are in seconds. `str` and `repr` give the doctor's words.
    """

    record: dict[str, Any]

    def __post_init__(self) -> None:
        require_members(self.record, _MEMBERS, "doctor")

    @property
    def model(self) -> str:
        """The model's path, as it was given."""
        return str(self.record["model"])

    @property
    def verdict(self) -> str:
        """ "helps", "helps_little", "does_not_help" or "cannot_be_captured"."""
        return str(self.record["verdict"])

    @property
    def ratio(self) -> float | None:
        """Replay time divided by eager time, median of the rounds; None if nothing was captured."""
        return None if self.record["ratio"] is None else float(self.record["ratio"]["median"])

    @property
    def break_even_replays(self) -> float | None:
        """Replays of a shape after which its capture has paid; None if it never does, or cannot be captured."""
        replays: float | None = self.record.get("break_even_replays")
        return replays

    @property
    def shapes(self) -> tuple[str, ...]:
        """The distinct shapes, in the order of their first calls; measured or estimated."""
        return tuple(shape["shape"] for shape in self.record["shapes"])

    @property
    def refusals(self) -> dict[str, str]:
        """By reason: the message of the first shape that was refused for it."""
        return {refusal["reason"]: refusal["message"] for refusal in self.record["refusals"]}

    @property
    def use_cache(self) -> bool:
        """Whether the model is better served with a cache."""
        return bool(self.record["cache"]["use"])

    @property
    def recommended(self) -> dict[str, Any]:
        """Arguments for GraphCacheOptions: capacity, max_bytes, eviction, admission; empty without a cache."""
        names = ("capacity", "max_bytes", "eviction", "admission")
        return {name: self.record["cache"][name] for name in names} if self.use_cache else {}

    @property
    def buckets(self) -> dict[tuple[str, int], str]:
        """By input and axis: the buckets that would make the trace faster, such as "list:320,480". Padding may change
        answers: compare yours.
        """
        return {(of["input"], of["axis"]): of["buckets"] for of in self.record["buckets"] if of["worth_it"]}

    def to_dict(self) -> dict[str, Any]:
        """A copy of the record."""
        return copy.deepcopy(self.record)

    def save(self, path: StrPath) -> None:
        """Writes the record as JSON. Raises FileAccessError."""
        save_record(self.record, path)

    @classmethod
    def load(cls, path: StrPath) -> DoctorResult:
        """Reads what `save` or `replayrt doctor --json` wrote. Raises FileAccessError, InvalidParameterError."""
        return cls(load_record(path))

    def plot(self, figure: Figure | None = None) -> Figure:
        """Draws the latency of the measured shapes, and the bytes of the graphs to keep: kept under the budget or left
        out. Draws onto `figure` if one is given, else onto a new one, and returns it. Raises MissingDependencyError
        without matplotlib, InvalidParameterError for a record that lacks what is drawn.
        """
        from .plots import Latency, draw_bytes, draw_latency, new_figure

        figure = new_figure(2) if figure is None else figure
        try:
            measured = [shape for shape in self.record["shapes"] if not shape["estimated"]]
            series: dict[str, list[Latency | None]] = {
                mode: [
                    Latency(1e6 * times["median_s"], 1e6 * times["p99_s"]) if times else None
                    for times in (shape[mode] for shape in measured)
                ]
                for mode in ("eager", "replay")
            }
            cache = self.record["cache"]
            held = {"kept": cache["max_bytes"], "left out": cache["bytes_wanted"] - cache["max_bytes"]}
            names = [str(shape["shape"]) for shape in measured]
            title = f"{os.path.basename(self.model)}, {self.record['backend']} on {self.record['device']}: {self.verdict}"
        except (KeyError, TypeError) as error:
            raise InvalidParameterError(f"record: expected the JSON of `replayrt doctor`, it lacks {error}") from error
        first, second = figure.subplots(1, 2)
        figure.suptitle(title)
        draw_latency(first, names, {mode: times for mode, times in series.items() if any(times)})
        draw_bytes(second, {os.path.basename(self.model): held})
        second.set_title("Bytes of the graphs to keep")
        return figure

    def __repr__(self) -> str:
        return str(self.record["words"]).rstrip("\n")


def doctor(
    model: StrPath,
    *,
    trace: StrPath | None = None,
    shapes: str | Sequence[Shape] | None = None,
    repeat: int | None = None,
    seconds: int | None = None,
    most_shapes: int | None = None,
    max_bytes: int | str | None = None,
    max_buckets: int | None = None,
    seed: int | None = None,
    backend: str | None = None,
    device: str | None = None,
    precision: str | None = None,
    inference_threads: int | None = None,
    fuse: str | Sequence[str] | None = None,
) -> DoctorResult:
    """Says whether capturing helps `model` (a file, or a package's folder) here, why, and what to choose: `print` it.

    It measures in a process of its own, for a few seconds (`seconds`). Each argument is the flag of that name of
    `replayrt doctor`, whose help tells what it does; None: the flag's default. Without `trace` (a file with a shape per
    line) and `shapes` it chooses shapes and says so.

    Raises as `bench` does.
    """
    flags: dict[str, object] = {
        "trace": None if trace is None else os.fspath(trace),
        "shapes": None if shapes is None else shapes_text(shapes),
        "repeat": repeat,
        "seconds": seconds,
        "most-shapes": most_shapes,
        "max-bytes": max_bytes,
        "max-buckets": max_buckets,
        "seed": seed,
        "backend": backend,
        "device": device,
        "precision": precision,
        "inference-threads": inference_threads,
        "fuse": [fuse] if isinstance(fuse, str) else fuse,
    }
    return DoctorResult(measure("doctor", model, flags))
