"""The tables of the benchmarks of AutoModel, for write_tables.py. Each takes the content of a result."""

from table_text import ratio, table, time_text

BESIDE_REFERENCE = ("reference, median", "ReplayRT", "ratio", "reference, p99", "ReplayRT", "ratio")


def auto_model(result: dict) -> str:
    """All pictures together."""
    rows = [
        [
            f"{row['what']}, {row['precision']}", *beside("reference", row),
            f"{row['classes_in_common']:.1%}" if "classes_in_common" in row else "",
        ]
        for row in result["rows"]
        if row["picture"] == "all"
    ]  # fmt: skip
    heads = ["all pictures", *BESIDE_REFERENCE, "same classes"]
    note = f"\n{result['note']}\n" if result["note"] else ""
    return table(heads, rows) + note


def auto_model_pictures(result: dict) -> str:
    """Whole calls, picture by picture."""
    rows = [
        [f"{row['picture']}, {row['precision']}", *beside("reference", row)]
        for row in result["rows"]
        if row["what"] == "whole call" and row["picture"] != "all"
    ]
    return table(["whole call", *BESIDE_REFERENCE], rows)


def masks(result: dict) -> str:
    """All pictures together, and what is made of each picture's output."""
    found = result["answers"]["f32"]["detections"]
    rows = [
        [f"{row['what']}, {row['picture']}", str(found.get(row["picture"], "")), *beside("reference", row)]
        for row in result["rows"]
        if row["picture"] == "all" or row["what"] == "post_process"
    ]
    return table(["call, picture", "masks", *BESIDE_REFERENCE], rows)


def beside(other: str, row: dict) -> list[str]:
    """Medians and p99s, those of the other side first."""
    return [
        time_text(row[f"{other}_median_us"]), time_text(row["median_us"]), f"**{ratio(row['ratio_median'])}**",
        time_text(row[f"{other}_p99_us"]), time_text(row["p99_us"]), ratio(row["ratio_p99"]),
    ]  # fmt: skip


def auto_model_batches(result: dict) -> str:
    rows = [
        [row["batches"], str(row["calls"]), *beside("eager", row)]
        for row in result["rows"]
        if row["kind"] == "captured"
    ]
    heads = ["batches", "times", "eager, median", "replay", "ratio", "eager, p99", "replay", "ratio"]
    return table(heads, rows)


def auto_model_cold(result: dict) -> str:
    rows = [
        [
            f"{row['images']} images, batches of 1, 2, 3", str(row["calls"]),
            f"{row['eager_s']:.1f} s", f"{row['cached_s']:.1f} s", f"**{ratio(row['ratio_total'])}**",
            f"{row['replayed']:.0%}", str(row["captures"]),
        ]
        for row in result["rows"]
        if row["kind"] == "cold"
    ]  # fmt: skip
    heads = ["workload, from cold", "calls", "eager", "with the cache", "ratio", "replayed", "captures"]
    return table(heads, rows)


# By benchmark.
TABLES = {
    "auto_model": (auto_model, auto_model_pictures),
    "masks": (masks,),
    "auto_model_batches": (auto_model_batches, auto_model_cold),
}
