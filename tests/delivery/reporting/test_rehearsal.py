"""A dry run says what would happen, and leaves nothing behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.models import Address
from delivery.models.addresses import BY_OWNER
from delivery.reporting import rehearsal
from events import outcomes
from events.bus import Entity, NewEvent, publish
from events.memberships import grant, revoke
from events.models import EventType
from events.outcomes import Outcome
from events.testing import told
from notifications.models import Inbox, Notification, NotificationPreference, UserNotificationSettings
from notifications.routing import audiences
from tests.accounts.factory import name_of, new_person
from tests.delivery.factories.deliveries import address
from tests.events.numbering import number_all
from tests.notifications.factories.routing import (
    JOB,
    NOON,
    define,
    publish_and_route,
    route,
    store_preference,
    store_settings,
)
from tests.own_settings import own

pytestmark = pytest.mark.django_db


def dry_run(event_type: str, **facts: Any) -> Outcome:
    return outcomes.dry_run(NewEvent(event_type, **facts), now=NOON)


def said(outcome: Outcome) -> dict[str, Any]:
    """Everything but the event itself."""
    people = {
        name_of(one.user): (
            one.reason,
            one.why_not,
            [(way.channel, way.state, way.hold, way.is_toast) for way in one.channels],
        )
        for one in outcome.people
    }
    counts = (outcome.audience, outcome.examined, outcome.told, outcome.held)
    return {"people": people, "counts": counts, "channels": outcome.channels, "why_not": outcome.why_not}


@pytest.fixture
def _tied(owner, member, watcher) -> None:
    for user in (owner, member, watcher):
        grant(JOB, user=user, role=name_of(user))


@pytest.mark.usefixtures("_tied")
def test_it_says_who_would_be_told_and_why_not(owner, watcher):
    store_preference(watcher, "review.comment", is_enabled=False)
    outcome = dry_run("review.comment", source=JOB)
    assert said(outcome) == {
        "people": {"owner": ("owner", "", [("in_app", "in_feed", "none", True)]), "watcher": ("", "disabled", [])},
        "counts": (2, 2, 1, 0),
        "channels": {"in_app": 1},
        "why_not": {"disabled": 1},
    }
    assert "owner" in str(outcome)


def rows_and_sequences() -> dict[str, Any]:
    """Each table's rows, and, on PostgreSQL, where the sequences are."""
    tables = {model._meta.db_table: list(model._default_manager.order_by("pk").values()) for model in apps.get_models()}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2")
        else:
            cursor.execute("SELECT name, seq, 0 FROM sqlite_sequence ORDER BY 1")
        return tables | {"sequences": cursor.fetchall()}


@pytest.mark.usefixtures("_tied")
@pytest.mark.parametrize("event_type", ["job.submitted", "review.comment", "system.disk_warning", "collab.mention"])
def test_it_leaves_no_trace(event_type, owner, member, admin):
    store_settings(owner, dnd_enabled=True)
    store_preference(member, event_type, channels=["in_app", "email", "webhook"])
    first = publish_and_route("job.completed", actor=owner)
    before, hooks = rows_and_sequences(), len(connection.run_on_commit)
    payload = EventType.objects.get(name=event_type).sample | {"mentioned_user_ids": [member.pk]}
    dry_run(event_type, source=JOB, actor=owner, payload=payload)
    assert rows_and_sequences() == before
    assert len(connection.run_on_commit) == hooks
    following = publish("job.completed", actor=owner)
    number_all()
    following.refresh_from_db()
    first.refresh_from_db()
    assert (following.pk, following.position) == (first.pk + 1, (first.position or 0) + 1)


@pytest.mark.usefixtures("_tied")
def test_it_locks_nothing(owner):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        dry_run("job.completed", source=JOB, actor=owner)
    assert [one for one in captured.captured_queries if "FOR UPDATE" in one["sql"] or "INSERT" in one["sql"]] == []


def test_a_great_audience_is_counted_and_its_first_people_are_examined(monkeypatch):
    monkeypatch.setattr(audiences, "LARGE", 10)
    monkeypatch.setattr(rehearsal, "MOST_EXAMINED", 6)
    monkeypatch.setattr(rehearsal, "MOST_PEOPLE", 4)
    crowd = get_user_model()._default_manager.bulk_create([new_person(f"u{number}") for number in range(15)])
    define("news.all", audience=["everyone"], default_channels=["in_app", "email"])
    store_preference(crowd[1], "news.all", is_enabled=False)
    outcome = dry_run("news.all")
    assert said(outcome)["counts"] == (15, 6, 5, 0)
    assert [one.user for one in outcome.people] == crowd[:4]
    assert "the first 6 of 15" in str(outcome)


def test_of_many_tied_to_a_source_those_count_whom_the_rules_mean(monkeypatch):
    monkeypatch.setattr(audiences, "LARGE", 3)
    crowd = get_user_model()._default_manager.bulk_create([new_person(f"u{number}") for number in range(6)])
    for number, user in enumerate(crowd):
        grant(JOB, user=user, role="watcher" if number else "owner")
    define("shot.seen", audience=["owner"])
    assert dry_run("shot.seen", source=JOB).audience == 1


def queries_for(count: int, start: int) -> int:
    crowd = get_user_model()._default_manager.bulk_create([new_person(f"u{start + n}") for n in range(count)])
    source = Entity("job", start)
    for user in crowd:
        grant(source, user=user, role="watcher")
    with CaptureQueriesContext(connection) as captured:
        assert dry_run("shot.seen", source=source, project_id=1).told == count
    return len(captured)


def test_its_queries_don_t_grow_with_the_people():
    define("shot.seen", audience=["watchers"], replaces="shot", default_channels=["in_app", "email", "webhook"])
    few = queries_for(2, 100)
    assert queries_for(20, 200) == few <= 25


choices = st.fixed_dictionaries(
    {
        "is_enabled": st.booleans(),
        "channels": st.lists(st.sampled_from(["in_app", "email", "webhook", "chat"]), unique=True),
        "scope": st.sampled_from(["all", "my_jobs", "my_projects"]),
    }
)
holds = st.sampled_from(
    [
        {},
        {"dnd_enabled": True, "dnd_until": NOON + timedelta(hours=1)},
        {"dnd_enabled": True, "dnd_until": NOON - timedelta(hours=1)},
        {"digest_enabled": True},
        {"quiet_hours": [{"days": list(range(7)), "start": "11:00", "end": "13:00"}]},
    ]
)
ways = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["email", "webhook"]),
            "is_enabled": st.booleans(),
            "verified_at": st.sampled_from([None, NOON]),
            "is_account": st.booleans(),
            "target": st.sampled_from(["same", "old", "other"]),
            "disabled_reason": st.sampled_from(["", BY_OWNER, "failing", "replaced"]),
        }
    ),
    max_size=3,
    unique_by=lambda way: (way["kind"], way["target"]),
)
people = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["owner", "member", "watcher", None]),
        "is_active": st.sampled_from([True, True, False]),
        "email": st.sampled_from(["", "same"]),
        "choice": st.none() | choices,
        "hold": holds,
        "came": st.sampled_from(["", '{"email": [1772628000.0, 2]}']),
        "ways": ways,
    }
)
TYPES = ["job.submitted", "job.started", "job.completed", "review.comment", "collab.mention", "system.disk_warning"]
events = st.fixed_dictionaries(
    {"event_type": st.sampled_from(TYPES), "has_source": st.booleans(), "acts": st.sampled_from([0, 1, 2, None])}
)


def set_the_scene(user: Any, event_type: str, given: dict[str, Any]) -> None:
    """Give a person what they have chosen, and forget what came before."""
    # A project whose people sign in by their e-mail has nobody without one.
    always = type(user)._meta.get_field(type(user).get_email_field_name()).unique
    mail = f"{name_of(user)}@example.com" if given["email"] or always else ""
    user.is_active, user.email = given["is_active"], mail
    user.save()
    revoke(JOB, user=user)
    if given["role"]:
        grant(JOB, user=user, role=given["role"])
    if given["choice"] is not None:
        store_preference(user, event_type, **given["choice"])
    store_settings(user, **given["hold"])
    Inbox.objects.update_or_create(user=user, defaults={"hourly": given["came"]})
    accounts_seen: set[str] = set()
    for way in given["ways"]:
        is_account = way["is_account"] and way["kind"] == "email" and not accounts_seen
        accounts_seen |= {way["kind"]} if is_account else set()
        target = (
            user.email if way["target"] == "same" and user.email else f"{way['target']}-{name_of(user)}@example.com"
        )
        address(user, **way | {"is_account": is_account, "target": target})


def forget() -> None:
    for model in (Address, Inbox, NotificationPreference, UserNotificationSettings):
        model._default_manager.all().delete()


@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    given_people=st.tuples(people, people, people), event=events, before=st.lists(st.sampled_from(TYPES), max_size=2)
)
def test_it_says_what_the_router_then_does(owner, member, watcher, settings_with_caps, given_people, event, before):
    cast = (owner, member, watcher)
    forget()
    kind = event["event_type"]
    for user, theirs in zip(cast, given_people, strict=True):
        set_the_scene(user, kind, theirs)
    facts = {
        "source": JOB if event["has_source"] else None,
        "actor": None if event["acts"] is None else cast[event["acts"]],
        "payload": EventType.objects.get(name=kind).sample | {"mentioned_user_ids": [owner.pk, watcher.pk]},
    }
    for name in before:
        if name.startswith("job."):
            route(publish(name, source=JOB, actor=owner, payload=EventType.objects.get(name=name).sample), now=NOON)
    planned = dry_run(kind, **facts)
    with told(now=NOON) as really:
        publish(kind, **facts)
    [outcome] = really.outcomes
    assert said(planned) == said(outcome)
    assert_is_what_happened(outcome)


@pytest.fixture
def settings_with_caps(settings) -> None:
    own(settings, HOURLY_CAPS={"email": 2})


def assert_is_what_happened(outcome: Outcome) -> None:
    """Compare what was said with the rows: who has one, on which channels, held how, going out to somewhere or not."""
    rows = {}
    for row in Notification.objects.filter(event=outcome.event):
        leads_somewhere = row.channel == "in_app" or row.deliveries.exists()
        rows[row.user_id, row.channel] = (row.reason, row.hold, leads_somewhere)
    assert rows == {
        (one.user.pk, way.channel): (one.reason, way.hold, way.state in ("in_feed", "goes_out"))
        for one in outcome.people
        for way in one.channels
    }
