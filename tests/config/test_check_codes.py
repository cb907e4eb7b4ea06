"""Codes of the system checks: one scheme, each in the code and in the table of docs/checks.md."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
APPS = ("events", "notifications", "delivery", "config")


def test_the_table_has_each_code_and_no_other():
    rows = re.findall(r"^\| `(carillon\.[EW]\d{3})`", (ROOT / "docs" / "checks.md").read_text(), re.MULTILINE)
    texts = [path.read_text() for app in APPS for path in (ROOT / app).rglob("*.py")]
    used = {code for text in texts for code in re.findall(r"\b(carillon\.[EW]\d{3})\b", text)}
    assert (sorted(set(rows)), len(rows)) == (sorted(used), len(used))


def test_no_floor_has_a_scheme_of_its_own():
    texts = {path: path.read_text() for app in APPS for path in (ROOT / app).rglob("*.py")}
    assert [path for path, text in texts.items() if re.search(r"carillon_\w+\.[EW]\d", text)] == []
