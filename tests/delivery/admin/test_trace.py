"""Every action of every page of the admin leaves a log entry that names what was done to which row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.admin.sites import site
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import resolve, reverse
from django.utils import timezone
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from delivery.models import Delivery
from events import api_keys
from events.models import ApiKey, Event, EventType, LogHead, Membership, ParkedEvent, Subscriber
from tests.conftest import person
from tests.delivery.factories.deliveries import address, delivery

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake")]

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
# A row to choose, and the row that the entry names.
Made = tuple[Model, Model]


def alone(make: Callable[[], Model]) -> Callable[[], Made]:
    """Chosen and named are one row."""

    def made() -> Made:
        row = make()
        return row, row

    return made


def key() -> ApiKey:
    return api_keys.issue(person("someone"))[0]


def event_type(*, is_active: bool = True) -> EventType:
    return EventType.objects.create(name="tested.type", category="tested", is_active=is_active)


def reader(*, is_paused: bool = False) -> Subscriber:
    LogHead.objects.update_or_create(pk=1, defaults={"position": 9})
    return Subscriber.objects.create(name="tested", position=3, is_paused=is_paused)


def parked() -> ParkedEvent:
    return ParkedEvent.objects.create(subscriber=reader(), event=Event.objects.create(event_type=event_type()))


def delivery_in(state: str, **more: Any) -> Delivery:
    return delivery(address(person("someone")), state=state, **more)


def address_with_dead() -> Made:
    dead = delivery_in("dead")
    return dead.address, dead


def expired() -> Delivery:
    return delivery_in("sending", lease_until=timezone.now() - timedelta(minutes=5))


def task() -> PeriodicTask:
    interval = IntervalSchedule.objects.create(every=7, period="days")
    return PeriodicTask.objects.create(name="tested", task="events.observe_hardware", interval=interval)


ACTIONS: dict[tuple[str, str], Callable[[], Made]] = {
    ("auth.Group", "delete_selected"): alone(lambda: Group.objects.create(name="tested")),
    (get_user_model()._meta.label, "delete_selected"): alone(lambda: person("someone")),
    ("carillon_delivery.Address", "resend_dead"): address_with_dead,
    ("carillon_delivery.Delivery", "resend"): alone(lambda: delivery_in("dead")),
    ("carillon_delivery.Delivery", "rescue"): alone(expired),
    ("carillon_events.ApiKey", "revoke"): alone(key),
    ("carillon_events.Event", "withdraw"): alone(lambda: Event.objects.create(event_type=event_type())),
    ("carillon_events.EventType", "delete_selected"): alone(event_type),
    ("carillon_events.EventType", "switch_off"): alone(event_type),
    ("carillon_events.EventType", "switch_on"): alone(lambda: event_type(is_active=False)),
    ("carillon_events.Membership", "delete_selected"): alone(
        lambda: Membership.objects.create(entity_type="job", entity_id=1, user=person("someone"), role="owner")
    ),
    ("carillon_events.ParkedEvent", "dismiss"): alone(parked),
    ("carillon_events.ParkedEvent", "rerun"): alone(parked),
    ("carillon_events.Subscriber", "pause"): alone(reader),
    ("carillon_events.Subscriber", "resume"): alone(lambda: reader(is_paused=True)),
    ("carillon_events.Subscriber", "rewind"): alone(reader),
    ("carillon_events.Subscriber", "skip"): alone(reader),
    ("django_celery_beat.ClockedSchedule", "delete_selected"): alone(
        lambda: ClockedSchedule.objects.create(clocked_time=NOON)
    ),
    ("django_celery_beat.CrontabSchedule", "delete_selected"): alone(CrontabSchedule.objects.create),
    ("django_celery_beat.IntervalSchedule", "delete_selected"): alone(
        lambda: IntervalSchedule.objects.create(every=9, period="days")
    ),
    ("django_celery_beat.PeriodicTask", "delete_selected"): alone(task),
    ("django_celery_beat.PeriodicTask", "disable_tasks"): alone(task),
    ("django_celery_beat.PeriodicTask", "enable_tasks"): alone(task),
    ("django_celery_beat.PeriodicTask", "run_tasks"): alone(task),
    ("django_celery_beat.PeriodicTask", "toggle_tasks"): alone(task),
    ("django_celery_beat.SolarSchedule", "delete_selected"): alone(
        lambda: SolarSchedule.objects.create(event="sunset", latitude=1, longitude=1)
    ),
}


def changelist(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def offered(user: Any) -> set[tuple[str, str]]:
    """What the lists offer this person: model and action."""
    found = set()
    for model, page in site._registry.items():
        request = RequestFactory().get(changelist(model))
        request.user, request.resolver_match = user, resolve(request.path)
        found |= {(model._meta.label, name) for name in page.get_actions(request)}
    return found


def description(label: str, name: str) -> str:
    page = site._registry[apps.get_model(label)]
    return str(getattr(page, name).short_description)


def test_every_action_has_a_row_here(admin):
    assert offered(admin) == set(ACTIONS)


def test_whoever_may_only_look_is_offered_no_action(outsider):
    outsider.is_staff = True
    outsider.save()
    looking = {f"view_{model._meta.model_name}" for model in site._registry}
    outsider.user_permissions.add(*permissions(looking))
    assert offered(outsider) == set()


def permissions(codenames: set[str]) -> Any:
    return apps.get_model("auth.Permission").objects.filter(codename__in=codenames)


@pytest.mark.parametrize(("label", "name"), sorted(ACTIONS))
def test_an_action_leaves_an_entry_that_names_it_and_its_row(admin_client, admin_user, label, name):
    chosen, named = ACTIONS[label, name]()
    form = {"action": name, "_selected_action": [chosen.pk], "post": "yes"}
    assert admin_client.post(changelist(type(chosen)), form).status_code == 302
    entry = LogEntry.objects.get()
    assert entry.user == admin_user
    assert (entry.content_type, entry.object_id) == (ContentType.objects.get_for_model(named), str(named.pk))
    if name in ("delete_selected", "dismiss"):
        assert entry.action_flag == DELETION
    else:
        assert entry.get_change_message() == description(label, name)


@pytest.mark.parametrize(("name", "state"), [("resend", "pending"), ("rescue", "pending"), ("rescue", "sending")])
def test_what_an_action_left_alone_gets_no_entry(admin_client, name, state):
    chosen = delivery_in(state, lease_until=timezone.now() + timedelta(minutes=5))
    admin_client.post(changelist(Delivery), {"action": name, "_selected_action": [chosen.pk]})
    assert not LogEntry.objects.exists()


def test_an_action_on_many_rows_asks_as_much_as_on_two(admin_client, django_assert_max_num_queries):
    asked = []
    for count in (2, 20):
        to = address(person(f"person-{count}"))
        ids = [delivery(to, state="dead").pk for _ in range(count)]
        with django_assert_max_num_queries(40) as captured:
            admin_client.post(changelist(Delivery), {"action": "resend", "_selected_action": ids})
        asked.append(len(captured))
    assert asked[0] == asked[1]
    assert LogEntry.objects.count() == 22


@pytest.mark.parametrize(("label", "column"), [("EventType", "is_active"), ("Subscriber", "is_paused")])
def test_a_switch_in_a_list_leaves_an_entry(admin_client, label, column):
    row = event_type(is_active=False) if label == "EventType" else reader()
    form = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": row.pk, f"form-0-{column}": "on"}
    admin_client.post(f"{changelist(type(row))}?q=tested", form | {"_save": "Save"})
    assert LogEntry.objects.get().object_id == str(row.pk)


@pytest.fixture
def revoked(admin_client) -> ApiKey:
    """A key that the admin has revoked."""
    made = key()
    admin_client.post(changelist(ApiKey), {"action": "revoke", "_selected_action": [made.pk]})
    return made


def test_the_page_of_a_row_leads_to_its_history(admin_client, revoked):
    history = reverse("admin:carillon_events_apikey_history", args=[revoked.pk])
    page = admin_client.get(reverse("admin:carillon_events_apikey_change", args=[revoked.pk]))
    assert history in page.content.decode()
    assert "Revoke selected keys" in admin_client.get(history).content.decode()


def test_what_everybody_did_is_a_list(admin_client, revoked):
    page = admin_client.get(changelist(LogEntry), {"q": "admin"}).content.decode()
    assert "Revoke selected keys" in page


@pytest.mark.parametrize("action", ["change", "delete"])
def test_nobody_rewrites_an_entry(admin_client, revoked, action):
    place = reverse(f"admin:admin_logentry_{action}", args=[LogEntry.objects.get().pk])
    assert admin_client.post(place, {"post": "yes"}).status_code == 403


def test_sending_another_s_delivery_again_over_the_api_leaves_an_entry(admin, client):
    client.force_login(admin)
    one = delivery_in("dead")
    assert client.post(f"/api/v1/deliveries/{one.pk}/resend").status_code == 202
    assert LogEntry.objects.get().object_id == str(one.pk)


def test_sending_one_s_own_again_leaves_none(owner, client: Client):
    client.force_login(owner)
    one = delivery(address(owner), state="dead")
    assert client.post(f"/api/v1/deliveries/{one.pk}/resend").status_code == 202
    assert not LogEntry.objects.exists()
