"""Markdown tables, and how figures and models look in them."""

MODEL_NAMES = {
    "ppocrv6_det": "PP-OCRv6 det",
    "ppocrv6_rec": "PP-OCRv6 rec",
    "resnet50": "ResNet-50",
    "squeezenet": "SqueezeNet",
    "trivial": "relu of 8 numbers",
}


def model_name(row: dict) -> str:
    return MODEL_NAMES.get(row["model"], row["model"]) + (" + argmax" if row.get("fuse") else "")


def table(heads: list[str], rows: list[list[str]], texts: int = 1) -> str:
    """Markdown; the first `texts` columns are text, the others are figures."""
    lines = [heads, ["---"] * texts + ["---:"] * (len(heads) - texts), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def ratio(value: float) -> str:
    return f"{value:.3f}"


def milliseconds(value: float) -> str:
    """With three digits."""
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f} ms"


def time_text(microseconds: float) -> str:
    return f"{microseconds:.1f} µs" if microseconds < 1000 else milliseconds(microseconds / 1e3)
