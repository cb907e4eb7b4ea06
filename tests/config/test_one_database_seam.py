"""One seam for two databases: only events/db (and migrations) ask which one it is, or speak its dialect."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("events", "notifications", "delivery")
# Of a connection: each says something else on either database.
ATTRIBUTES = {"vendor", "features", "ops"}
# In a statement: only one of the two understands it.
DIALECT = re.compile(
    r"%s::|\w::(bigint|boolean|bytea|integer|jsonb|text|timestamptz|uuid)\b"
    r"|\b(unnest|json_each|json_extract|SET LOCAL|LOCK TABLE|FOR UPDATE|LATERAL)\b"
)


def modules() -> list[Path]:
    files = [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]
    return [path for path in files if "migrations" not in path.parts and path.parent != ROOT / "events" / "db"]


def branches(source: str) -> Iterator[int]:
    """Lines that ask which database it is, or speak the dialect of one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES and "connection" in ast.unparse(node.value):
            yield node.lineno
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and DIALECT.search(node.value):
            yield node.lineno


def test_no_module_asks_which_database_it_is():
    found = {str(path.relative_to(ROOT)): list(branches(path.read_text())) for path in modules()}
    assert len(found) > 200
    assert not {path: lines for path, lines in found.items() if lines}


@pytest.mark.parametrize(
    "source",
    [
        'if connection.vendor == "sqlite": pass',
        'if connections["default"].features.has_select_for_update: pass',
        "connection.ops.adapt_datetimefield_value(now)",
        'cursor.execute(f"SELECT %s::{kind} FROM events")',
        'sql = "SELECT 1 FOR UPDATE"',
    ],
)
def test_such_a_question_is_seen(source):
    assert list(branches(source)) == [1]
