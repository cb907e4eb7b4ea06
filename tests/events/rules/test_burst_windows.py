"""A type has a burst's window of up to a day, where its events may fold."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from events.models import EventType

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"burst_seconds": -1}, "up to 86400"),
        ({"burst_seconds": 86_401}, "up to 86400"),
        ({"burst_seconds": 300, "replaces": "job"}, "leave “replaces” empty"),
        ({"burst_seconds": 300, "is_critical": True}, "untick “critical”"),
    ],
)
def test_what_can_t_be_names_what_to_do(columns, said):
    with pytest.raises(ValidationError) as refused:
        EventType(name="render.note", category="render", **columns).clean()
    assert said in " ".join(refused.value.message_dict["burst_seconds"])


def test_comments_and_locks_come_in_bursts_of_five_minutes():
    bursting = EventType.objects.exclude(burst_seconds=0)
    assert dict(bursting.values_list("name", "burst_seconds")) == {"review.comment": 300, "collab.lock": 300}
