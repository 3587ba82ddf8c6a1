"""The tables of the benchmarks of the runtime, for write_tables.py. Each takes the content of a result."""

import statistics

from table_text import milliseconds, model_name, ratio, table, time_text

CACHE_OPERATIONS = {
    "hit": "`acquire` and the lease's end, key at hand",
    "measured_hit": "the same, the run timed and booked",
    "key_and_hit": "the same, key made from the inputs",
    "infer_hit": "`infer` on an engine that does nothing",
    "plain_lru": "for comparison: mutex + hash map + list",
}
CACHE_KEYS = {"one_key": "one key", "64_keys": "64 keys in turn", "key_each": "a key each"}


def routes(result: dict) -> str:
    rows = []
    for row in result["rows"]:
        eager, replay = row["modes"]["eager"], row["modes"]["replay"]
        rows.append([
            model_name(row), f"{row['shapes']} ({row['calls_per_round']})",
            milliseconds(eager["ms_per_round"]), milliseconds(replay["ms_per_round"]), f"**{ratio(row['ratio_median'])}**",
            milliseconds(row["capture_ms_median"]), f"{row['bytes'] / row['shapes'] / 1e6:.0f} MB",
            f"{row['max_abs_difference_to_eager']:.1e}",
        ])  # fmt: skip
    heads = ["model", "shapes (calls)", "eager", "replay", "replay / eager", "one capture", "its bytes", "largest difference"]
    return table(heads, rows)


def replay_overhead(result: dict) -> str:
    rows = []
    for row in result["rows"]:
        pair = row["replay_to_bare"]
        difference = pair["difference_us_median"]
        rows.append([
            f"{model_name(row)} {row['shape']}", time_text(row["bare"]["median_us"]), time_text(row["replay"]["median_us"]),
            f"**{ratio(pair['ratio_median'])}**", ratio(pair["ratio_p99"]),
            f"{difference:.1f} µs" if row["bare"]["median_us"] < 1000 else "",
            ratio(row["bare_to_bare"]["ratio_median"]),
        ])  # fmt: skip
    heads = ["model and shape", "bare OpenVINO", "`infer`, replayed", "ratio", "its p99", "difference", "bare / bare"]
    return table(heads, rows)


def cache_hit(result: dict) -> str:
    rows = [
        [
            CACHE_OPERATIONS[row["name"]], CACHE_KEYS[row["keys"]], str(row["threads"]), f"{row['wall_ns']:.0f} ns",
            f"{row['cpu_ns']:.0f} ns", "" if row["replayed"] is None else f"{row['replayed']:.0%}",
        ]
        for row in result["rows"]
    ]  # fmt: skip
    heads = ["operation", "keys", "threads", "time of one", "CPU time", "replayed"]
    return table(heads, rows)


def vs_onnxruntime(result: dict) -> str:
    rows = []
    for row in result["rows"]:
        replay, eager = row["replay_to_onnxruntime"], row["eager_to_onnxruntime"]
        rows.append([
            model_name(row), f"{row['shapes']} ({row['calls_per_round']})", milliseconds(row["onnxruntime_ms_per_round"]),
            milliseconds(row["eager_ms_per_round"]), milliseconds(row["replay_ms_per_round"]),
            ratio(eager["ratio_median"]), f"**{ratio(replay['ratio_median'])}**", ratio(replay["call_ratio_p99"]),
        ])  # fmt: skip
    heads = ["model", "shapes (calls)", "onnxruntime", "eager", "replay", "eager / onnxruntime", "replay / onnxruntime",
             "p99 of calls"]  # fmt: skip
    return table(heads, rows)


def ocr_vs_rapidocr(result: dict) -> str:
    rows = [
        [
            row["pipeline"], milliseconds(row["total_of_medians_ms"]), milliseconds(row["p99_ms"]),
            f"**{ratio(median_ratio(row))}**" if "ratio_by_round" in row else "",
        ]
        for row in result["rows"]
    ]  # fmt: skip
    heads = ["pipeline", "all pictures", "p99 of one", "replayrt / it"]
    return table(heads, rows)


def admission(result: dict) -> str:
    rows = [
        [
            f"{row['workload']}, {model_name(row)}", f"{row['shapes']} ({row['calls']})",
            f"{row['eager_s']:.1f} s", f"{row['cached_s']:.1f} s", f"**{ratio(row['ratio_total'])}**",
            f"{row['replayed']:.0%}", str(row["captures"]), str(row["evictions"]),
        ]
        for row in result["rows"]
    ]  # fmt: skip
    heads = ["workload, from cold", "shapes (calls)", "eager", "with the cache", "ratio", "replayed", "captures", "evictions"]
    return table(heads, rows)


def background_capture(result: dict) -> str:
    rows = [
        [
            row["capture"], f"{row['shapes']} ({row['calls']})", time_text(row["eager_median_us"]), time_text(row["median_us"]),
            f"**{ratio(row['ratio_median'])}**", time_text(row["eager_p99_us"]), time_text(row["p99_us"]),
            f"**{ratio(row['ratio_p99'])}**",
        ]
        for row in result["rows"]
    ]  # fmt: skip
    heads = ["capture", "new shapes (calls)", "eager, median", "with the cache", "ratio", "eager, p99", "with the cache", "ratio"]
    return table(heads, rows)


def callers(result: dict) -> str:
    rows = [
        [model_name(row), f"{row['calls_per_s_one']:.1f}/s", f"{row['calls_per_s_two']:.1f}/s", f"**{row['ratio_median']:.2f}**"]
        for row in result["rows"]
    ]
    return table(["model", "one caller", "two callers", "two / one"], rows)


def capture_churn(result: dict) -> str:
    def mega(value: float) -> str:
        return f"{value / 1e6:.0f} MB"

    rows = [
        [
            model_name(row), str(row["cycles"]), mega(row["footprint_least"]), mega(row["footprint_mean"]),
            mega(row["eager_bytes"]), mega(row["early_bytes"]), mega(row["late_bytes"]), mega(row["purged_bytes"]),
        ]
        for row in result["rows"]
    ]  # fmt: skip
    heads = ["model", "cycles", "least footprint", "mean footprint", "eager only", "after 20", "after all", "purged"]
    return table(heads, rows)


def median_ratio(row: dict) -> float:
    return statistics.median(row["ratio_by_round"])


TABLES = {
    function.__name__: (function,)
    for function in (
        routes,
        replay_overhead,
        cache_hit,
        vs_onnxruntime,
        ocr_vs_rapidocr,
        admission,
        background_capture,
        callers,
        capture_churn,
    )
}
