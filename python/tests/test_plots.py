"""replayrt.plots: what the panels show of a record."""

import copy
import math
import sys

import matplotlib.figure
import pytest
from matplotlib.figure import Figure

from replayrt.errors import InvalidParameterError, MissingDependencyError
from replayrt.plots import Latency, draw_bytes, draw_hit_rate, draw_latency, new_figure, plot_bench

MEBIBYTE = 1 << 20


def route(median: float, p99: float) -> dict:
    return {"calls": 3, "median_us": median, "p99_us": p99}


def over_time(seconds: list, calls: list, replayed: list) -> dict:
    return {"over_time": {"seconds": seconds, "calls": calls, "captured": [0] * len(calls), "replayed": replayed}}


def record() -> dict:
    return {
        "model": "models/rec.onnx",
        "backend": "openvino",
        "device": "cpu",
        "modes": {
            "eager": over_time([1.0], [6], [0]),
            "recapture": over_time([1.0], [6], [0]),
            "replay": over_time([0.5, 1.0, 2.0], [2, 4, 8], [0, 1, 5]),
        },
        "per_shape": [
            {
                "shape": "1x8",
                "routes": {
                    "eager": {"eager": route(2000, 3000)},
                    "recapture": {"captured": route(9000, 9500)},
                    "replay": {"captured": route(8000, 8500), "replayed": route(1000, 1500)},
                },
            },
            {
                "shape": "2x8",
                "routes": {
                    "eager": {"eager": route(4000, 5000)},
                    "recapture": {"captured": route(9100, 9600)},
                    "replay": {"replayed": route(2500, 2600)},
                },
            },
        ],
        "cache": {"models": [{"model": "models/rec.onnx", "bytes": 3 * MEBIBYTE, "shared_bytes": MEBIBYTE}]},
    }


def drawn(axes) -> dict:
    """The lines of the axes by their labels."""
    return {line.get_label(): [list(axis) for axis in line.get_data()] for line in axes.get_lines()}


def texts(axes) -> list:
    return [text.get_text() for text in axes.texts]


def legend(axes) -> list:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_there_are_three_panels():
    figure = plot_bench(record())
    assert isinstance(figure, Figure)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["Latency by shape and route", "Hit rate over time", "Bytes by model"]
    assert figure.get_suptitle() == "rec.onnx, openvino on cpu"
    assert all(axes.get_ylabel() for axes in figure.axes)


def test_latency_has_median_and_p99_of_each_shape_and_route():
    axes = plot_bench(record()).axes[0]
    lines = {label: y for label, (_, y) in drawn(axes).items()}
    assert legend(axes) == ["eager", "recapture: captured", "replay: captured", "replay: replayed"]
    assert lines["eager"] == [2, 4] and lines["_eager, p99"] == [3, 5]
    assert lines["replay: replayed"] == [1, 2.5] and lines["_replay: replayed, p99"] == [1.5, 2.6]
    assert lines["replay: captured"][0] == 8 and math.isnan(lines["replay: captured"][1])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1x8", "2x8"]
    columns = [x[0] for x, _ in drawn(axes).values()]
    assert len(set(columns)) == 4 and all(abs(x) < 0.5 for x in columns)


def test_hit_rate_is_that_of_each_interval():
    axes = plot_bench(record()).axes[1]
    assert legend(axes) == ["replay"]
    assert drawn(axes) == {"replay": [[0, 0.5, 1, 2], [0, 0, 0.5, 1]]}


def test_many_points_are_drawn_as_few_intervals():
    many = record()
    calls = list(range(1, 201))
    many["modes"]["replay"] = over_time([float(i) for i in calls], calls, [i // 2 for i in calls])
    x, y = drawn(plot_bench(many).axes[1])["replay"]
    assert len(x) == 41 and x[-1] == 200
    assert all(0.4 <= rate <= 0.6 for rate in y) and sum(y[1:]) / 40 == pytest.approx(0.5)


def test_bytes_are_stacked_by_model():
    axes = plot_bench(record()).axes[2]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["rec.onnx"]
    assert [(bar.get_y(), bar.get_height()) for bar in axes.patches] == [(0, 3), (3, 1)]
    assert legend(axes) == ["graphs", "shared by all runs"] and texts(axes) == ["4"]


def test_models_lie_side_by_side():
    axes = new_figure(1).subplots()
    draw_bytes(axes, {"det": {"graphs": 2 * MEBIBYTE}, "rec": {"graphs": MEBIBYTE, "shared": MEBIBYTE}})
    assert [label.get_text() for label in axes.get_xticklabels()] == ["det", "rec"]
    assert [bar.get_height() for bar in axes.patches] == [2, 1, 0, 1]
    assert texts(axes) == ["2", "2"]


def test_two_records_give_different_pictures():
    other = copy.deepcopy(record())
    other["per_shape"][1]["routes"]["replay"]["replayed"]["median_us"] = 2000
    other["modes"]["replay"]["over_time"]["replayed"] = [1, 2, 6]
    other["cache"]["models"][0]["bytes"] = 7 * MEBIBYTE
    one, two = plot_bench(record()).axes, plot_bench(other).axes
    assert drawn(one[0])["replay: replayed"] != drawn(two[0])["replay: replayed"]
    assert drawn(one[0])["eager"] == drawn(two[0])["eager"]
    assert drawn(one[1]) != drawn(two[1])
    assert [bar.get_height() for bar in one[2].patches] != [bar.get_height() for bar in two[2].patches]


def test_scales_fit_what_is_drawn():
    def scale(most: float) -> str:
        axes = new_figure(1).subplots()
        draw_latency(axes, ["1x8"], {"eager": [Latency(10, most)]})
        return axes.get_yscale()

    assert (scale(100), scale(10_000)) == ("linear", "log")


def test_few_of_many_shapes_are_named():
    axes = new_figure(1).subplots()
    draw_latency(axes, [f"1x{i}" for i in range(100)], {"eager": [Latency(10, 20)] * 100})
    assert len(axes.get_xticks()) <= 24
    assert len(drawn(axes)["eager"][0]) == 100


def test_panels_without_data_say_so():
    eager = record()
    eager["modes"] = {"eager": eager["modes"]["eager"]}
    eager["cache"] = None
    latency, hit_rate, held = plot_bench(eager).axes
    assert legend(latency) == ["eager"]
    assert texts(hit_rate) == ["no mode that replays"] and texts(held) == ["no mode with a cache"]
    axes = new_figure(1).subplots()
    draw_latency(axes, ["1x8"], {"eager": [None]})
    assert texts(axes) == ["no calls"]
    axes = new_figure(1).subplots()
    draw_bytes(axes, {"rec": {"graphs": 0}})
    assert texts(axes) == ["0"]


def test_a_figure_of_the_callers_is_drawn_on():
    figure = Figure()
    assert plot_bench(record(), figure) is figure
    assert len(figure.axes) == 3


def test_a_figure_can_be_saved(tmp_path):
    figure = new_figure(1)
    draw_hit_rate(figure.subplots(), {"replay": [(1.0, 0.5)]})
    figure.savefig(tmp_path / "hit_rate.png")
    assert (tmp_path / "hit_rate.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("member", ["modes", "per_shape", "cache", "model"])
def test_a_record_that_lacks_something_is_refused(member):
    broken = record()
    del broken[member]
    with pytest.raises(InvalidParameterError, match=f"it lacks '{member}'"):
        plot_bench(broken)


def test_without_matplotlib_the_error_says_how_to_get_it(monkeypatch):
    assert matplotlib.figure
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingDependencyError, match="pip install matplotlib"):
        plot_bench(record())
