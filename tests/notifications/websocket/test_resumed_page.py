"""Resuming from any number that a page has seen gives what a fresh page shows, whatever has happened since."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from events.memberships import grant
from notifications.holds.undo import undo
from notifications.inbox import feed, marking, removal, summaries
from notifications.models import Notification, ReadingBatch, Summary
from notifications.preferences.settings import change_settings
from notifications.websocket import snapshot
from tests.conftest import person
from tests.notifications.factories.holds import release_person
from tests.notifications.factories.routing import JOB, NOON, OTHER_JOB, publish_and_route

# What a page shows of a row, and puts it by.
SHOWN = ("id", "feed_seq", "title", "body", "url", "reason", "is_read", "payload")
PLACE = st.integers(0, 7)
STEPS = st.one_of(
    st.tuples(st.just("tell"), st.sampled_from(["job.started", "job.progress", "job.completed", "review.comment"])),
    st.tuples(st.sampled_from(["read", "unread", "remove"]), PLACE),
    st.tuples(st.just("read all"), st.sampled_from([None, "job"])),
    st.tuples(st.sampled_from(["undo", "tell while held", "release", "read summary"]), st.none()),
)


@dataclass
class Page:
    """What a client knows of an inbox."""

    seq: int = 0
    unread: int = 0
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)


def fresh(user) -> Page:
    state = marking.state(user.pk)
    rows = {row.pk: shown(feed.as_json(row)) for row in feed.page(user.pk, limit=1000)}
    unread = Summary.objects.filter(user=user, is_read=False, seq__gt=0)
    return Page(state.seq, state.unread_count, rows, {one.pk: one.kind for one in unread})


def shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in SHOWN}


def resumed(page: Page, user) -> Page:
    """The page after the frames that a socket would greet it with, as the reference of a client."""
    [hello, *more] = snapshot.since(user.pk, seq=page.seq, now=NOON)
    if more:
        assert more[0]["type"] == "resync"
        return fresh(user)
    rows = page.rows | {row["id"]: shown(row) for row in hello["notifications"]}
    notes = page.notes | {one["id"]: one["kind"] for one in hello["summaries"]}
    read = {one["id"] for one in hello["summaries"] if one["is_read"]}
    left = {pk: kind for pk, kind in notes.items() if pk not in read}
    return Page(hello["seq"], hello["unread_count"], rows, left)


def take(step: tuple[str, Any], user) -> None:
    """Do what a person, a publisher or the clock does."""
    name, what = step
    ids = list(Notification.objects.filter(user=user, channel="in_app").order_by("pk").values_list("pk", flat=True))
    if name == "tell":
        publish_and_route(what, source=JOB if len(ids) % 2 else OTHER_JOB)
    elif name in ("read", "unread") and what < len(ids):
        marking.mark(user.pk, ids=[ids[what]], is_read=name == "read", now=NOON)
    elif name == "remove" and what < len(ids):
        removal.remove(Notification.objects.filter(pk=ids[what]))
    elif name == "read all":
        marking.mark_all(user.pk, now=NOON, category=what)
    elif name == "undo" and (batch := ReadingBatch.objects.filter(user_id=user.pk).last()):
        undo(user.pk, batch_id=batch.pk, now=NOON)
    elif name == "tell while held":
        change_settings(user.pk, now=NOON, dnd_enabled=True, dnd_until=None)
        publish_and_route("job.failed", source=JOB)
    elif name == "release":
        change_settings(user.pk, now=NOON, dnd_enabled=False, dnd_until=None)
        release_person(user, now=NOON)
    elif name == "read summary" and (summary := Summary.objects.filter(user=user, is_read=False).last()):
        summaries.read(user.pk, summary_id=summary.pk, now=NOON)


class TestResumedPage(TestCase):
    @given(st.lists(STEPS, min_size=1, max_size=12))
    @settings(max_examples=60, deadline=None)
    def test_it_is_what_a_fresh_page_shows(self, steps):
        user = person("ann")
        for source in (JOB, OTHER_JOB):
            grant(source, user=user, role="owner")
        pages = [fresh(user)]
        for step in steps:
            take(step, user)
            pages.append(fresh(user))
        for page in pages:
            assert resumed(page, user) == pages[-1]
