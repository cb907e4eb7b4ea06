"""The limits that docs/security.md states are those of the code."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "security.md").read_text()
ROWS = re.findall(
    r"^\| .+? \| ([\d,]+(?: [KM]B)?) \| `([\w/]+)\.py` `(\w+)`(?: of `(\w+)`)? \|$", DOCUMENT, re.MULTILINE
)
UNITS = {"": 1, "KB": 1024, "MB": 1024 * 1024}
# Read here, since tests sign in more often than people may.
LIMITS = [
    (value, name, constant[kind] if kind else constant)
    for value, module, name, kind in ROWS
    for constant in [getattr(import_module(module.replace("/", ".")), name)]
]


def test_every_row_of_the_table_is_understood():
    table = DOCUMENT.partition("| limit | value | where |")[2].partition("\n\n")[0]
    assert len(ROWS) == len(table.strip().splitlines()) - 1


@pytest.mark.parametrize(("value", "name", "limit"), LIMITS)
def test_a_limit_is_as_stated(value, name, limit):
    number, _, unit = value.replace(",", "").partition(" ")
    assert limit == int(number) * UNITS[unit], name
