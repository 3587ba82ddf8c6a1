"""`replayrt bench`: how the calls are made, and what the cache may do."""

import json

import pytest

from conftest import MODELS, TRIVIAL


EVICTIONS = ("lru", "cost_aware")
LAUNCH_BOUND = MODELS / "launch_bound.onnx"


def replay(*flags) -> list:
    return ["--modes", "replay", *flags]


def test_the_defaults_are_named(bench):
    report = bench("--shapes", "1x8", rounds=1)
    named = {key: report[key] for key in ("admission", "capture", "verify", "instances", "callers", "repeat", "cold")}
    assert named == {
        **{"admission": "always", "capture": "inline", "verify": "first", "instances": 1, "callers": 1},
        **{"repeat": 1, "cold": False},
    }
    assert report["shuffle_seed"] is None
    assert [report["cache"][key] for key in ("mismatches", "futile_evictions", "thrash_warnings")] == [0, 0, 0]
    assert isinstance(report["cache"]["time_saved_ms"], float)


def test_cold_rounds_capture_within_what_is_measured(bench):
    arguments = ["--shapes", "1x8,2x8,1x8", *replay()]
    warm, cold = bench(*arguments), bench(*arguments, "--cold")
    assert warm["modes"]["replay"]["routes"] == {"eager": 0, "captured": 0, "replayed": 9}
    assert cold["modes"]["replay"]["routes"] == {"eager": 0, "captured": 6, "replayed": 3}
    assert (cold["cold"], cold["warmup_rounds"], warm["warmup_rounds"]) == (True, 0, 1)
    assert (cold["cache"]["captures"], cold["cache"]["hits"]) == (2, 1)  # Of the last round.
    assert cold["modes"]["replay"]["total_s"] * 1e3 > cold["cache"]["capture_ms_total"]
    assert cold["max_abs_difference_to_eager"] == 0
    assert len(cold["modes"]["replay"]["round_s"]) == 3


@pytest.mark.parametrize(
    ("admission", "routes", "reasons"),
    [
        ("always", {"eager": 0, "captured": 1, "replayed": 2}, {}),
        ("sightings:2", {"eager": 1, "captured": 1, "replayed": 1}, {"not_yet": 1}),
        ("sightings:3", {"eager": 2, "captured": 1, "replayed": 0}, {"not_yet": 2}),
        ("sightings:9", {"eager": 3, "captured": 0, "replayed": 0}, {"not_yet": 3}),
        # Three calls of some microseconds are no reason to compile for milliseconds.
        ("pays_back", {"eager": 3, "captured": 0, "replayed": 0}, {"not_yet": 3}),
    ],
)
def test_admission_decides_what_is_captured(bench, admission, routes, reasons):
    report = bench("--shapes", "1x8,1x8,1x8", *replay("--cold", "--admission", admission), rounds=1)
    assert report["admission"] == admission
    assert report["modes"]["replay"]["routes"] == routes
    assert report["modes"]["replay"]["eager_reasons"] == reasons


def test_recapture_captures_whatever_the_replay_cache_may(bench):
    flags = ["--admission", "sightings:9", "--capture", "background", "--capacity", "0"]
    report = bench("--shapes", "1x8,2x8", *flags, rounds=1)
    assert report["modes"]["recapture"]["routes"]["captured"] == 2
    assert report["modes"]["replay"]["eager_reasons"] == {"capacity_zero": 2}


def test_a_background_capture_lets_calls_pass_eagerly(bench):
    arguments = ["--shapes", "1x8,2x8,3x8", *replay("--cold", "--capture")]
    inline = bench(*arguments, "inline", rounds=1)
    assert inline["modes"]["replay"]["routes"] == {"eager": 0, "captured": 3, "replayed": 0}
    background = bench(*arguments, "background", rounds=1)
    assert background["capture"] == "background"
    assert background["modes"]["replay"]["routes"] == {"eager": 3, "captured": 0, "replayed": 0}
    assert background["modes"]["replay"]["eager_reasons"] == {"capture_pending": 3}
    assert background["max_abs_difference_to_eager"] == 0


def test_eviction_decides_which_graph_goes(bench):
    # 2 is wanted much more often than 1 and 3, which push it out where the least recently used one goes.
    rows = [2] * 60 + [1, 3, 2] * 4
    arguments = ["--shapes", ",".join(f"{n}x16x16x16" for n in rows), *replay("--cold", "--capacity", "2", "--eviction")]
    lru, cost_aware = (bench(*arguments, eviction, model=LAUNCH_BOUND, rounds=1)["cache"] for eviction in EVICTIONS)
    assert (lru["eviction"], cost_aware["eviction"]) == EVICTIONS
    assert lru["captures"] == 1 + 4 * 3
    assert 1 + 4 * 2 <= cost_aware["captures"] < lru["captures"]  # What it saves is measured.


def test_keys_are_saved_and_prewarmed(replayrt, bench, tmp_path):
    arguments = ["--shapes", "1x8,2x8,1x8", *replay("--cold")]
    first = bench(*arguments, "--save-keys", "trivial.keys")
    assert first["modes"]["replay"]["routes"] == {"eager": 0, "captured": 6, "replayed": 3}
    assert (first["cache"]["prewarmed"], first["cache"]["loaded_keys"]) == (0, None)
    saved = json.loads((tmp_path / "trivial.keys").read_text())
    assert len(saved["keys"]) == 2
    again = bench(*arguments, "--load-keys", "trivial.keys", "--save-keys", "again.keys")
    assert again["modes"]["replay"]["routes"] == {"eager": 0, "captured": 0, "replayed": 9}
    assert (again["cache"]["prewarmed"], again["cache"]["loaded_keys"]["accepted"]) == (2, 2)
    assert len(json.loads((tmp_path / "again.keys").read_text())["keys"]) == 2
    small = replayrt("bench", TRIVIAL, *arguments, "--capacity", "1", "--load-keys", "trivial.keys").out
    assert "keys loaded: 1 prewarmed, 1 without room" in small
    warm = bench("--shapes", "1x8,2x8", *replay("--load-keys", "trivial.keys"))
    assert (warm["cache"]["prewarmed"], warm["cache"]["misses"]) == (2, 0)


def test_keys_of_another_model_are_left_out(bench, tmp_path):
    bench("--shapes", "1x8", *replay("--save-keys", "trivial.keys"))
    flags = replay("--cold", "--load-keys", "trivial.keys")
    other = bench("--shapes", "b:2x3;a:2x3", *flags, model=MODELS / "two_inputs.onnx", rounds=1)
    assert other["cache"]["loaded_keys"] == {"accepted": 0, "held": 0, "refused": 0, "no_room": 0, "unknown": 1}
    assert other["modes"]["replay"]["routes"]["captured"] == 1


def test_metrics_are_those_of_the_replay_cache(replayrt, tmp_path):
    def metric(text: str, name: str) -> float:
        (line,) = [line for line in text.splitlines() if line.startswith(f"replayrt_graph_cache_{name} ")]
        return float(line.split()[1])

    command = ["bench", TRIVIAL, "--iterations", "1", "--shapes"]
    assert replayrt(*command, "1x8", "--metrics", "metrics.txt").out.startswith("model ")
    one, two = (tmp_path / "metrics.txt").read_text(), replayrt(*command, "1x8,2x8", "--metrics", "-").out
    for text, shapes in ((one, 1), (two, 2)):
        assert metric(text, "captures_total") == metric(text, "keys") == shapes
    assert two.startswith("# HELP replayrt_graph_cache_")


@pytest.mark.parametrize("verify", ["first", "off", "0.5"])
def test_verification_is_named(bench, verify):
    # That it runs the graph beside an eager executor only the fakes can show: cli_test.
    report = bench("--shapes", "1x8", *replay("--verify", verify), rounds=1)
    assert report["verify"] == verify
    assert report["cache"]["mismatches"] == 0


@pytest.mark.parametrize("instances", [1, 2])
def test_callers_share_the_calls(bench, instances):
    arguments = ["--shapes", "1x8,2x8", "--repeat", "20", "--modes", "eager,replay"]
    one = bench(*arguments, rounds=2)
    two = bench(*arguments, "--callers", "2", "--instances", instances, rounds=2)
    assert (one["callers"], two["callers"], two["instances"]) == (1, 2, instances)
    for name, mode in two["modes"].items():
        assert mode["calls"] == one["modes"][name]["calls"] == sum(mode["routes"].values()) == 80
        assert len(mode["round_s"]) == 2 and sum(mode["round_s"]) == pytest.approx(mode["total_s"])
        assert mode["throughput_per_s"] == pytest.approx(80 / mode["total_s"])
    assert set(two["modes"]["replay"]["eager_reasons"]) <= {"busy"}
    assert two["cache"]["size"] == 2 and 2 <= two["cache"]["captures"] <= 2 * instances
    assert two["max_abs_difference_to_eager"] == one["max_abs_difference_to_eager"] == 0


def test_repeat_multiplies_the_calls_of_a_round(bench, tmp_path):
    (tmp_path / "trace.txt").write_text("1x8\n2x8\n1x8\n")
    once, often = (bench("--trace", "trace.txt", *replay("--repeat", n), rounds=2) for n in (1, 20))
    assert (once["repeat"], once["calls_per_round"], once["modes"]["replay"]["calls"]) == (1, 3, 6)
    assert (often["repeat"], often["calls_per_round"], often["modes"]["replay"]["calls"]) == (20, 60, 120)
    assert often["shapes"] == once["shapes"] == ["1x8", "2x8"]
    assert [shape["calls_per_round"] for shape in often["per_shape"]] == [40, 20]


def test_shuffle_orders_the_calls_by_its_seed(bench):
    # A cache of one graph captures when the shape is another one than before: the order shows in the captures.
    arguments = ["--shapes", "1x8,2x8", *replay("--repeat", "8", "--capacity", "1", "--cold")]

    def captures(*flags) -> int:
        return bench(*arguments, *flags, rounds=1)["cache"]["captures"]

    assert captures() == 16
    by_seed = [captures("--shuffle", seed) for seed in range(3)]
    assert max(by_seed) < 16 and len(set(by_seed)) > 1
    assert captures("--shuffle", 0) == by_seed[0]
    assert bench("--shapes", "1x8", *replay("--shuffle", "3"), rounds=1)["shuffle_seed"] == 3


def test_the_table_names_settings_that_are_not_the_defaults(replayrt):
    bench = ["bench", TRIVIAL, "--shapes", "1x8", "--iterations", "1"]
    assert "settings" not in replayrt(*bench).out
    flags = ["--admission", "sightings:2", "--capture", "background", "--verify", "off", "--instances", "2", "--cold"]
    text = replayrt(*bench, *flags, "--callers", "2", "--shuffle", "7", "--repeat", "3").out
    assert "modes round by round" in text
    (line,) = [line for line in text.splitlines() if line.startswith("settings ")]
    for setting in ["admission sightings:2", "capture background", "verify off", "2 instances", "2 callers"]:
        assert setting in line
    for setting in ["shuffled with seed 7", "trace repeated 3 times", "cold"]:
        assert setting in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--admission", "never"], "--admission: expected always, sightings:N with N of at least 1, or pays_back, got 'never'"),
        (["--admission", "sightings:0"], "N of at least 1, or pays_back, got 'sightings:0'"),
        (["--capture", "later"], "--capture: expected inline or background, got 'later'"),
        (["--verify", "1.5"], "--verify: expected first, off or a probability from 0 to 1, got '1.5'"),
        (["--instances", "0"], "--instances: expected a whole number of at least 1, got '0'"),
        (["--callers", "0"], "--callers: expected a whole number from 1 to 1024, got '0'"),
        (["--shuffle", "-1"], "--shuffle: expected a whole number of at least 0, got '-1'"),
        (["--repeat", "0"], "--repeat: expected a whole number from 1"),
        (["--shapes", "1x8,2x8", "--repeat", "60000000"], "--repeat: expected at most 100000000 calls in a round"),
        (["--cold", "--warmup", "2"], "--warmup: expected 0 with --cold"),
        (["--eviction", "fifo"], "--eviction: expected lru or cost_aware, got 'fifo'"),
        (["--html", "-"], "--html: expected a file name, got '-'"),
        (["--save-keys", "-"], "--save-keys: expected a file name, got '-'"),
        (["--load-keys", "-"], "--load-keys: expected a file name, got '-'"),
        (["--modes", "eager", "--save-keys", "k"], "--save-keys: expected replay among --modes, got 'eager'"),
        (["--modes", "recapture", "--load-keys", "k"], "--load-keys: expected replay among --modes, got 'recapture'"),
        (["--modes", "eager", "--metrics", "m"], "--metrics: expected replay among --modes, got 'eager'"),
    ],
)
def test_usage_errors(fails, arguments, message):
    shapes = [] if "--shapes" in arguments else ["--shapes", "1x8"]
    assert message in fails("bench", TRIVIAL, *shapes, "--json", "report.json", *arguments, code=2)


def test_only_one_report_goes_to_standard_output(fails):
    error = fails("bench", TRIVIAL, "--shapes", "1x8", "--json", "-", "--metrics", "-", code=2)
    assert error == "--metrics: --json goes to standard output already"


@pytest.mark.parametrize("flag", ["--html", "--save-keys", "--metrics"])
@pytest.mark.parametrize("path", ["no/such/folder/file", "/proc/file", ".", "/dev/null"])
def test_a_file_that_cannot_be_written_fails_at_once(fails, flag, path):
    assert path in fails("bench", TRIVIAL, "--shapes", "1x8", "--iterations", "10000000", flag, path, code=1)


def test_keys_that_cannot_be_read_fail_at_once(fails, tmp_path):
    command = ["bench", TRIVIAL, "--shapes", "1x8", "--iterations", "10000000", "--load-keys"]
    assert "missing.keys" in fails(*command, "missing.keys", code=1)
    (tmp_path / "bad.keys").write_text("{}")
    assert "bad.keys" in fails(*command, "bad.keys", code=1)


def test_what_only_tensorrt_has_is_refused_by_name(fails):
    arguments = ["bench", TRIVIAL, "--shapes", "1x8"]
    assert fails(*arguments, "--streams", "2", code=2) == (
        "--streams: backend openvino on cpu has no streams: --callers sets how many call at once"
    )
    error = fails(*arguments, "--compare", "trtexec", code=2)
    assert error == "--compare trtexec: expected a TensorRT plan, the model is one for backend openvino"
    assert fails(*arguments, "--compare", "perf", code=2) == "--compare: expected trtexec, got 'perf'"
    assert "--callers" in fails(*arguments, "--streams", "2", "--callers", "2", code=2)
    assert "--streams" in fails(*arguments, "--streams", "0", code=2)
