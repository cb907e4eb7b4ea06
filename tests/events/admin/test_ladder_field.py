"""An admin says of a type when each channel speaks."""

from __future__ import annotations

import pytest

from events.admin.event_type_form import EventTypeForm
from events.models import EventType

pytestmark = pytest.mark.django_db


def form(**fields: str) -> EventTypeForm:
    event_type = EventType.objects.get(name="job.completed")
    filled = {"name": event_type.name, "category": "job", "sample": "{}", "schema": "", "burst_seconds": "0", **fields}
    return EventTypeForm(filled, instance=event_type)


def test_it_is_stored_by_channel():
    filled = form(ladder_email="15", ladder_webhook="never", ladder_chat="")
    assert filled.is_valid(), filled.errors
    assert filled.save().ladder == {"email": 15, "webhook": "never"}


def test_it_is_shown_as_stored():
    event_type = EventType.objects.get(name="job.completed")
    event_type.ladder = {"email": 60}
    assert '<option value="60" selected>If still unread after 1 hour</option>' in str(
        EventTypeForm(instance=event_type)["ladder"]
    )


def test_what_the_page_does_not_offer_is_refused():
    assert "ladder" in form(ladder_email="7").errors
