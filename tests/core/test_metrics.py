"""GraphCache::metrics as the Prometheus client reads it, and the dashboard that is built on it."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

PREFIX = "replayrt_graph_cache_"
DASHBOARD = Path(__file__).resolve().parents[2] / "docs/grafana-dashboard.json"


@pytest.fixture(scope="module")
def text() -> str:
    """What the program that REPLAYRT_METRICS_SAMPLE names writes."""
    program = os.environ["REPLAYRT_METRICS_SAMPLE"]
    return subprocess.run((program,), check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def families(text: str) -> list[Metric]:
    return list(text_string_to_metric_families(text))


def value(families: list[Metric], name: str, **labels: str) -> float:
    found = [
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == PREFIX + name and labels.items() <= sample.labels.items()
    ]
    assert len(found) == 1, f"{name} {labels}: {found}"
    return found[0]


def test_every_line_is_read(text: str, families: list[Metric]) -> None:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert sum(len(family.samples) for family in families) == len(lines) > 30


def test_names_and_types_follow_the_conventions(families: list[Metric]) -> None:
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    for family in families:
        assert family.name.startswith(PREFIX)
        assert family.documentation.endswith("."), family.name
        assert family.type in ("counter", "gauge")
        # The parser takes _total off the names of counters.
        is_counter = all(sample.name.endswith("_total") for sample in family.samples)
        assert (family.type == "counter") == is_counter, family.name
        assert not re.search(r"_(ms|us|ns|milliseconds|kb|mb)(_|$)", family.name)


def test_series_are_unique_and_have_the_constant_label(families: list[Metric]) -> None:
    seen = set()
    for family in families:
        for sample in family.samples:
            series = (sample.name, tuple(sorted(sample.labels.items())))
            assert series not in seen
            seen.add(series)
            assert sample.labels["service"] == 'with "quotes", a \\ and\na line'


def test_figures(families: list[Metric]) -> None:
    assert value(families, "calls_total", route="replayed") == 1
    assert value(families, "calls_total", route="eager") == 1
    assert value(families, "calls_total", route="captured") == 5
    assert value(families, "captures_total") == 6
    assert value(families, "capture_failures_total") == 1
    assert value(families, "prewarmed_total") == 1
    assert value(families, "keys") == 3
    assert value(families, "max_bytes") == float("inf")
    assert value(families, "key_bytes", key="f32 6x3, f32 6x3") == 1000


def expressions(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["expr"]] if "expr" in node else []
        return own + [found for child in node.values() for found in expressions(child)]
    return [found for child in node for found in expressions(child)] if isinstance(node, list) else []


def test_the_dashboard_names_only_metrics_that_there_are(families: list[Metric]) -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    written = {sample.name: set(sample.labels) for family in families for sample in family.samples}
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in panels}) == len(panels) >= 7
    for panel in panels:
        found = expressions(panel)
        assert found, panel["title"]
        for expression in found:
            names = re.findall(r"\breplayrt_\w+", expression)
            assert names, expression
            assert set(names) <= set(written), expression
            # Labels that it sums by, or tells apart, are there.
            for group in re.findall(r"\bby \(([^)]*)\)", expression):
                wanted = {label.strip() for label in group.split(",")} - {"instance", "job"}
                assert wanted <= set.union(*(written[name] for name in names)), expression


def test_the_dashboard_can_be_imported() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    assert dashboard["title"] and dashboard["uid"] and dashboard["schemaVersion"] >= 30
    assert dashboard["id"] is None, "Grafana numbers it"
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            continue
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        box = panel["gridPos"]
        assert 0 <= box["x"] and box["x"] + box["w"] <= 24
    assert [variable["name"] for variable in dashboard["templating"]["list"]][0] == "datasource"
