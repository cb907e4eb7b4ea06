"""Lines as pages show them: where directions mix each value stands for itself, and a long address loses its middle."""

from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import given

from events.models import Event, EventType
from events.rendering import render
from events.rules import display
from tests.events.strategies import TEXT

SCENE = "مشهد (٧)!"
URL = "https://storage.example.com/projects/2026/harbour/shots/shot-042/frame.1042.exr"


def title(template: str, **payload: str) -> tuple[str, str]:
    event_type = EventType(name="job.tested", category="job", title_template=template)
    said = render(Event(event_type=event_type, payload=payload), event_type)
    return said.title, said.shown_title


def test_a_value_that_runs_the_other_way_is_isolated_and_the_plain_text_is_not():
    plain, shown = title("{{ payload.name }} was cancelled by {{ payload.who }}", name=SCENE, who="Bob")
    assert plain == f"{SCENE} was cancelled by Bob"
    assert shown == f"\u2068{SCENE}\u2069 was cancelled by \u2068Bob\u2069"


def test_in_one_direction_nothing_is_isolated():
    assert title("{{ payload.name }} failed", name="Zürich – 042") == ("Zürich – 042 failed",) * 2


def test_in_a_language_from_right_to_left_latin_values_are_isolated():
    with translation.override("ar"):
        assert title("أُلغي {{ payload.name }}", name="Shot 042!")[1] == "أُلغي \u2068Shot 042!\u2069"


@pytest.mark.parametrize("control", ["\u202e", "\u2069", "\u2066"])
def test_a_value_can_not_turn_the_sentence_around_it(control):
    assert title("{{ payload.name }} failed", name=f"a{control}b")[1] == "\u2068ab\u2069 failed"


@pytest.mark.parametrize("word", [URL, URL.removeprefix("https:/"), URL.replace("/", "\\")])
def test_long_addresses_are_cut_in_the_middle(word):
    plain, shown = title("{{ payload.name }} is missing", name=word)
    assert plain == f"{word} is missing"
    assert shown == f"{word[:28]}…{word[-19:]} is missing"


def test_what_is_long_but_no_address_stays_whole():
    assert title("{{ payload.name }}", name="x" * 90)[1] == "x" * 90


@given(TEXT)
def test_shortening_twice_is_shortening_once(text):
    once = display.shortened(text)
    assert display.shortened(once) == once
    assert len(once) <= len(text)
