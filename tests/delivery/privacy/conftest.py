"""A type whose payload names people."""

from __future__ import annotations

import pytest

from events.models import EventType


@pytest.fixture
def marked(db) -> EventType:
    """Type `job.completed`, whose `by` is marked as personal, and the template that shows it."""
    event_type = EventType.objects.get(name="job.completed")
    event_type.schema = {"properties": {"by": {"type": "string", "x-personal": True}, "name": {"type": "string"}}}
    event_type.title_template = "{{ payload.name }} by {{ payload.by }}, {{ actor }}"
    event_type.save()
    return event_type
