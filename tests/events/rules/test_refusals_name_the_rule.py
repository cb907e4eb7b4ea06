"""A refusal says what is accepted before it quotes what came, and quotes little of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.entities import Entity
from events.errors import EntityRefused, PayloadRefused, shown
from events.rules import payload_schema
from tests.events.strategies import PAYLOADS

ROOT = Path(__file__).parents[3]
# Sentences for those who write code: what they quote stands in that code.
FOR_DEVELOPERS = {
    "events/checks/database.py",
    "events/checks/project.py",
    "events/conf.py",
    "events/declarations.py",
    "events/dispatch/runner.py",
    "events/dispatch/subscribers.py",
    "events/installed.py",
    "events/management/payload_code.py",
    "events/rules/code_audiences.py",
    "events/rules/schema_keywords.py",
    "events/sources/comfyui/client.py",
    "notifications/channels.py",
    "notifications/importing/django_notifications.py",
    "notifications/presentation/access.py",
    "delivery/apps.py",
    "delivery/channels/blame.py",
    "delivery/channels/registry.py",
    "delivery/checks.py",
}


def detail(value: Any, **rule: Any) -> str:
    with pytest.raises(PayloadRefused) as caught:
        payload_schema.check_payload({"a": value}, schema={"properties": {"a": rule}})
    return caught.value.detail.removeprefix("payload $.a: ")


@pytest.mark.parametrize(
    ("value", "rule", "said"),
    [
        (list(range(1001)), {"maxItems": 1000}, "must have at most 1,000 items; it has 1,001"),
        ([], {"minItems": 1}, "must have at least 1 items; it has 0"),
        ("x" * 5000, {"maxLength": 4000}, "must have at most 4,000 characters; it has 5,000"),
        ("", {"minLength": 2}, "must have at least 2 characters; it has 0"),
        ({"a": 1, "b": 2}, {"maxProperties": 1}, "must have at most 1 fields; it has 2"),
        ({}, {"minProperties": 1}, "must have at least 1 fields; it has 0"),
        (9, {"maximum": 5}, "is greater than the maximum of 5; it is 9"),
        ("x", {"type": "integer"}, "is not of type 'integer'; it is 'x'"),
        ("x", {"enum": ["a", "b"]}, "is not one of ['a', 'b']; it is 'x'"),
        ("x", {"pattern": "^y"}, "does not match '^y'; it is 'x'"),
        ({}, {"required": ["b"]}, "'b' is a required property"),
    ],
)
def test_the_rule_comes_first(value, rule, said):
    assert detail(value, **rule) == said


LONG = "z" * 20_000
RULES: list[dict[str, Any]] = [
    {"type": "integer"},
    {"enum": ["a"]},
    {"const": "a"},
    {"pattern": "^y"},
    {"anyOf": [{"type": "null"}]},
    {"oneOf": [{"type": "null"}]},
    {"not": {}},
    {"maxLength": 3},
    {"allOf": [{"type": "null"}]},
]


@pytest.mark.parametrize("rule", RULES)
def test_a_long_value_hides_no_rule(rule):
    said = detail(LONG, **rule)
    assert "z" not in said[:12]
    assert len(said) < 320


@given(PAYLOADS | st.text() | st.integers())
def test_a_quoted_value_is_short(value):
    assert len(shown(value)) <= 100


class Hostile:
    def __repr__(self) -> str:
        raise ValueError("no")


def test_what_cant_be_quoted_is_named_by_its_kind():
    assert "Hostile" in shown(Hostile())


def test_an_entity_of_a_long_name_is_refused_in_a_line():
    with pytest.raises(EntityRefused) as caught:
        Entity("X" * 100_000, 1)
    assert len(caught.value.detail) < 200


def test_every_refusal_quotes_through_one_place():
    quoting = [
        str(path.relative_to(ROOT))
        for floor in ("events", "notifications", "delivery")
        for path in (ROOT / floor).rglob("*.py")
        for line in path.read_text().splitlines()
        if re.search(r"![ra]}", line) and not re.search(r"logger\.|\blog\b", line)
    ]
    assert set(quoting) <= FOR_DEVELOPERS
