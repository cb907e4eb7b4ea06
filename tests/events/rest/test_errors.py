"""docs/errors.md is complete, and says nothing that isn't so."""

from __future__ import annotations

import builtins
import re
from pathlib import Path

from django.db import utils as database_errors
from rest_framework import exceptions

from delivery import errors as delivery_refusals
from events import errors as refusals
from events.rest import errors

ROOT = Path(__file__).resolve().parents[3]
IN_SOURCE = re.compile(r"""(?:\b(?:default_)?code\s*=\s*|self\.fail\()"([a-z_]+)\"""")
IN_TABLE = re.compile(r"^\| (`[a-z_`, ]+`) \|", re.MULTILINE)
# Codes that the framework gives by itself.
FRAMEWORK = {
    "not_authenticated",
    "not_found",
    "method_not_allowed",
    "not_acceptable",
    "unsupported_media_type",
    "required",
    "null",
    "blank",
    "not_a_list",
    "min_value",
    "max_value",
    "min_length",
    "max_length",
    "null_characters_not_allowed",
    "surrogate_characters_not_allowed",
}


def source_codes() -> set[str]:
    found = set()
    for floor in ("config", "events", "notifications", "delivery"):
        for path in (ROOT / floor).rglob("*.py"):
            if "migrations" not in path.parts:
                found |= set(IN_SOURCE.findall(path.read_text()))
    return found


def listed() -> set[str]:
    cells = IN_TABLE.findall((ROOT / "docs" / "errors.md").read_text())
    return {code for cell in cells for code in re.findall(r"`([a-z_]+)`", cell)}


def test_every_code_is_listed():
    assert source_codes() - listed() == set()


def test_every_listed_code_exists():
    assert listed() - source_codes() - FRAMEWORK == set()


def test_every_listed_exception_exists():
    named = re.findall(r"^\| `[a-z_]+` \| `(\w+)` \|", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE)
    homes = (refusals, delivery_refusals, errors, exceptions, database_errors, builtins)
    assert [name for name in named if not any(hasattr(home, name) for home in homes)] == []
