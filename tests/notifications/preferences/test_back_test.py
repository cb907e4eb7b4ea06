"""Back-test of choices: as they were they give what really came; others give what the plan makes of the same events."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.bus import Entity
from events.memberships import grant
from events.models import EventType
from notifications.models import Notification, UserNotificationSettings
from notifications.preferences import back_test, preferences, projects
from notifications.preferences.back_test import BackTest, Choices
from notifications.preferences.settings import settings_of
from tests.notifications.factories.routing import JOB, OTHER_JOB, change_type, mute, publish_and_route, store_preference

pytestmark = pytest.mark.django_db
CRITICAL = "system.gpu_critical"


def tried(user: Any, *, channels: Collection[str] = ("in_app",), **settings: Any) -> BackTest:
    """What their choices of now, with these settings, give."""
    chosen = settings_of(user.pk)
    for name, value in settings.items():
        setattr(chosen, name, value)
    rows, scopes = preferences.ensure(user.pk), list(projects.scopes_of(user.pk))
    return back_test.run(user.pk, choices=Choices(rows, chosen, scopes, channels), now=timezone.now())


def counts(found: BackTest) -> tuple[int, int, int]:
    return found.really, found.with_these, found.missed


@pytest.fixture(autouse=True)
def _alone() -> None:
    """Each event by itself, unless a test says otherwise."""
    EventType.objects.update(burst_seconds=0)


@pytest.fixture
def _told(owner) -> None:
    grant(JOB, user=owner, role="owner")
    for _number in range(3):
        publish_and_route("review.comment", source=JOB)
    publish_and_route("job.started", source=OTHER_JOB, actor=owner)
    publish_and_route("job.progress", source=OTHER_JOB, actor=owner)
    publish_and_route("job.completed", source=OTHER_JOB, actor=owner)


@pytest.mark.usefixtures("_told")
def test_choices_as_they_were_give_what_really_came(owner):
    assert counts(tried(owner)) == (4, 4, 0)


@pytest.mark.usefixtures("_told")
def test_a_type_that_is_off_is_no_interruption(owner):
    store_preference(owner, "review.comment", is_enabled=False)
    assert counts(tried(owner)) == (4, 1, 0)


@pytest.mark.usefixtures("_told")
def test_what_was_off_would_have_come(owner):
    store_preference(owner, "collab.lock", is_enabled=False)
    for _number in range(2):
        publish_and_route("collab.lock", source=JOB)
    store_preference(owner, "collab.lock", is_enabled=True)
    assert counts(tried(owner)) == (4, 6, 0)


def test_a_burst_is_one_interruption_and_one_more_at_its_end_elsewhere(owner):
    change_type("review.comment", burst_seconds=300)
    grant(JOB, user=owner, role="owner")
    for _number in range(3):
        publish_and_route("review.comment", source=JOB)
    assert counts(tried(owner)) == (1, 1, 0)
    store_preference(owner, "review.comment", channels=["in_app", "email"])
    assert counts(tried(owner, channels=("in_app", "email"))) == (1, 2, 0)


def read_job(user: Any, *, after: int, **choice: Any) -> None:
    """Tell of a job, as one row of the feed and by mail, which is read after so many minutes; then choose this."""
    for name in ("job.started", "job.progress", "job.completed"):
        store_preference(user, name, channels=["in_app", "email"])
        publish_and_route(name, source=JOB, actor=user)
        store_preference(user, name, **choice)
    Notification.objects.update(is_read=True, read_at=timezone.now() + timedelta(minutes=after))


@pytest.mark.parametrize(("after", "interruptions"), [(10, 1), (20, 3)])
def test_what_waits_to_be_read_interrupts_only_if_it_was_still_unread_then(owner, after, interruptions):
    read_job(owner, after=after, ladder={"email": 15})
    assert tried(owner, channels=("in_app", "email")).with_these == interruptions


@pytest.mark.parametrize(("after", "interruptions"), [(10, 1), (20, 3)])
def test_a_ladder_for_all_types_is_tried_too(owner, after, interruptions):
    read_job(owner, after=after)
    assert tried(owner, channels=("in_app", "email"), ladder={"email": 15}).with_these == interruptions


def test_without_a_window_a_burst_would_be_many(owner):
    change_type("review.comment", burst_seconds=300)
    grant(JOB, user=owner, role="owner")
    for _number in range(3):
        publish_and_route("review.comment", source=JOB)
    change_type("review.comment", burst_seconds=0)
    assert counts(tried(owner)) == (1, 3, 0)


@pytest.mark.usefixtures("_told")
def test_a_digest_is_one_interruption_a_time(owner):
    assert counts(tried(owner, digest_enabled=True, digest_interval="weekly")) == (4, 1, 0)


@pytest.mark.usefixtures("_told")
def test_quiet_hours_are_one_interruption_at_their_end(owner):
    always = [
        {"days": list(range(7)), "start": "00:00", "end": "23:59"},
        {"days": list(range(7)), "start": "12:00", "end": "11:59"},
    ]
    assert counts(tried(owner, quiet_hours=always)) == (4, 1, 0)


@pytest.mark.usefixtures("_told")
def test_do_not_disturb_is_left_out(owner):
    assert counts(tried(owner, dnd_enabled=True)) == (4, 4, 0)


@pytest.mark.usefixtures("_told")
def test_mutes_and_scopes_of_projects_count(owner):
    mute(owner, of=JOB)
    assert counts(tried(owner)) == (4, 1, 0)


@pytest.mark.usefixtures("_told")
def test_a_channel_without_an_address_interrupts_nobody(owner):
    store_preference(owner, "review.comment", channels=["email"])
    assert counts(tried(owner)) == (4, 1, 0)
    assert counts(tried(owner, channels=("in_app", "email"))) == (4, 4, 0)


def test_a_critical_one_that_would_not_come_is_missed(owner):
    change_type(CRITICAL, is_locked=False, audience=["everyone"])
    publish_and_route(CRITICAL, payload={"gpu": "0", "host": "render-01", "temperature": 99})
    store_preference(owner, CRITICAL, is_enabled=False)
    assert counts(tried(owner)) == (1, 0, 1)


@pytest.mark.usefixtures("_told")
def test_what_is_older_counts_no_more(owner):
    Notification.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert tried(owner).really == 0


@pytest.mark.usefixtures("_told")
def test_others_events_are_not_counted(outsider):
    assert tried(outsider) == BackTest(0, is_cut=False, really=0, with_these=0, missed=0)


def test_the_number_of_queries_doesn_t_grow_with_the_events(owner):
    grant(JOB, user=owner, role="owner")
    grant(Entity("project", 7), user=owner, role="owner")
    settings, counted = UserNotificationSettings(user=owner), []
    rows = preferences.ensure(owner.pk)
    for _round in range(2):
        for number in range(4):
            publish_and_route("collab.lock", source=Entity("shot", number), project_id=7)
            publish_and_route("review.comment", source=JOB, project_id=7)
        with CaptureQueriesContext(connection) as asked:
            back_test.run(owner.pk, choices=Choices(rows, settings, (), ("in_app",)), now=timezone.now())
        counted.append(len(asked))
    assert counted[0] == counted[1] <= 22
