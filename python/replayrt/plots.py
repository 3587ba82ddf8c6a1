"""Pictures of measurements. A function per panel draws plain data onto axes that the caller has.

The figures are no part of pyplot's state: save them with `figure.savefig`, or pass `pyplot.figure()` to have one that
`pyplot.show` shows.
"""

from __future__ import annotations

import math
import ntpath
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import InvalidParameterError, MissingDependencyError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Latency", "draw_bytes", "draw_hit_rate", "draw_latency", "new_figure", "plot_bench"]

_COLORS = {"eager": "#7a7a7a", "recapture": "#d9822b", "replay": "#1f6fb4"}
_MARKERS = {"eager": "s", "captured": "^", "replayed": "o"}
_MOST_TICKS = 24
_MOST_INTERVALS = 40
_LOG_SCALE_FROM = 20
_MEBIBYTE = 1 << 20


class Latency(NamedTuple):
    """Of the calls of one shape that one route served, in microseconds."""

    median_us: float
    p99_us: float


def new_figure(panels: int) -> Figure:
    """An empty figure with room for so many panels side by side. Raises MissingDependencyError."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("plots need the package matplotlib: pip install matplotlib") from error
    return Figure(figsize=(5.2 * panels, 4.2), layout="constrained")


def plot_bench(record: Mapping[str, Any], figure: Figure | None = None) -> Figure:
    """Draws the JSON of `replayrt bench` in three panels: latency, hit rate, bytes.

    Draws onto `figure` if one is given, else onto a new one, and returns it. Raises MissingDependencyError without
    matplotlib, InvalidParameterError for a record that lacks what is drawn.
    """
    figure = new_figure(3) if figure is None else figure
    try:
        shapes = [str(shape["shape"]) for shape in record["per_shape"]]
        latency, hit_rate, held = _latency_of(record), _hit_rate_of(record), _bytes_of(record)
        title = f"{_file_name(record['model'])}, {record['backend']} on {record['device']}"
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidParameterError(f"record: expected the JSON of `replayrt bench`, it lacks {error}") from error
    first, second, third = figure.subplots(1, 3)
    figure.suptitle(title)
    draw_latency(first, shapes, latency)
    draw_hit_rate(second, hit_rate)
    draw_bytes(third, held)
    return figure


def draw_latency(axes: Axes, shapes: Sequence[str], series: Mapping[str, Sequence[Latency | None]]) -> None:
    """Median (a marker) and p99 (the bar above it) by shape.

    `series`: for each label, such as "eager" or "replay: captured", a latency for each shape, or None where the route
    served no call of the shape.
    """
    axes.set_title("Latency by shape and route")
    axes.set_ylabel("ms (marker: median, bar: p99)")
    _set_shape_ticks(axes, shapes)
    if not any(latency for latencies in series.values() for latency in latencies):
        _say(axes, "no calls")
        return
    for number, (label, latencies) in enumerate(series.items()):
        x = [i + 0.6 * ((number + 0.5) / len(series) - 0.5) for i in range(len(shapes))]
        medians = [latency.median_us / 1e3 if latency else math.nan for latency in latencies]
        p99s = [latency.p99_us / 1e3 if latency else math.nan for latency in latencies]
        mode, _, route = label.partition(": ")
        (line,) = axes.plot(
            x, medians, label=label, marker=_MARKERS.get(route or mode, "o"), linestyle="none", color=_COLORS.get(mode)
        )
        axes.vlines(x, medians, p99s, color=line.get_color(), linewidth=1)
        axes.plot(x, p99s, label=f"_{label}, p99", marker="_", linestyle="none", color=line.get_color())
    times = [time for latencies in series.values() for latency in latencies if latency for time in latency]
    if 0 < min(times) < max(times) / _LOG_SCALE_FROM:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.legend()


def draw_hit_rate(axes: Axes, series: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """How much of the calls was replayed, as time went on.

    `series`: for each label points (seconds, rate), the rate from 0 to 1 since the point before.
    """
    axes.set_title("Hit rate over time")
    axes.set_ylabel("replayed calls")
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.set_xlabel("seconds of the mode's calls")
    if not any(series.values()):
        _say(axes, "no mode that replays")
        return
    for label, points in series.items():
        if points:
            seconds, rates = [0.0, *(at for at, _ in points)], [points[0][1], *(rate for _, rate in points)]
            axes.plot(seconds, rates, label=label, drawstyle="steps-pre", color=_COLORS.get(label))
    axes.set_xlim(left=0)
    axes.legend()


def draw_bytes(axes: Axes, models: Mapping[str, Mapping[str, int]]) -> None:
    """Memory that is held for each model, stacked by kind: `models[model][kind]` in bytes."""
    axes.set_title("Bytes by model")
    axes.set_ylabel("MiB")
    if not models:
        _say(axes, "no mode with a cache")
        return
    names = list(models)
    below = [0.0] * len(names)
    kinds = dict.fromkeys(kind for held in models.values() for kind, size in held.items() if size > 0)
    for kind in kinds or ["none held"]:
        heights = [models[name].get(kind, 0) / _MEBIBYTE for name in names]
        bars = axes.bar(range(len(names)), heights, width=0.5, bottom=below, label=kind)
        below = [height + base for height, base in zip(heights, below)]
    axes.bar_label(bars, [f"{total:.3g}" for total in below])
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.75, len(names) - 0.25)
    axes.set_ylim(0, 1.25 * max(below) or 1)
    axes.legend()


def _latency_of(record: Mapping[str, Any]) -> dict[str, list[Latency | None]]:
    series: dict[str, list[Latency | None]] = {}
    for mode in record["modes"]:
        for route in _MARKERS:
            of_shapes = [shape["routes"][mode].get(route) for shape in record["per_shape"]]
            if any(of_shapes):
                label = mode if mode == route else f"{mode}: {route}"
                series[label] = [Latency(of["median_us"], of["p99_us"]) if of else None for of in of_shapes]
    return series


def _hit_rate_of(record: Mapping[str, Any]) -> dict[str, list[tuple[float, float]]]:
    series: dict[str, list[tuple[float, float]]] = {}
    for name, mode in record["modes"].items():
        if name in ("eager", "recapture"):  # They never replay.
            continue
        over_time = mode["over_time"]
        points = list(zip(over_time["seconds"], over_time["calls"], over_time["replayed"]))
        # A rate is one of several calls where there are many.
        every = -(-len(points) // _MOST_INTERVALS) or 1
        ends = [*points[every - 1 : -1 : every], *points[-1:]]
        rates = []
        calls_before = replayed_before = 0
        for seconds, calls, replayed in ends:
            rates.append((seconds, (replayed - replayed_before) / (calls - calls_before)))
            calls_before, replayed_before = calls, replayed
        series[name] = rates
    return series


def _bytes_of(record: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    models = record["cache"]["models"] if record["cache"] else []
    return {
        _file_name(model["model"]): {"graphs": model["bytes"], "shared by all runs": model["shared_bytes"]}
        for model in models
    }


def _file_name(path: str) -> str:
    return ntpath.basename(path.rstrip("/\\")) or path


def _set_shape_ticks(axes: Axes, shapes: Sequence[str]) -> None:
    every = -(-len(shapes) // _MOST_TICKS) or 1
    ticks = range(0, len(shapes), every)
    axes.set_xticks(ticks, [shapes[i] for i in ticks], rotation=45, ha="right", rotation_mode="anchor")


def _say(axes: Axes, text: str) -> None:
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center")
