"""`manage.py import_django_notifications`: feeds and badges as they were, told to nobody, and nothing twice."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from delivery.models import Delivery
from events.bus import publish
from events.dispatch import sequencer, subscribers
from events.dispatch.replay import move
from events.entities import Entity
from events.models import Event, EventType, LogHead, Subscriber
from notifications.importing import django_notifications
from notifications.inbox import feed, marking, recount
from notifications.models import Inbox, Notification
from tests.accounts.factory import name_of, rename, saved_person
from tests.delivery.factories.django_notifications import create, migrations_applied, send
from tests.notifications.factories.routing import route

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def run(*options: str) -> str:
    out = StringIO()
    call_command("import_django_notifications", *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def group() -> Group:
    return Group.objects.create(name="Renderers")


@pytest.fixture
def old(owner, member, group) -> None:
    """The owner has one that is unread and one that is read, an hour apart."""
    rename(member, "Ana Ruiz")
    create()
    send(owner, actor=member, verb="joined", target=group, at=NOW - timedelta(hours=2), unread=False)
    send(owner, actor=member, verb="added", action_object=owner, target=group, at=NOW - timedelta(hours=1), url="/x/")


def titles(user) -> list[str]:
    return [feed.as_json(row)["title"] for row in feed.page(user.pk)]


def test_nobody_is_offered_to_choose_what_never_comes_again(client, owner, old):
    run()
    client.force_login(owner)
    row = Notification.objects.filter(user=owner)[0]
    pages = ["preferences", "catalogue"]
    addresses = [reverse(f"carillon:{name}") for name in pages] + [
        reverse("carillon:notification-detail", args=[row.pk])
    ]
    for address in [*addresses, reverse("carillon_api:preferences")]:
        assert "imported.notification" not in client.get(address).content.decode(), address


def test_what_was_said_is_in_the_feed_the_newest_on_top(owner, old):
    assert "2 imported" in run()
    assert titles(owner) == [f"Ana Ruiz added {name_of(owner)} on Renderers", "Ana Ruiz joined Renderers"]


def test_read_and_unread_times_and_the_badge_are_as_they_were(owner, old):
    run()
    assert marking.state(owner.pk).unread_count == 1
    assert recount.wrong_among([owner.pk]) == []
    rows = Notification.objects.order_by("created_at").values_list("is_read", "created_at", "reason", "is_delivered")
    assert list(rows) == [
        (True, NOW - timedelta(hours=2), "imported", True),
        (False, NOW - timedelta(hours=1), "imported", True),
    ]


def test_it_is_known_who_did_what_it_is_about_and_what_came_with_it(member, group, old):
    run()
    event = Event.objects.latest("created_at")
    assert (event.actor_user, event.source) == (member, Entity("group", group.pk))
    assert (event.payload["verb"], event.payload["data"]) == ("added", {"url": "/x/"})


def test_what_has_a_text_for_a_key_is_the_source_too(owner, member, old):
    session = Session.objects.create(session_key="3f2c-91", expire_date=NOW)
    send(owner, actor=member, verb="ended", target=session, at=NOW)
    run()
    assert Event.objects.latest("created_at").source == Entity("session", "3f2c-91")


def test_nobody_is_told_now_or_by_a_replay(owner, old):
    subscribers.enroll()
    head = LogHead.objects.get().position
    run()
    assert sequencer.number().count == 0
    assert LogHead.objects.get().position == head
    move("notifications", to=0)
    assert not Event.objects.filter(position__gt=Subscriber.objects.get(name="notifications").position).exists()
    assert not Delivery.objects.exists()
    assert not Notification.objects.exclude(channel="in_app").exists()


def test_what_came_since_stays_above_what_was_before(owner, old):
    route(publish("job.completed", actor=owner, payload={"name": "Take 7"}))
    run()
    assert titles(owner)[0] == "Take 7 finished"
    assert marking.state(owner.pk).unread_count == 2


def test_open_tabs_fetch_the_feed_anew_without_a_toast(owner, old):
    run()
    inbox = Inbox.objects.get(user=owner)
    assert inbox.seq == inbox.resync_below == 1


def test_a_second_run_imports_what_came_since_and_nothing_twice(owner, member, old):
    run()
    send(owner, actor=member, verb="left", at=NOW)
    assert "1 imported, 2 were already" in run()
    assert "0 imported, 3 were already" in run()
    assert titles(owner)[0] == "Ana Ruiz left"
    assert marking.state(owner.pk).unread_count == 2


def test_an_interrupted_run_goes_on(owner, old, monkeypatch):
    monkeypatch.setattr(django_notifications, "BATCH", 1)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):  # noqa: PT012
        patch.setattr("tqdm.tqdm.update", interrupt)
        run()
    assert [row.is_read for row in feed.page(owner.pk)] == [True]
    assert "1 imported, 1 were already" in run()
    assert [row.is_read for row in feed.page(owner.pk)] == [False, True]
    assert recount.wrong_among([owner.pk]) == []


def interrupt(_bar: object, _count: int) -> None:
    raise KeyboardInterrupt


def test_what_nobody_would_see_is_left_out_and_counted(owner, member, old):
    send(2**31 - 7, actor=member, verb="joined", at=NOW)
    send(owner, actor=member, verb="joined", at=NOW, deleted=True)
    send(owner, actor=member, verb="joined", at=NOW - timedelta(days=91))
    said = run()
    assert "2 imported, 0 were already; left out: 1 deleted by their person, 1 of people who are gone" in said
    assert "1 older than 90 days" in said


def test_what_is_gone_or_can_not_say_its_name_is_named_by_kind_and_number(owner, member, group, old, monkeypatch):
    monkeypatch.setattr(Group, "__str__", lambda self: 1 / 0)
    gone = saved_person("gone")
    send(owner, actor=gone, verb="left", target=group, at=NOW)
    kind, number = gone._meta.model_name, gone.pk
    gone.delete()
    run()
    assert titles(owner)[0] == f"{kind} {number} left group {group.pk}"


def test_what_no_database_keeps_is_left_out_of_the_payload(owner, member, old):
    send(owner, actor=member, verb="joined", at=NOW, nested="x" * 300_000)
    run()
    assert Event.objects.latest("created_at").payload == {"title": "Ana Ruiz joined", "verb": "joined", "level": "info"}


def test_people_get_it_explained(owner, old, client):
    run()
    client.force_login(owner)
    row = Notification.objects.get(is_read=False)
    explained = client.get(f"/api/v1/notifications/{row.pk}/why").json()
    assert explained["explanation"] == "You had it before notifications came from here."
    assert "because you had it before" in client.get("/notifications/").content.decode()


def test_nobody_publishes_its_type(old):
    run()
    assert not EventType.objects.get(name="imported.notification").is_active


def test_retention_takes_it_in_its_time(owner, old):
    run()
    Event.objects.update(created_at=NOW - timedelta(days=91))
    Notification.objects.update(created_at=NOW - timedelta(days=91))
    call_command("prune", stdout=StringIO())
    assert not Event.objects.filter(event_type__name="imported.notification").exists()
    assert marking.state(owner.pk).unread_count == 0


def test_the_number_of_queries_does_not_depend_on_the_rows(owner, member, watcher, old):
    # People's first rows also bring their inboxes.
    for user in (owner, watcher):
        send(user, actor=member, verb="joined", at=NOW)
    run()
    counts = []
    for number in (1, 20):
        for _ in range(number):
            send(owner, actor=member, verb="joined", at=NOW)
            send(watcher, actor=member, verb="joined", at=NOW)
        with CaptureQueriesContext(connection) as queries:
            run()
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_another_table_and_what_is_none_are_named(owner, member):
    create("old_bells")
    send(owner, actor=member, verb="joined", at=NOW, table="old_bells")
    assert "1 imported" in run("--table", "old_bells")
    with pytest.raises(CommandError, match="there is no table notifications_notification on the database 'default'"):
        run()
    with pytest.raises(CommandError, match=r"has no column recipient_id.*--table"):
        run("--table", "notifications")


def test_its_migrations_are_of_another_app_than_ours(old):
    migrations_applied()
    executor = MigrationExecutor(connection)
    executor.loader.check_consistent_history(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
    call_command("migrate", verbosity=0)
    assert "2 imported" in run()
