"""A critical type may give its people minutes to acknowledge, after which others are told, step by step."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from events.models import EventType

pytestmark = pytest.mark.django_db

MINUTES, NEXT = "acknowledge_minutes", "escalates_to"


def a_type(**columns: object) -> EventType:
    return EventType(
        name="render.fire", category="render", **{"is_critical": True, MINUTES: 5, NEXT: ["admins"]} | columns
    )


@pytest.mark.parametrize(
    ("columns", "field", "said"),
    [
        ({MINUTES: 0}, MINUTES, "use 1 to 1440"),
        ({MINUTES: 1441}, MINUTES, "use 1 to 1440"),
        ({MINUTES: None}, MINUTES, "or neither"),
        ({NEXT: []}, MINUTES, "or neither"),
        ({"is_critical": False}, MINUTES, "tick “critical”"),
        ({NEXT: ["bosses"]}, NEXT, "unknown name"),
        ({NEXT: "admins"}, NEXT, "list of names"),
    ],
)
def test_what_can_t_be_names_what_to_do(columns, field, said):
    with pytest.raises(ValidationError) as refused:
        a_type(**columns).clean()
    assert said in " ".join(refused.value.message_dict[field])


def test_steps_are_rules_in_their_order():
    event_type = a_type(**{NEXT: ["group:on-call", "admins"]})
    event_type.clean()
    assert event_type.escalation == ["group:on-call", "admins"]


def test_a_wait_of_ages_that_sql_wrote_is_a_day():
    assert a_type(**{MINUTES: 2**31 - 1}).wait == timedelta(days=1)


@pytest.mark.parametrize("columns", [{NEXT: {"odd": 1}}, {MINUTES: None}, {MINUTES: -5}, {"is_critical": False}])
def test_what_another_program_wrote_escalates_to_nobody(columns):
    assert a_type(**columns).escalation == []
