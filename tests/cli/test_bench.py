"""`replayrt bench`: what it counts and reports; never how fast anything is."""

import os

import pytest

from conftest import MODELS, TRIVIAL

TWO = MODELS / "two_inputs.onnx"
DET = MODELS / "ppocrv6_det.onnx"


def test_json_has_every_field(bench):
    report = bench("--shapes", "1x8,2x8,1x8")
    assert report["version"] and report["machine"]["cpu"] and report["machine"]["cores"] >= 1
    assert report["model"] == str(TRIVIAL)
    assert (report["backend"], report["device"], report["precision"]) == ("openvino", "cpu", "f32")
    assert report["threads"] == len(os.sched_getaffinity(0))
    assert "bench" in report["command"] and "--shapes 1x8,2x8,1x8" in report["command"]
    assert report["seed"] == 1
    assert report["shapes"] == ["1x8", "2x8"]
    assert (report["rounds"], report["calls_per_round"]) == (3, 3)
    assert list(report["modes"]) == ["eager", "recapture", "replay"]
    for mode in report["modes"].values():
        assert mode["calls"] == 9
        assert 0 < mode["median_us"] <= mode["p99_us"]
        assert mode["mean_us"] == pytest.approx(mode["total_s"] * 1e6 / 9)
        assert mode["throughput_per_s"] == pytest.approx(9 / mode["total_s"])
        assert sum(mode["round_s"]) == pytest.approx(mode["total_s"])
    assert report["modes"]["eager"]["ratio_to_eager"] == 1
    assert report["modes"]["eager"]["ratio_to_eager_total"] == 1
    assert report["modes"]["replay"]["ratio_to_eager"] > 0
    assert report["max_abs_difference_to_eager"] == 0
    assert [shape["shape"] for shape in report["per_shape"]] == ["1x8", "2x8"]
    assert [shape["calls_per_round"] for shape in report["per_shape"]] == [2, 1]
    assert all(set(shape["median_us"]) == {"eager", "recapture", "replay"} for shape in report["per_shape"])


def test_each_mode_takes_its_route(bench):
    modes = bench("--shapes", "1x8,2x8")["modes"]
    assert modes["eager"]["routes"] == {"eager": 6, "captured": 0, "replayed": 0}
    assert modes["eager"]["eager_reasons"] == {"no_cache": 6}
    assert modes["recapture"]["routes"] == {"eager": 0, "captured": 6, "replayed": 0}
    assert modes["replay"]["routes"] == {"eager": 0, "captured": 0, "replayed": 6}
    assert modes["replay"]["eager_reasons"] == {}


def test_the_routes_of_each_shape_and_time_are_told(bench):
    report = bench("--shapes", "1x8,2x8,1x8", "--cold", "--modes", "eager,replay", rounds=2)
    routes = [shape["routes"]["replay"] for shape in report["per_shape"]]
    assert [{name: route["calls"] for name, route in of.items()} for of in routes] == [
        {"captured": 2, "replayed": 2},
        {"captured": 2},
    ]
    assert all(0 < route["median_us"] <= route["p99_us"] for of in routes for route in of.values())
    eager = report["per_shape"][0]["routes"]["eager"]["eager"]
    assert eager["median_us"] == report["per_shape"][0]["median_us"]["eager"]
    over_time = report["modes"]["replay"]["over_time"]
    assert over_time["calls"] == [1, 2, 3, 4, 5, 6]
    assert over_time["captured"] == [1, 2, 2, 3, 4, 4]
    assert over_time["replayed"] == [0, 0, 1, 1, 1, 2]
    assert over_time["seconds"] == sorted(over_time["seconds"])
    assert over_time["seconds"][-1] == pytest.approx(report["modes"]["replay"]["total_s"])
    (model,) = report["cache"]["models"]
    assert (model["model"], model["bytes"]) == (str(TRIVIAL), report["cache"]["bytes"])


def test_a_long_timeline_is_thinned(bench):
    over_time = bench("--shapes", "1x8", "--repeat", "1000", "--modes", "replay", rounds=1)["modes"]["replay"]["over_time"]
    assert all(100 <= len(points) <= 200 for points in over_time.values())
    assert over_time["replayed"][-1] == over_time["calls"][-1] == 1000


def test_cache_counters_are_those_of_the_replay_cache(bench):
    cache = bench("--shapes", "1x8,2x8", "--warmup", "0")["cache"]
    assert cache["mode"] == "replay"
    assert (cache["captures"], cache["misses"], cache["evictions"], cache["size"]) == (2, 2, 0, 2)
    assert cache["hits"] == 2 + 6  # One warming replay per shape, then every measured call.
    assert (cache["capacity"], cache["max_bytes"]) == (2, None)
    assert cache["bytes"] >= 0 and cache["capture_ms_median"] > 0


def test_capacity_that_is_too_small_evicts(bench):
    shapes = ["--shapes", "1x8,2x8,3x8", "--modes", "replay", "--warmup", "0"]
    small = bench(*shapes, "--capacity", "2")
    assert small["modes"]["replay"]["routes"] == {"eager": 0, "captured": 9, "replayed": 0}
    assert (small["cache"]["size"], small["cache"]["capacity"]) == (2, 2)
    assert small["cache"]["evictions"] == small["cache"]["captures"] - 2 == 10
    large = bench(*shapes, "--capacity", "3")
    assert large["modes"]["replay"]["routes"]["replayed"] == 9
    assert large["cache"]["evictions"] == 0


def test_capacity_zero_turns_the_cache_off(bench):
    report = bench("--shapes", "1x8", "--modes", "eager,replay", "--capacity", "0")
    assert report["modes"]["replay"]["eager_reasons"] == {"capacity_zero": 3}
    assert report["cache"]["size"] == 0


def test_max_bytes_bounds_the_cache(replayrt):
    arguments = ["bench", DET, "--shapes", "1x3x64x64", "--modes", "replay", "--iterations", "1", "--json", "-"]
    tight = replayrt(*arguments, "--max-bytes", "1K", "--log-level", "off").json
    assert tight["modes"]["replay"]["eager_reasons"] == {"over_budget": 1}
    assert (tight["cache"]["bytes"], tight["cache"]["max_bytes"]) == (0, 1024)
    roomy = replayrt(*arguments, "--max-bytes", "2G").json
    assert roomy["modes"]["replay"]["routes"]["replayed"] == 1
    assert 0 < roomy["cache"]["bytes"] <= roomy["cache"]["max_bytes"] == 2 << 30


@pytest.mark.parametrize("modes", ["eager", "replay", "recapture", "replay,eager"])
def test_modes_run_what_was_asked_for(bench, modes):
    report = bench("--shapes", "1x8", "--modes", modes)
    assert list(report["modes"]) == modes.split(",")
    assert (report["cache"] is None) == (modes == "eager")
    assert (report["max_abs_difference_to_eager"] is None) == (modes == "eager")
    if modes == "recapture":
        assert report["cache"]["mode"] == "recapture" and report["cache"]["captures"] >= 3
    if "eager" not in modes:
        assert report["modes"][modes]["ratio_to_eager"] is None


@pytest.mark.parametrize("rounds", [1, 4])
def test_iterations_are_rounds_of_all_calls(bench, rounds):
    report = bench("--shapes", "1x8,2x8", "--modes", "eager", rounds=rounds)
    assert report["modes"]["eager"]["calls"] == 2 * rounds
    assert len(report["modes"]["eager"]["round_s"]) == rounds


def test_warmup_rounds_are_not_measured(bench):
    arguments = ["--shapes", "1x8", "--modes", "replay"]
    none, three = bench(*arguments, "--warmup", "0"), bench(*arguments, "--warmup", "3")
    assert none["modes"]["replay"]["calls"] == three["modes"]["replay"]["calls"] == 3
    assert three["cache"]["hits"] == none["cache"]["hits"] + 3


def test_several_inputs_are_named(bench):
    report = bench("--shapes", "b:2x3;a:2x3,a:1x4;b:1x4", model=TWO)
    assert report["shapes"] == ["b:2x3;a:2x3", "a:1x4;b:1x4"]
    assert report["modes"]["replay"]["routes"]["replayed"] == 6


def test_a_trace_is_one_shape_per_line(bench, tmp_path):
    (tmp_path / "trace.txt").write_text("# three calls\n1x8\n\n  2x8  # the second\r\n1x8\n")
    report = bench("--trace", "trace.txt")
    assert report["shapes"] == ["1x8", "2x8"]
    assert report["calls_per_round"] == 3
    assert [shape["calls_per_round"] for shape in report["per_shape"]] == [2, 1]


def test_every_dtype_gets_random_inputs(bench):
    names = "f64 f32 f16 bf16 i64 i32 i16 i8 u64 u32 u16 u8 bool".split()
    report = bench("--shapes", ";".join(f"{name}:3" for name in names), model=MODELS / "dtypes.onnx", rounds=1)
    assert report["max_abs_difference_to_eager"] == 0


def test_the_seed_decides_the_inputs(bench):
    # The answer of a random model differs from call to call; that of others only through the inputs, which show
    # in the difference between two ways to compute the same.
    arguments = ["--shapes", "1x3x96x96", "--modes", "replay"]
    first, again, other = (bench(*arguments, "--seed", seed, model=DET, rounds=1) for seed in (1, 1, 2))
    assert first["seed"] == 1 and other["seed"] == 2
    assert first["max_abs_difference_to_eager"] == again["max_abs_difference_to_eager"]
    assert first["max_abs_difference_to_eager"] != other["max_abs_difference_to_eager"]
    assert max(first["max_abs_difference_to_eager"], other["max_abs_difference_to_eager"]) < 1e-4


def test_threads_and_precision_are_named(bench):
    assert bench("--shapes", "1x8", "--inference-threads", "1", rounds=1)["threads"] == 1
    assert bench("--shapes", "1x8", "--inference-threads", "2", rounds=1)["threads"] == 2
    assert bench("--shapes", "1x8", "--precision", "auto", rounds=1)["precision"] == "auto"


def test_fuse_is_applied(bench):
    report = bench("--shapes", "2x8", "--fuse", "argmax:y:1")
    assert report["max_abs_difference_to_eager"] == 0
    assert report["modes"]["replay"]["routes"]["replayed"] == 3


@pytest.mark.parametrize(
    ("model", "shapes", "reason"),
    [("random", "2x8", "random"), ("nonzero", "5", "data_dependent_shape")],
)
def test_a_model_that_cannot_be_captured_says_why(replayrt, model, shapes, reason):
    result = replayrt(
        "bench", MODELS / f"{model}.onnx", "--shapes", shapes, "--iterations", "2", "--json", "-", "--log-level", "off"
    )
    for mode in ("recapture", "replay"):
        assert result.json["modes"][mode]["eager_reasons"] == {reason: 2}


def test_the_table_names_everything(replayrt):
    text = replayrt("bench", TRIVIAL, "--shapes", "1x8,2x8", "--iterations", "2", "--inference-threads", "1").out
    for word in ["trivial.onnx", "openvino", "cpu", "precision f32", "1 thread", "2 distinct shapes", "2 rounds of 2"]:
        assert word in text
    for column in ["mode", "calls", "median", "p99", "mean", "calls/s", "to eager"]:
        assert column in text
    rows = [line.split()[0] for line in text.splitlines() if line]
    for row in ["eager", "recapture", "replay", "1x8", "2x8"]:
        assert row in rows
    assert "2 captures" in text and "evictions" in text and "largest difference to the eager answer: 0" in text
    assert "4 replayed, 0 captured, 0 eager" in text


def test_json_file_is_written_beside_the_table(replayrt, tmp_path):
    result = replayrt("bench", TRIVIAL, "--shapes", "1x8", "--iterations", "1", "--json", "report.json")
    assert result.out.startswith("model ")
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    assert '"max_abs_difference_to_eager": 0' in (tmp_path / "report.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected either --shapes or --trace"),
        (["--shapes", ""], "expected either --shapes or --trace"),
        (["--shapes", "1x8", "--trace", "t.txt"], "expected either --shapes or --trace"),
        (["--shapes", "1x"], "shape '1x'"),
        (["--shapes", "1x8,"], "shape ''"),
        (["--shapes", "0x8"], "dimension 0 of '0x8' is 0"),
        (["--shapes", "-1x8"], "shape '-1x8'"),
        (["--shapes", "99999999999999999999x8"], "shape '99999999999999999999x8'"),
        (["--shapes", "4294967296x4294967296x8"], "shape '4294967296x4294967296x8'"),
        (["--shapes", "x:1x8;x:1x8"], "input 'x' is given twice"),
        (["--shapes", "1x8", "--modes", "fast"], "--modes: expected some of eager,recapture,replay"),
        (["--shapes", "1x8", "--modes", "eager,eager"], "--modes"),
        (["--shapes", "1x8", "--modes", ""], "--modes"),
        (["--shapes", "1x8", "--capacity", "-1"], "--capacity: expected a whole number of at least 0, got '-1'"),
        (["--shapes", "1x8", "--capacity", "many"], "--capacity"),
        (["--shapes", "1x8", "--max-bytes", "-5"], "--max-bytes: expected a number of bytes"),
        (["--shapes", "1x8", "--max-bytes", "5Q"], "--max-bytes"),
        (["--shapes", "1x8", "--iterations", "0"], "--iterations: expected a whole number from 1 to 10000000"),
        (["--shapes", "1x8", "--warmup", "-1"], "--warmup"),
        (["--shapes", "1x8", "--seed", "1.5"], "--seed"),
        (["--shapes"], "--shapes"),
    ],
)
def test_usage_errors(fails, arguments, message):
    assert message in fails("bench", TRIVIAL, "--json", "report.json", *arguments, code=2)


@pytest.mark.parametrize(
    ("model", "shapes", "messages"),
    [
        ("trivial", "1x9", ["--shapes: shape '1x9'", "'x'", "8"]),
        ("trivial", "8", ["--shapes: shape '8'", "'x'", "?x8"]),
        ("trivial", "1x8,1x8x1", ["shape '1x8x1'", "'x'"]),
        ("trivial", "z:1x8", ["'z'", "x"]),
        ("trivial", "x:1x8;z:1", ["'z'"]),
        ("two_inputs", "1x8", ["2 inputs", "a:?x?;b:?x?"]),
        ("two_inputs", "a:1x8", ["no shape for input 'b'", "a:?x?;b:?x?"]),
        ("static", "1x3x8x9", ["'x'", "1x3x8x8"]),
        ("trivial", "100000000000x8", ["shape '100000000000x8'", "memory"]),
    ],
)
def test_a_shape_that_does_not_fit_names_the_input(fails, model, shapes, messages):
    error = fails("bench", MODELS / f"{model}.onnx", "--shapes", shapes, "--json", "report.json", code=1)
    for message in messages:
        assert message in error


@pytest.mark.parametrize(
    ("content", "message", "code"),
    [
        ("1x8\n# fine\n1x8xoops\n", "trace.txt:3: shape '1x8xoops'", 2),
        ("1x8\n1x9\n", "trace.txt:2: shape '1x9'", 1),
        ("# nothing\n\n", "trace.txt: the trace holds no shape", 2),
        ("1x8\n\x1b[2J\n", "trace.txt:2: shape '\\x1b[2J'", 2),
    ],
)
def test_a_bad_trace_names_file_and_line(fails, tmp_path, content, message, code):
    (tmp_path / "trace.txt").write_text(content)
    assert message in fails("bench", TRIVIAL, "--trace", "trace.txt", "--json", "report.json", code=code)


def test_a_trace_that_cannot_be_read_is_a_runtime_error(fails):
    assert "missing.txt: no such file" in fails("bench", TRIVIAL, "--trace", "missing.txt", code=1)
    assert "is a directory" in fails("bench", TRIVIAL, "--trace", "/tmp", code=1)


@pytest.mark.parametrize("path", ["no/such/folder/report.json", "/proc/report.json", ".", "/dev/null"])
def test_a_report_that_cannot_be_written_fails_at_once(fails, path):
    assert path in fails("bench", TRIVIAL, "--shapes", "1x8", "--iterations", "10000000", "--json", path, code=1)
