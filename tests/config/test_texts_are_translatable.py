"""Every word that a page shows goes through gettext."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from notifications.presentation import labels

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "carillon").rglob("*.js"))
# Names are the same in every language.
NAMES = {"Carillon"}
# The page to try the API is Swagger's own.
FOREIGN = {"carillon/api/try.html"}

_CODE = re.compile(
    r"{#.*?#}|<!--.*?-->|<(?P<raw>style|script)\b.*?</(?P=raw)>"
    r"|{%\s*blocktrans.*?{%\s*endblocktrans\s*%}|{%.*?%}|{{.*?}}",
    re.DOTALL,
)
_SPOKEN = re.compile(r"\b(?:aria-label|title|placeholder|alt|data-copied)=\"([^\"]*)\"")
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"[^\W\d_]{2,}")


def bare_words(text: str) -> list[str]:
    plain = _CODE.sub(" ", text)
    shown = [*_SPOKEN.findall(plain), re.sub(r"&\w+;", " ", _TAG.sub(" ", plain))]
    return [word for part in shown for word in _WORD.findall(part) if word not in NAMES]


def test_the_check_sees_what_it_is_for():
    assert bare_words('<p title="Hello">{% trans "Good" %} day</p>') == ["Hello", "day"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT / "templates").as_posix())
def test_no_template_has_bare_words(path):
    is_foreign = path.relative_to(ROOT / "templates").as_posix() in FOREIGN
    assert is_foreign or bare_words(path.read_text()) == []


def test_scripts_say_only_sentences_that_the_server_gives_them():
    known: Any = labels.for_browser()["words"]
    said = {name for path in SCRIPTS for name in re.findall(r"\bsay\(\s*\"(\w+)\"", path.read_text())}
    assert said - set(known) == set()
