"""Alerts and the dashboard ask for metrics and labels that there are, and each alert has its page in the runbook."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from events.monitoring import families
from tests.processes import Serve

ROOT = Path(__file__).parents[3]
RULES: list[dict[str, Any]] = yaml.safe_load((ROOT / "deploy" / "alerts.yaml").read_text())["groups"][0]["rules"]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
QUERIES = [rule["expr"] for rule in RULES] + [target["expr"] for panel in PANELS for target in panel["targets"]]
# What Prometheus adds to all that it scrapes.
SCRAPED = {"job", "instance"}
promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (Debian has it in the package prometheus)"
)


def metrics_of(query: str) -> set[str]:
    return set(re.findall(r"\b(?:carillon|process)_\w+", query))


def labels_of(query: str) -> set[str]:
    selected = re.findall(r"(\w+)\s*[=!]~?\s*\"", query)
    grouped = [name for names in re.findall(r"\b(?:by|without) \(([^)]*)\)", query) for name in names.split(", ")]
    return {*selected, *grouped}


def declared_labels() -> set[str]:
    ours = [one for one in vars(families).values() if isinstance(one, families.Stored | families.Figure)]
    here = (families.REQUESTS, families.FRAMES_SENT, families.SOCKETS_RESUMED, families.FRAME_SECONDS)
    return {label for one in ours for label in one.labels} | {label for one in here for label in one._labelnames}


@pytest.mark.process
@pytest.mark.embedded
def test_each_query_asks_for_what_a_running_process_shows():
    with Serve() as serve:
        text = httpx.get(f"{serve.url}/metrics").text
    shown = list(text_string_to_metric_families(text))
    kinds = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""]}
    names = {family.name + ending for family in shown for ending in kinds.get(family.type, [])}
    assert {name for query in QUERIES for name in metrics_of(query)} - names == set()
    seen = {label for family in shown for sample in family.samples for label in sample.labels}
    assert {"check", "subscriber", "route", "status", "le"} <= seen


@pytest.mark.parametrize("query", QUERIES)
def test_each_query_asks_for_labels_that_there_are(query):
    assert labels_of(query) <= declared_labels() | SCRAPED | {"le"}
    assert "job" in labels_of(query)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alert_has_its_page_in_the_runbook(rule):
    document, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^## (\w+)$", (ROOT / document).read_text(), re.M)
    assert anchor == rule["alert"].lower()
    assert rule["alert"] in headings


def test_the_runbook_has_no_page_of_an_alert_that_is_gone():
    headings = re.findall(r"^## (\w+)$", (ROOT / "docs" / "runbook.md").read_text(), re.M)
    assert headings == [rule["alert"] for rule in RULES]


def test_each_panel_of_the_dashboard_has_a_place_and_a_name_of_its_own():
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in PANELS}
    assert len(places) == len({panel["title"] for panel in PANELS}) == len(PANELS)


@promtool
@pytest.mark.parametrize("command", [("check", "rules", "alerts.yaml"), ("test", "rules", "alerts_test.yaml")])
def test_the_rules_are_right_by_prometheus_own_tool(command):
    done = subprocess.run(["promtool", *command], cwd=ROOT / "deploy", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@promtool
def test_the_queries_of_the_dashboard_can_be_read(tmp_path):
    rules = [{"record": "panel", "expr": query.replace("$__rate_interval", "5m")} for query in QUERIES]
    (tmp_path / "panels.yaml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    command = ["promtool", "check", "rules", "--lint=none", tmp_path / "panels.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
