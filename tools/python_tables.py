"""The tables of the benchmarks of the Python package, for write_tables.py. Each takes the content of a result."""

from table_text import milliseconds, ratio, table, time_text


def short_time(microseconds: float | None) -> str:
    """What write_tables.py shows of a time that may be a part of a microsecond."""
    if microseconds is None:
        return "not measured"
    return time_text(microseconds) if microseconds >= 10 else f"{microseconds:.2f} µs"


def python_overhead(result: dict) -> str:
    rows = [
        [
            f"`{row['call']}`", short_time(row["cpp_median_us"]), short_time(row["median_us"]),
            f"**{row['difference_us_median']:.1f} µs**", f"{row['goal_difference_us']:.0f} µs",
            short_time(row["cpp_p99_us"]), short_time(row["p99_us"]),
            ratio(row["ratio_median"]), ratio(row["ratio_p99"]),
        ]
        for row in result["rows"]
        if row["kind"] == "call"
    ]  # fmt: skip
    heads = ["call", "C++, median", "Python", "difference", "at most", "C++, p99", "Python", "ratio", "its p99"]
    return table(heads, rows)


def python_cache(result: dict) -> str:
    rows = [
        [
            row["operation"], str(row["threads"]), f"**{short_time(row['median_us'])}**", f"{row['goal_us']:.0f} µs",
            short_time(row["reference_median_us"]), "" if row["ratio_median"] is None else ratio(row["ratio_median"]),
            short_time(row["p99_us"]), short_time(row["reference_p99_us"]),
        ]
        for row in result["rows"]
        if row["kind"] == "cache"
    ]  # fmt: skip
    heads = ["operation", "threads", "ReplayRT, median", "at most", "reference, median", "ratio", "ReplayRT, p99",
             "reference, p99"]  # fmt: skip
    note = f"\n{result['note']}\n" if result["note"] else ""
    return table(heads, rows) + note


def python_auto_model(result: dict) -> str:
    rows = [
        [
            f"{result['pictures']} pictures, {row['input']}", str(row["calls"]),
            milliseconds(row["cpp_median_us"] / 1e3), milliseconds(row["median_us"] / 1e3),
            f"**{ratio(row['ratio_median'])}**", f"{row['goal']:.2f}", ratio(row["ratio_p99"]),
            milliseconds(row["cpp_p99_us"] / 1e3), milliseconds(row["p99_us"] / 1e3),
            "" if row["control_ratio_median"] is None else ratio(row["control_ratio_median"]),
        ]
        for row in result["rows"]
    ]  # fmt: skip
    heads = ["`predict`", "times", "C++, median", "Python", "ratio", "at most", "its p99", "C++, p99", "Python",
             "C++ / C++"]  # fmt: skip
    return table(heads, rows)


def python_threads(result: dict) -> str:
    rows = [
        [
            str(row["callers"]), f"{row['cpp_calls_per_s']:.1f}/s", f"{row['calls_per_s']:.1f}/s",
            f"**{ratio(row['ratio_median'])}**", ratio(row["ratio_p99"]),
            f"{row['cpp_against_one']:.2f}", f"**{row['against_one']:.2f}**",
            milliseconds(row["cpp_median_us"] / 1e3), milliseconds(row["median_us"] / 1e3),
            milliseconds(row["cpp_p99_us"] / 1e3), milliseconds(row["p99_us"] / 1e3),
        ]
        for row in result["rows"]
    ]  # fmt: skip
    heads = ["callers", "C++", "Python", "time, Python / C++", "its p99", "C++ against one", "Python against one",
             "a call, C++, median", "Python", "C++, p99", "Python"]  # fmt: skip
    return table(heads, rows)


def python_ocr(result: dict) -> str:
    rows = [
        [
            str(row["pictures"]), milliseconds(row["cpp_total_ms"]), milliseconds(row["total_ms"]),
            f"**{ratio(row['total_ratio_median'])}**", f"{row['goal']:.2f}",
            ratio(row["ratio_median"]), ratio(row["ratio_p99"]),
            milliseconds(row["cpp_p99_us"] / 1e3), milliseconds(row["p99_us"] / 1e3),
            f"{row['differing_characters']:.2%}",
        ]
        for row in result["rows"]
    ]  # fmt: skip
    heads = ["pictures", "all, C++", "Python", "ratio", "at most", "ratio of one picture", "its p99", "p99 of one, C++",
             "Python", "other characters"]  # fmt: skip
    return table(heads, rows)


# By benchmark.
TABLES = {
    "python_overhead": (python_overhead, python_cache),
    "python_auto_model": (python_auto_model,),
    "python_threads": (python_threads,),
    "python_ocr": (python_ocr,),
}
