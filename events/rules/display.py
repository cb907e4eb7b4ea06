"""Display of a rendered line: values set apart where directions meet, long addresses shortened in the middle."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import get_language_bidi

# Longer ones with slashes in them lose their middle.
MAX_WORD = 48
_HEAD, _TAIL = 28, 19
_LONG_WORD = re.compile(rf"\S{{{MAX_WORD + 1},}}")

_ISOLATE, _END = "\u2068", "\u2069"
_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_RIGHT_TO_LEFT = frozenset(("R", "AL", *(unicodedata.bidirectional(chr(control)) for control in _CONTROLS)))


class Part(NamedTuple):
    """A piece of a line: the template's own text, or a value that was filled in."""

    text: str
    is_value: bool


def shown(parts: Sequence[Part], *, text: str) -> str:
    """The line as a page shows it; mostly the text itself. Not for machines: it holds isolates (U+2068, U+2069)."""
    is_mixed = _is_mixed(text)
    if not is_mixed and not _LONG_WORD.search(text):
        return text
    pieces = (_value(part.text, is_mixed=is_mixed) if part.is_value else part.text for part in parts)
    return " ".join("".join(pieces).split())


def shortened(text: str) -> str:
    """The text with its long URLs and paths cut in the middle."""
    return _LONG_WORD.sub(lambda word: _cut(word[0]) if "/" in word[0] or "\\" in word[0] else word[0], text)


def _cut(word: str) -> str:
    return f"{word[:_HEAD]}…{word[-_TAIL:]}"


def _value(text: str, *, is_mixed: bool) -> str:
    said = shortened(" ".join(text.split()))
    # A value's own controls could end its isolate.
    return f"{_ISOLATE}{said.translate(_CONTROLS)}{_END}" if is_mixed and said else said


def _is_mixed(text: str) -> bool:
    """True if part of it runs against the language that is active."""
    if get_language_bidi():
        return any(unicodedata.bidirectional(character) == "L" for character in text)
    return not text.isascii() and any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text)
