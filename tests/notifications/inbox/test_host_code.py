"""Counts survive code of others: a deletion by the ORM is refused, and what it should call keeps inboxes right."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from events.bus import publish
from events.models import Event
from notifications.inbox import marking, recount, removal
from notifications.models import Inbox, Notification
from notifications.websocket import snapshot
from tests.notifications.factories.holds import hold
from tests.notifications.factories.routing import NOON

pytestmark = pytest.mark.django_db

TWO = ("job.completed", "job.failed")


@pytest.fixture
def told(owner) -> Notification:
    hold(owner, *TWO)
    return Notification.objects.filter(user=owner).earliest("pk")


DELETIONS: dict[str, Callable[[Notification], object]] = {
    "event": lambda row: row.event.delete(),
    "events": lambda row: Event.objects.filter(pk=row.event_id).delete(),
    "notification": lambda row: row.delete(),
    "notifications": lambda row: Notification.objects.filter(pk=row.pk).delete(),
}


@pytest.mark.parametrize("name", DELETIONS)
def test_a_deletion_that_would_make_a_badge_wrong_is_refused(owner, told, name):
    with pytest.raises(IntegrityError, match=r"call notifications\.inbox\.removal\.remove"), transaction.atomic():
        DELETIONS[name](told)
    assert Notification.objects.filter(user=owner).count() == marking.state(owner.pk).unread_count == 2


def test_an_event_that_nobody_was_told_of_may_go(owner):
    event = publish("job.completed")
    event.delete()
    assert not Event.objects.exists()


def test_a_person_goes_with_all_that_is_theirs(owner, told):
    owner.delete()
    assert not Notification.objects.exists()
    assert not Inbox.objects.exists()


def test_what_is_removed_leaves_the_feed_and_the_count(owner, told, monkeypatch):
    monkeypatch.setattr(removal, "BATCH", 1)
    known = marking.state(owner.pk).seq
    assert removal.remove(Notification.objects.filter(event_id=told.event_id)) == 1
    told.event.delete()
    assert marking.state(owner.pk).unread_count == Notification.objects.filter(user=owner).count() == 1
    assert [frame["type"] for frame in snapshot.since(owner.pk, seq=known, now=NOON)] == ["hello", "resync"]


def doctor(*flags: str) -> str:
    said = StringIO()
    # It ends with an error where anything is wrong, as nobody's worker here.
    with suppress(CommandError):
        call_command("doctor", *flags, stdout=said)
    return said.getvalue()


@pytest.fixture
def wrong(owner, member, told) -> None:
    """A badge of 36 over two rows, and one of none over one."""
    hold(member, "job.completed")
    Inbox.objects.filter(user=owner).update(unread_count=36)
    Inbox.objects.filter(user=member).update(unread_count=0)


def test_the_doctor_names_wrong_badges_and_changes_nothing(owner, member, wrong):
    assert f"The badge of user {owner.pk} says 36; 2 are unread." in doctor()
    assert "Wrong badges: 2." in doctor()


def test_the_doctor_mends_them(owner, member, wrong):
    known = marking.state(owner.pk).seq
    assert "Mended: 2." in doctor("--fix")
    assert [marking.state(user.pk).unread_count for user in (owner, member)] == [2, 1]
    assert [frame["type"] for frame in snapshot.since(owner.pk, seq=known, now=NOON)] == ["hello", "resync"]
    assert doctor("--fix") == "Wrong badges: 0. Mended: 0.\n"


def test_somebody_whose_inbox_is_gone_has_one_again(owner, told):
    Inbox.objects.all().delete()
    doctor("--fix")
    assert marking.state(owner.pk).unread_count == 2


def test_recounting_many_costs_as_much_as_one(owner, member, outsider):
    counts = []
    for users in ([owner.pk], [owner.pk, member.pk, outsider.pk]):
        with CaptureQueriesContext(connection) as queries:
            recount.wrong_among(users)
        counts.append(len(queries))
    assert counts == [2, 2]
