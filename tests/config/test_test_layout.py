"""Rules that the tests themselves keep: nobody depends on another test's module, or on how fast the machine is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
MODULES = sorted(TESTS.rglob("test_*.py"))
CLOCKS = {"monotonic", "perf_counter", "process_time", "time"}


def parsed(module: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(module.read_text())))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(TESTS)))
def test_nothing_is_imported_from_another_test_module(module):
    imports = [node for node in parsed(module) if isinstance(node, ast.ImportFrom)]
    names = [*(node.module or "" for node in imports), *(name.name for node in imports for name in node.names)]
    assert [name for name in names if name.rpartition(".")[2].startswith("test_")] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(TESTS)))
def test_no_assertion_is_about_elapsed_time(module):
    asserts = [node for node in parsed(module) if isinstance(node, ast.Assert)]
    spans = [part for node in asserts for part in ast.walk(node) if isinstance(part, ast.BinOp) and is_of_a_clock(part)]
    assert [ast.unparse(span) for span in spans] == []


def is_of_a_clock(span: ast.BinOp) -> bool:
    """True for a difference with what a clock says now."""
    calls = [part.func for part in ast.walk(span) if isinstance(part, ast.Call)]
    return isinstance(span.op, ast.Sub) and any(
        isinstance(call, ast.Attribute) and call.attr in CLOCKS for call in calls
    )
