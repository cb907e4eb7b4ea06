"""The form of a type has a select for each step that an unacknowledged event takes."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from events.models import EventType
from tests.events.admin.type_forms import fields_of

pytestmark = pytest.mark.django_db


def posted(client, event_type, **fields: str):
    page = reverse("admin:carillon_events_eventtype_change", args=[event_type.pk])
    return client.post(page, fields_of(event_type, **fields))


@pytest.fixture
def alarm():
    return EventType.objects.get(name="system.gpu_critical")


def test_steps_are_kept_in_the_order_chosen(admin_client, alarm):
    Group.objects.create(name="on-call")
    steps = {"escalates_to_0": "group:on-call", "escalates_to_1": "", "escalates_to_2": "admins"}
    posted(admin_client, alarm, acknowledge_minutes="10", **steps)
    alarm.refresh_from_db()
    assert (alarm.acknowledge_minutes, alarm.escalates_to) == (10, ["group:on-call", "admins"])


def test_minutes_without_a_step_are_refused_in_words(admin_client, alarm):
    assert "or neither" in posted(admin_client, alarm, acknowledge_minutes="10").content.decode()


def test_a_step_whose_group_is_gone_stays_until_somebody_changes_it(admin_client, alarm):
    EventType.objects.filter(pk=alarm.pk).update(acknowledge_minutes=5, escalates_to=["group:gone"])
    page = admin_client.get(reverse("admin:carillon_events_eventtype_change", args=[alarm.pk])).content.decode()
    assert '<option value="group:gone" selected>group:gone (not there)</option>' in page
