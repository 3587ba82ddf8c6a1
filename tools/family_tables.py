"""The tables of docs/families.md, for write_tables.py. Each takes the content of parity.json, which parity.py writes."""

import math

from table_text import table

# A row of parity.json is one file of cases run in one way: these are counted together, of those the worst counts.
COUNTS = ("objects", "coordinates", "coordinates_off", "masks", "masks_off", "key_points", "key_points_off", "covariances",
          "maps", "map_pixels", "map_pixels_off")  # fmt: skip
WORST = ("cases", "coordinate_px", "score", "mask_px", "key_point_px", "covariance", "map_number")


def together(rows: list[dict]) -> dict:
    """What was seen in all of them."""
    seen = {name: sum(row[name] for row in rows) for name in COUNTS}
    seen |= {name: max((row[name] for row in rows), default=0) for name in WORST}
    return seen | {"mask_iou": min((row["mask_iou"] for row in rows), default=1.0)}


def by_file(rows: list[dict]) -> dict[str, dict]:
    """What was seen of each file of cases, in all ways; a way may leave cases out."""
    files: dict[str, list[dict]] = {}
    for row in rows:
        files.setdefault(row["expected"], []).append(row)
    return {name: files[name][0] | together(files[name]) for name in files}


def family_of(entry: dict) -> tuple[str, str]:
    return entry["architecture"], entry["task"]


def iou_text(iou: float) -> str:
    """Rounded down: 1 is said of equal masks only."""
    return f"{math.floor(iou * 1e4) / 1e4:.4f}"


def post_processing_text(family: dict) -> str:
    if family["post_processing"] is None:
        return ""
    return f"`{family['post_processing']}`" + ("" if family["may_be_fused"] else ", not fused")


def deviation_text(seen: dict) -> str:
    parts = []
    if seen["coordinates"]:
        parts.append(f"boxes {seen['coordinate_px']} px")
    if seen["key_points"]:
        parts.append(f"key points {seen['key_point_px']} px")
    if seen["covariances"]:
        parts.append(f"covariances {seen['covariance']:.1e}")
    if seen["masks"]:
        parts.append(f"masks {seen['mask_px']} px (IoU {iou_text(seen['mask_iou'])})")
    if seen["objects"]:
        parts.append(f"scores {seen['score']:.1e}")
    if seen["map_pixels"]:
        parts.append(f"classes of {seen['map_pixels_off']} pixels")
    if seen["maps"]:
        parts.append(f"{'confidences' if seen['map_pixels'] else 'depths'} {seen['map_number']:.1e}")
    return ", ".join(parts)


def families(result: dict) -> str:
    files = by_file(result["rows"])
    rows = []
    for family in result["families"]:
        its_own = [seen for seen in files.values() if family_of(seen) == family_of(family)]
        weights = (f"{backend} `{file}`" for backend, file in family["weights"].items())
        seen = together(its_own)
        rows.append([
            f"`{family['architecture']}`", f"`{family['task']}`", ", ".join(weights), post_processing_text(family),
            ", ".join(f"`{feature}`" for feature in family["features"]), family["tested_against"],
            str(sum(of_file["cases"] for of_file in its_own)), str(seen["objects"] + seen["maps"]), deviation_text(seen),
        ])  # fmt: skip
    heads = ["architecture", "task", "backends, and what they load", "`post_processing`", "`model_features`", "compared with",
             "cases", "objects or maps compared", "largest deviation"]  # fmt: skip
    return table(heads, rows, texts=6)


def parity(result: dict) -> str:
    def off(seen: dict, name: str) -> str:
        return f"{seen[name]} ({seen[f'{name}_off']})" if seen[name] else ""

    rows = [
        [
            f"`{name}`", f"`{seen['architecture']}`, {seen['task']}", str(seen["cases"]),
            off(seen, "coordinates"), f"{seen['coordinate_px']} px" if seen["coordinates"] else "",
            f"{seen['score']:.1e}" if seen["objects"] else "",
            off(seen, "masks"), f"{seen['mask_px']} px, {iou_text(seen['mask_iou'])}" if seen["masks"] else "",
            off(seen, "key_points"), f"{seen['key_point_px']} px" if seen["key_points"] else "",
            off(seen, "map_pixels"), f"{seen['map_number']:.1e}" if seen["maps"] else "",
        ]
        for name, seen in by_file(result["rows"]).items()
    ]  # fmt: skip
    heads = ["file of cases", "family", "cases", "coordinates (off)", "by", "scores off by", "masks (off)", "by, least IoU",
             "key points (off)", "by", "pixels (of another class)", "confidences, depths off by"]  # fmt: skip
    return table(heads, rows, texts=2)


TABLES = {"parity": (families, parity)}
