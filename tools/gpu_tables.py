"""The tables of what tools/gpu_proof.sh measured: for its own report and, by write_tables.py, for docs/gpu-results.md.

Each takes the content of gpu_proof.json; one whose step has not run is empty.
"""

import re
from collections.abc import Callable

import gpu_goals
from table_text import milliseconds, ratio, table, time_text

SIDES = {
    "eager": "eager", "replay": "replay", "in_place": "in place", "bare": "bare launches", "bare_copies": "with copies",
    "reference": "reference's scheme",
}  # fmt: skip
MOST_NOTE = 160


def results_of(proof: dict, step: str) -> dict:
    return proof["steps"].get(step, {}).get("results", {})


def cell(text: str) -> str:
    """One line of it, that does not end the cell."""
    lines = text.strip().splitlines()
    return (lines[0] if lines else "")[:MOST_NOTE].replace("|", "\\|")


def megabytes(count: float) -> str:
    return f"{count / 1e6:.1f} MB" if count < 1e8 else f"{count / 1e6:.0f} MB"


def time_or_nothing(microseconds: float | None) -> str:
    return "" if microseconds is None else time_text(microseconds)


def ratio_or_nothing(value: float | None, bold: bool = False) -> str:
    if value is None:
        return ""
    return f"**{ratio(value)}**" if bold else ratio(value)


def cuda_version(nvcc: str | None) -> str:
    found = re.search(r"cuda_(\d+\.\d+)", nvcc or "")
    return f", CUDA {found[1]}" if found else ""


def origin(proof: dict, step: str) -> str:
    """Where the figures come from: the line under a table."""
    record, machine = proof["steps"][step], proof["machine"]
    driver = next((f" (driver {gpu['driver']})" for gpu in machine.get("gpus", []) if gpu["name"] == record["gpu"]), "")
    changed = ", with uncommitted changes" if record["dirty"] else ""
    toolkit = cuda_version(machine.get("tools", {}).get("nvcc"))
    state = "" if record["status"] == "passed" else f" ({record['status']})"
    return (
        f"\n{record['date'][:10]}, {record['gpu']}{driver}, {machine.get('cpu', 'unknown CPU')}, "
        f"{machine.get('cores', '?')} cores, TensorRT {record['tensorrt']}{toolkit}; commit {record['commit'][:9]}{changed}; "
        f"`{record['command']}`{state}\n"
    )


def gpu_latency(proof: dict) -> str:
    """Medians of a call, with the results waited for; then the host's time until a call returns that is not waited for."""
    rows = []
    for entry in results_of(proof, "latency").values():
        report = entry["report"]
        sides, ratios = report.get("sides", {}), report.get("ratios", {})
        rows.append([
            entry["title"], *(time_or_nothing(sides.get(side, {}).get("median_us")) for side in SIDES),
            ratio_or_nothing(ratios.get("replay_to_eager", {}).get("median"), bold=True),
            ratio_or_nothing(ratios.get("replay_to_bare", {}).get("median"), bold=True),
            *(time_or_nothing(gpu_goals.host_of(side, report)) for side in ("eager", "replay", "bare")),
        ])  # fmt: skip
    heads = ["workload", *SIDES.values(), "replay / eager", "replay / bare", "host, eager", "host, replay", "host, bare"]
    return table(heads, rows) + origin(proof, "latency")


def gpu_tail(proof: dict) -> str:
    """What the medians do not say."""
    rows = []
    for entry in results_of(proof, "latency").values():
        report = entry["report"]
        sides, capture = report.get("sides", {}), report.get("capture_ms_median")
        rows.append([
            entry["title"],
            *(time_or_nothing(sides.get(side, {}).get("p99_us")) for side in ("eager", "replay", "bare")),
            *(f"{sides[side]['images_per_s']:.0f}" if side in sides else "" for side in ("eager", "replay")),
            ratio_or_nothing(report.get("pipelined_ratios", {}).get("replay_to_eager", {}).get("median"), bold=True),
            time_or_nothing(sides.get("recapture", {}).get("median_us")),
            "" if capture is None else milliseconds(capture),
            f"{max(report.get('max_abs_difference', {}).values(), default=0):.1e}",
        ])  # fmt: skip
    heads = ["workload", "eager, p99", "replay, p99", "bare, p99", "eager, images/s", "replay, images/s",
             "back to back, replay / eager", "recapture", "one capture", "largest difference"]  # fmt: skip
    return table(heads, rows) + origin(proof, "latency")


def gpu_memory(proof: dict) -> str:
    rows = []
    for entry in results_of(proof, "memory").values():
        report = entry["report"]
        for row in report["rows"]:
            ours = row["scheme"] == "replayrt"
            rows.append([
                f"{entry['title']}, {len(report['shapes'])} shapes, {row['scheme']}", megabytes(row["loaded_bytes"]),
                megabytes(row["per_shape_bytes"]), megabytes(row["io_bytes_per_shape"]), megabytes(row["beyond_io_per_shape"]),
                ratio_or_nothing(report["ratio_beyond_io"], bold=True) if ours else "",
            ])  # fmt: skip
    heads = ["engine and scheme", "loaded", "each shape", "its inputs and outputs", "beyond them",
             "beyond them, replayrt / reference"]  # fmt: skip
    return table(heads, rows) + origin(proof, "memory")


def gpu_threads(proof: dict) -> str:
    rows = [
        [
            entry["title"], str(row["engines"]), str(row["threads"]), f"{row['eager_calls_per_s']:.0f}/s",
            f"{row['replay_calls_per_s']:.0f}/s", f"**{row['replay_calls_per_s'] / row['eager_calls_per_s']:.2f}**",
        ]
        for entry in results_of(proof, "threads").values()
        for row in entry["report"]["rows"]
    ]  # fmt: skip
    return table(["model", "engines", "threads", "eager", "replay", "replay / eager"], rows) + origin(proof, "threads")


def gpu_background(proof: dict) -> str:
    rows = []
    for entry in results_of(proof, "background").values():
        eager, replay = (entry["report"]["modes"][mode] for mode in ("eager", "replay"))
        rows.append([
            entry["title"], f"{len(entry['report']['shapes'])} ({replay['calls']})", time_text(eager["median_us"]),
            time_text(replay["median_us"]), f"**{ratio(replay['median_us'] / eager['median_us'])}**",
            time_text(eager["p99_us"]), time_text(replay["p99_us"]), f"**{ratio(replay['p99_us'] / eager['p99_us'])}**",
        ])  # fmt: skip
    heads = ["model, who captures", "new shapes (calls)", "eager, median", "with the cache", "ratio", "eager, p99",
             "with the cache", "ratio"]  # fmt: skip
    return table(heads, rows) + origin(proof, "background")


def gpu_stress(proof: dict) -> str:
    fields = ("calls", "wrong", "captured", "replayed", "eager", "evictions")
    rows = []
    for entry in results_of(proof, "stress").values():
        report = entry["report"]
        rows.append([entry["title"], *(str(report[field]) for field in fields), f"{report['largest_difference']:.1e}"])
    return table(["engines", *fields, "largest difference"], rows) + origin(proof, "stress")


def gpu_plans(proof: dict) -> str:
    rows = [
        [
            name, cell(" ".join(entry["key"]["flags"])), str(entry["profiles"]), f"{entry['seconds']:.0f} s",
            megabytes(entry["bytes"]),
        ]
        for name, entry in results_of(proof, "plans").items()
    ]  # fmt: skip
    return table(["plan", "flags of `replayrt build`", "profiles", "built in", "size"], rows) + origin(proof, "plans")


def gpu_checks(proof: dict) -> str:
    """What ran well; then, of every step, what failed, is not finished, or was refused by the machine."""
    rows = []
    for name, result in results_of(proof, "tests").items():
        counts = ", ".join(f"{gpu_goals.count(result[kind])} {kind}" for kind in gpu_goals.KINDS)
        rows.append([name, counts, "; ".join(cell(test["reason"]) for test in result["skipped"][:1])])
    if nvcc := results_of(proof, "build").get("nvcc"):
        note = f"{nvcc['files']} files for sm_{', sm_'.join(nvcc['architectures'])}"
        rows.append(["nvcc", f"{nvcc['failed']} failed", note])
    rows += [
        [name, f"{result['verdict']}, {result['errors']} errors", cell(" ".join(result["arguments"]).replace("*", "\\*"))]
        for name, result in results_of(proof, "sanitizers").items()
    ]
    for step, record in proof["steps"].items():
        for kind in ("failed", "incomplete", "refused"):
            rows += [[f"{step}: {cell(entry['check'])}", kind, cell(entry["why"])] for entry in record[kind]]
    last = next((step for step in ("tests", "sanitizers", "machine") if step in proof["steps"]), None)
    return table(["check", "outcome", "note"], rows) + (origin(proof, last) if last else "")


def gpu_goals_table(proof: dict) -> str:
    rows = [[goal.text, goal.seen, f"**{goal.verdict}**"] for goal in gpu_goals.all_goals(proof)]
    return table(["goal", "seen", "verdict"], rows)


def page(proof: dict) -> str:
    """All tables, with a heading each."""
    seconds = {name: record["seconds"] for name, record in proof["steps"].items()}
    steps = [[name, status, f"{seconds.get(name, 0):.0f} s"] for name, status in proof["status"].items()]
    text = f"# The proof on a GPU\n\n{table(['step', 'status', 'time'], steps)}"
    return text + "".join(f"\n## {HEADINGS[name]}\n\n{made}" for name, function in TABLES.items() if (made := function(proof)))


def of_step(step: str, function: Callable[[dict], str]) -> Callable[[dict], str]:
    """Empty where the step has no results."""
    return lambda proof: function(proof) if results_of(proof, step) else ""


TABLES = {
    "gpu_goals": gpu_goals_table,
    "gpu_latency": of_step("latency", gpu_latency),
    "gpu_tail": of_step("latency", gpu_tail),
    "gpu_memory": of_step("memory", gpu_memory),
    "gpu_threads": of_step("threads", gpu_threads),
    "gpu_background": of_step("background", gpu_background),
    "gpu_stress": of_step("stress", gpu_stress),
    "gpu_plans": of_step("plans", gpu_plans),
    "gpu_checks": gpu_checks,
}
HEADINGS = {
    "gpu_goals": "Goals",
    "gpu_latency": "A call",
    "gpu_tail": "Tails, throughput, captures",
    "gpu_memory": "Device memory",
    "gpu_threads": "Threads",
    "gpu_background": "New shapes all the time",
    "gpu_stress": "Stress",
    "gpu_plans": "Plans",
    "gpu_checks": "Checks",
}
