"""The middle floor's pages in the admin: to look at."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_permission_codename, get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.accounts import User, full_name
from events.bus import publish
from events.models import EventType
from notifications.models import (
    Escalation,
    Fanout,
    Inbox,
    Mute,
    Notification,
    NotificationPreference,
    Summary,
    UserNotificationSettings,
)
from tests.accounts.factory import admin_page, saved_person
from tests.inline_code import INLINE

MODELS = [
    "notification",
    "notificationpreference",
    "usernotificationsettings",
    "inbox",
    "summary",
    "mute",
    "fanout",
    "escalation",
]


def rows_of(user: User) -> None:
    event = publish("job.completed", actor=user)
    Notification.objects.create(event=event, user=user, reason="owner")
    NotificationPreference.objects.create(user=user, event_type=EventType.objects.get(name="job.failed"))
    UserNotificationSettings.objects.create(user=user)
    Inbox.objects.get_or_create(user=user)
    Summary.objects.create(user=user, kind="dnd", window="1")
    Fanout.objects.create(event=event, until_user=9)
    Escalation.objects.create(event=event, told=[{"rule": "group:on-call", "at": "2026-03-04T12:05:00Z"}])
    Mute.objects.create(user=user, entity_type="prompt", entity_key="3f2c-91")


@pytest.fixture
def rows(owner: User) -> None:
    rows_of(owner)


def page(admin_client: Client, model: str, **query: str):
    return admin_client.get(reverse(f"admin:carillon_notifications_{model}_changelist"), query)


@pytest.mark.parametrize("model", MODELS)
def test_every_list_and_every_row_has_its_page_without_inline_script(admin_client, rows, model):
    listed = page(admin_client, model)
    row = listed.context["cl"].result_list[0]
    opened = admin_client.get(reverse(f"admin:carillon_notifications_{model}_change", args=[row.pk]))
    assert (listed.status_code, opened.status_code) == (200, 200)
    assert not INLINE.findall(listed.content.decode() + opened.content.decode())


def test_what_a_burst_holds_is_said_in_words(admin_client, rows):
    Notification.objects.update(hold="burst")
    assert "Many at once" in page(admin_client, "notification").content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_nobody_writes_here(admin_client, rows, model):
    row = page(admin_client, model).context["cl"].result_list[0]
    for action in ("change", "delete"):
        address = reverse(f"admin:carillon_notifications_{model}_{action}", args=[row.pk])
        assert admin_client.post(address, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", MODELS[:-2])
@pytest.mark.parametrize(("term", "found"), [("owner", 1), ("owner@example.com", 1), ("outsider", 0), ("nobody", 0)])
def test_rows_are_found_by_their_person(admin_client, rows, outsider, model, term, found):
    assert page(admin_client, model, q=term).context["cl"].result_count == found


@pytest.mark.parametrize(
    ("query", "found"), [({"channel": "in_app"}, 1), ({"is_read__exact": "1"}, 0), ({"hold__exact": "dnd"}, 0)]
)
def test_notifications_are_filtered(admin_client, rows, query, found):
    assert page(admin_client, "notification", **query).context["cl"].result_count == found


@pytest.mark.parametrize("state", ["waiting", "acknowledged", "ended"])
def test_escalations_are_filtered_by_their_state(admin_client, state):
    now, events = timezone.now(), [publish("job.failed") for _ in range(3)]
    Escalation.objects.create(event=events[0], due_at=now)
    Escalation.objects.create(event=events[1], acknowledged_at=now)
    Escalation.objects.create(event=events[2])
    rows = page(admin_client, "escalation", state=state).context["cl"].result_list
    assert [row.state for row in rows] == [state]


def test_of_an_escalation_it_is_said_whom_it_went_on_to_and_who_has_it(admin_client, rows, owner):
    Escalation.objects.update(step=1, acknowledged_by=owner, acknowledged_at=timezone.now())
    html = page(admin_client, "escalation").content.decode()
    assert "the group on-call, <time" in html
    assert full_name(owner) in html


@pytest.mark.parametrize("model", MODELS)
def test_a_list_asks_as_much_for_one_row_as_for_many(admin_client, rows, model, django_assert_max_num_queries):
    page(admin_client, model)
    with django_assert_max_num_queries(30) as few:
        page(admin_client, model)
    for number in range(10):
        rows_of(saved_person(f"person-{number}"))
    with django_assert_max_num_queries(len(few)):
        page(admin_client, model)


def test_before_a_person_is_deleted_their_rows_are_counted_by_table(admin_client, owner, rows):
    rows_of(leaver := saved_person("second"))
    Notification.objects.bulk_create(
        Notification(event=publish("job.failed"), user=leaver, channel=f"channel-{number}") for number in range(30)
    )
    asked = admin_client.get(admin_page("delete", leaver.pk))
    listed = asked.content.decode()
    assert "<li>Notifications: 31</li>" in listed
    assert listed.count("<li>") < 20
    gone = admin_client.post(admin_page("delete", leaver.pk), {"post": "yes"})
    assert (gone.status_code, get_user_model().objects.filter(pk=leaver.pk).exists()) == (302, False)
    assert Notification.objects.filter(user=owner).count() == 1


def test_who_may_not_delete_their_rows_deletes_no_person(client, owner, rows):
    clerk = saved_person("clerk", is_staff=True)
    model = get_user_model()._meta
    may = [get_permission_codename(action, model) for action in ("delete", "view")]
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=may))
    client.force_login(clerk)
    address = admin_page("delete", owner.pk)
    assert b"notification" in client.get(address).content
    assert client.post(address, {"post": "yes"}).status_code == 403
    assert get_user_model().objects.filter(pk=owner.pk).exists()
