"""The tables of what a cache keeps, for write_tables.py. Each takes the content of a result."""

import statistics

from table_text import model_name, ratio, table


def eviction(result: dict) -> str:
    rows = [
        [
            f"{row['trace']}, {model_name(row)}", f"{row['shapes']} ({row['calls']})",
            f"{row['lru']['saved_s']:.2f} s", f"{row['cost_aware']['saved_s']:.2f} s",
            "" if row["saved_ratio"] is None else f"**{ratio(row['saved_ratio'])}**",
            f"{row['lru']['total_s']:.1f} s", f"{row['cost_aware']['total_s']:.1f} s", ratio(row["total_ratio"]),
            f"{row['lru']['captures']} / {row['cost_aware']['captures']}",
        ]
        for row in result["rows"]
    ]  # fmt: skip
    heads = ["trace", "shapes (calls)", "replays saved, lru", "cost_aware", "ratio", "whole time, lru", "cost_aware", "ratio",
             "captures"]  # fmt: skip
    return table(heads, rows)


def restart(result: dict) -> str:
    rows = [
        [
            f"{model_name(row)}, {row['admission']}", str(row["inference_threads"]),
            f"{row['shapes']} ({row['calls']})", str(row["saved_keys"]),
            f"{statistics.median(row['without_keys']['s']):.1f} s", f"{statistics.median(row['with_keys']['s']):.1f} s",
            f"**{ratio(row['ratio_median'])}**", ratio(row["until_idle_ratio_median"]),
            f"{row['without_keys']['replayed']} / {row['with_keys']['replayed']}",
        ]
        for row in result["rows"]
    ]  # fmt: skip
    heads = ["first calls after a restart", "threads", "shapes (calls)", "saved keys", "without them", "with them", "ratio",
             "until nothing is captured", "replayed"]  # fmt: skip
    return table(heads, rows)


TABLES = {"eviction": (eviction,), "restart": (restart,)}
