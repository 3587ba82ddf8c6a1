"""`bench`: eager execution, capture and replay of a model measured side by side."""

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

__all__ = ["BenchResult", "bench"]

_MEMBERS = ("model", "backend", "device", "rounds", "calls_per_round", "shapes", "modes", "cache", "per_shape")
# More are in the record; a table is to be read.
_MOST_SHAPES = 12


@dataclass(frozen=True, repr=False)
class BenchResult:
    """What `bench` measured. `record` is the JSON that `replayrt bench --json` writes; do not change it.

    Times are in microseconds; "modes" are those that were asked for, in their order.
    """

    record: dict[str, Any]

    def __post_init__(self) -> None:
        require_members(self.record, _MEMBERS, "bench")

    @property
    def model(self) -> str:
        """The model's path, as it was given."""
        return str(self.record["model"])

    @property
    def shapes(self) -> tuple[str, ...]:
        """The distinct shapes, in the order of their first calls."""
        return tuple(self.record["shapes"])

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes that were run."""
        return tuple(self.record["modes"])

    @property
    def median_us(self) -> dict[str, float]:
        """By mode: the median over all calls."""
        return self._by_mode("median_us")

    @property
    def p99_us(self) -> dict[str, float]:
        """By mode: the time within which 99 % of the calls were served."""
        return self._by_mode("p99_us")

    @property
    def throughput_per_s(self) -> dict[str, float]:
        """By mode: calls per second."""
        return self._by_mode("throughput_per_s")

    @property
    def ratio_to_eager(self) -> dict[str, float | None]:
        """By mode: time of a round divided by eager's in the same round, median of the rounds; None without eager."""
        return self._by_mode("ratio_to_eager")

    @property
    def routes(self) -> dict[str, dict[str, int]]:
        """By mode: how many calls each route served."""
        return self._by_mode("routes")

    @property
    def shape_median_us(self) -> dict[str, dict[str, float]]:
        """By shape, then by mode: the median over the calls of the shape."""
        return {shape["shape"]: dict(shape["median_us"]) for shape in self.record["per_shape"]}

    @property
    def max_abs_difference_to_eager(self) -> float | None:
        """Largest difference of an answer to the eager one; None without a mode that has a cache."""
        difference: float | None = self.record.get("max_abs_difference_to_eager")
        return difference

    def to_dict(self) -> dict[str, Any]:
        """A copy of the record."""
        return copy.deepcopy(self.record)

    def save(self, path: StrPath) -> None:
        """Writes the record as JSON. Raises FileAccessError."""
        save_record(self.record, path)

    @classmethod
    def load(cls, path: StrPath) -> BenchResult:
        """Reads what `save` or `replayrt bench --json` wrote. Raises FileAccessError, InvalidParameterError."""
        return cls(load_record(path))

    def plot(self, figure: Figure | None = None) -> Figure:
        """Draws latency by shape and route, hit rate over time and bytes by model; see `plots.plot_bench`."""
        from .plots import plot_bench

        return plot_bench(self.record, figure)

    def _by_mode(self, member: str) -> dict[str, Any]:
        return {name: copy.copy(mode[member]) for name, mode in self.record["modes"].items()}

    def __repr__(self) -> str:
        head = (
            f"bench of {self.model}: {self.record['backend']} on {self.record['device']}, "
            f"{self.record['rounds']} rounds of {self.record['calls_per_round']} calls"
        )
        rows = [["shape (median)", *self.modes]]
        for shape, medians in list(self.shape_median_us.items())[:_MOST_SHAPES]:
            rows.append([shape, *(_time_text(medians[mode]) for mode in self.modes)])
        more = len(self.shapes) - _MOST_SHAPES
        if more > 0:
            rows.append([f"... and {more} more", *("" for _ in self.modes)])
        rows.append(["all, median", *map(_time_text, self.median_us.values())])
        rows.append(["all, p99", *map(_time_text, self.p99_us.values())])
        ratios = ["-" if ratio is None else f"{ratio:.3f}" for ratio in self.ratio_to_eager.values()]
        rows.append(["to eager", *ratios])
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
        return "\n".join([head, *map(str.rstrip, lines)])


def bench(
    model: StrPath,
    *,
    shapes: str | Sequence[Shape] | None = None,
    trace: StrPath | None = None,
    modes: str | Sequence[str] = ("eager", "replay"),
    iterations: int = 10,
    warmup: int | None = None,
    repeat: int | None = None,
    shuffle: int | None = None,
    cold: bool = False,
    seed: int | None = None,
    callers: int | None = None,
    streams: int | None = None,
    capacity: int | None = None,
    max_bytes: int | str | None = None,
    admission: str | None = None,
    eviction: str | None = None,
    capture: str | None = None,
    verify: float | str | None = None,
    instances: int | None = None,
    backend: str | None = None,
    device: str | None = None,
    precision: str | None = None,
    inference_threads: int | None = None,
    fuse: str | Sequence[str] | None = None,
    compare: str | None = None,
    load_keys: StrPath | None = None,
    save_keys: StrPath | None = None,
    metrics: StrPath | None = None,
    html: StrPath | None = None,
) -> BenchResult:
    """Measures `model` in a process of its own, so that nothing of the caller's takes part, and nothing is printed.

    Each argument is the flag of that name of `replayrt bench`, whose help tells what it does; None: the flag's default.
    Either `shapes` (what to call with, in this order) or `trace` (a file with a shape per line) is needed.
    `save_keys`, `metrics` and `html` are files that are written, beside the record that is given back.

    Raises what the library raises there (InvalidParameterError, FileAccessError, ModelInputError, …), with the program's
    message, and ModelRuntimeError if the process was ended from outside or crashed. Warnings go to the logger "replayrt".
    """
    flags: dict[str, object] = {
        "shapes": None if shapes is None else shapes_text(shapes),
        "trace": _path(trace),
        "modes": modes if isinstance(modes, str) else ",".join(modes),
        "iterations": iterations,
        "warmup": warmup,
        "repeat": repeat,
        "shuffle": shuffle,
        "cold": cold,
        "seed": seed,
        "callers": callers,
        "streams": streams,
        "capacity": capacity,
        "max-bytes": max_bytes,
        "admission": admission,
        "eviction": eviction,
        "capture": capture,
        "verify": verify,
        "instances": instances,
        "backend": backend,
        "device": device,
        "precision": precision,
        "inference-threads": inference_threads,
        "fuse": [fuse] if isinstance(fuse, str) else fuse,
        "compare": compare,
        "load-keys": _path(load_keys),
        "save-keys": _path(save_keys),
        "metrics": _path(metrics),
        "html": _path(html),
    }
    if flags["metrics"] == "-":
        raise InvalidParameterError("metrics: expected a file name, got '-': nothing is printed")
    return BenchResult(measure("bench", model, flags))


def _path(path: StrPath | None) -> str | None:
    return None if path is None else os.fspath(path)


def _time_text(us: float) -> str:
    for unit in ("us", "ms"):
        if us < 999.5:
            return f"{us:.3g} {unit}"
        us /= 1e3
    return f"{us:.3g} s"
