"""Style sheets know no left and right, so that pages turn around with their language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHEETS = sorted([*(ROOT / "static" / "carillon").rglob("*.css"), *(ROOT / "events" / "static").rglob("*.css")])
_SIDED = re.compile(
    r"(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right)\b"
    r"|(?:^|[;{\s])(?:left|right|width|height|(?:min|max)-(?:width|height))\s*:"
    r"|(?:text-align|float|clear):\s*(?:left|right)"
)
_FOUR = re.compile(r"\b(?:margin|padding|inset|border-radius):\s*([^;]+);")


def sided(text: str) -> list[str]:
    """Declarations that name a side, or give the two sides different lengths. A device's own insets have sides."""
    plain = re.sub(r"/\*.*?\*/|env\([^)]*\)", "", text, flags=re.DOTALL)
    found = [match[0].strip() for match in _SIDED.finditer(plain)]
    for match in _FOUR.finditer(plain):
        lengths = re.sub(r"\([^)]*\)", "()", match[1]).split()
        if len(lengths) == 4 and lengths[1] != lengths[3]:
            found.append(match[0])
    return found


@pytest.mark.parametrize("wrong", ["a { margin-left: 4px; }", "a { padding: 1px 2px 3px 4px; }", "a {\n  right: 0;\n}"])
def test_the_check_sees_what_it_is_for(wrong):
    assert sided(wrong) != []


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_no_sheet_names_a_side(path):
    assert sided(path.read_text()) == []
