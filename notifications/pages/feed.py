"""The feed as the templates show it: filters, rows by day, the way to older ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.core.exceptions import BadRequest
from django.urls import reverse

from notifications.holds import summaries
from notifications.inbox import feed
from notifications.models import Notification, Summary
from notifications.pages.inbox_status import Standing
from notifications.presentation import labels, summary_text, times

PAGE_SIZE = 20
_CURSOR = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Row:
    """One notification in words."""

    id: int
    feed_seq: int
    event_type: str
    category: str
    category_word: str
    icon: str
    title: str
    body: str
    reason: str
    url: str
    is_read: bool
    is_critical: bool
    at: datetime
    when: str
    when_full: str


# What the browser fills in for a row that arrives live: the same template, empty.
BLANK = Row(0, 0, "", "", "", "bell", "", "", "", "", False, False, datetime.min.replace(tzinfo=UTC), "", "")


@dataclass(frozen=True, slots=True)
class Day:
    key: str
    label: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Note:
    """A summary above the feed."""

    id: int
    kind: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Empty:
    """`kind`: filter (nothing fits), done (nothing is unread), none (nothing yet)."""

    kind: str
    narrowed_to: str = ""


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the feed is asked for; lives in the address, so that it can be shared and gone back to."""

    category: str | None = None
    unread_only: bool = False
    before: tuple[int, int] | None = None

    @property
    def narrowed_to(self) -> str:
        """What the one category is called; empty for all."""
        return labels.category_plural(self.category) if self.category else ""

    @property
    def empty(self) -> Empty:
        """Why there is nothing to see, if there isn't."""
        if self.category:
            return Empty("filter", self.narrowed_to)
        return Empty("done" if self.unread_only else "none")

    def query(self, **changes: object) -> str:
        """As a query string, with some of it changed."""
        merged = {"category": self.category, "unread": self.unread_only, "before": None} | changes
        named = {name: "1" if value is True else value for name, value in merged.items() if value}
        return f"?{urlencode(named)}" if named else ""


@dataclass(frozen=True, slots=True)
class Chip:
    category: str
    label: str
    href: str
    count: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """All that `carillon/feed.html` shows."""

    place: str
    filters: Filters
    chips: list[Chip]
    days: list[Day]
    older: str
    all_href: str
    unread_href: str
    up_to: int
    unread_count: int
    summaries: list[Note]

    @property
    def empty(self) -> Empty | None:
        return None if self.days else self.filters.empty


def filters_of(query: Mapping[str, str]) -> Filters:
    """From an address. BadRequest for a `before` that no page of ours has written."""
    before = query.get("before", "")
    match = _CURSOR.fullmatch(before)
    if before and not match:
        raise BadRequest(f"before is {before[:40]!r}; it must be two whole numbers as in 120-77")
    return Filters(
        category=query.get("category") or None,
        unread_only=query.get("unread") == "1",
        before=(int(match[1]), int(match[2])) if match else None,
    )


def feed_of(standing: Standing, *, filters: Filters, place: str) -> Feed:
    """Three queries: the counts, one page, the summaries (and one more for their words, if there are any). What came
    after `standing` was read comes over the socket once more."""
    counts = feed.unread_by_category(standing.user_id)
    days, older = page_of(standing.user_id, filters=filters, now=standing.now, zone=standing.zone)
    return Feed(
        place=place,
        filters=filters,
        chips=_chips(filters, counts=counts),
        days=days,
        older=older,
        all_href=reverse("inbox") + filters.query(category=None),
        unread_href=reverse("inbox") + filters.query(unread=not filters.unread_only),
        up_to=standing.seq,
        unread_count=standing.unread_count,
        summaries=notes_of(standing.user_id),
    )


def notes_of(user_id: int) -> list[Note]:
    """What do-not-disturb, quiet hours and digests gave back, until it is read."""
    return [note_of(summary) for summary in summaries.shown(user_id)]


def note_of(summary: Summary) -> Note:
    return Note(summary.pk, summary.kind, summary_text.title(summary.kind), summary_text.counts(summary.by_type))


def page_of(user_id: int, *, filters: Filters, now: datetime, zone: ZoneInfo) -> tuple[list[Day], str]:
    """One page by day, and the query string of the next one (empty: that was all)."""
    found = feed.page(
        user_id,
        unread_only=filters.unread_only,
        category=filters.category,
        limit=PAGE_SIZE + 1,
        before=filters.before,
    )
    shown = found[:PAGE_SIZE]
    last = shown[-1] if len(found) > PAGE_SIZE else None
    rows = [row_of(row, now=now, zone=zone) for row in shown]
    return by_day(rows, now=now, zone=zone), filters.query(before=f"{last.feed_seq}-{last.pk}") if last else ""


def row_of(row: Notification, *, now: datetime, zone: ZoneInfo) -> Row:
    told = feed.as_json(row)
    category = told["category"]
    return Row(
        id=row.pk,
        feed_seq=row.feed_seq,
        event_type=told["event_type"],
        category=category,
        category_word=labels.category_word(category),
        icon=labels.icon_of(told["event_type"], category=category),
        title=told["title"],
        body=told["body"],
        reason=labels.reason_words(row.reason, category=category),
        url=told["url"],
        is_read=row.is_read,
        is_critical=told["is_critical"],
        at=row.created_at,
        when=times.time_words(row.created_at, now=now, zone=zone),
        when_full=times.full_words(row.created_at, zone=zone),
    )


def by_day(rows: list[Row], *, now: datetime, zone: ZoneInfo) -> list[Day]:
    today = now.astimezone(zone).date()
    return [
        Day(day.isoformat(), times.day_words(day, today=today), list(of_day))
        for day, of_day in groupby(rows, key=lambda row: row.at.astimezone(zone).date())
    ]


def _chips(filters: Filters, *, counts: Mapping[str, int]) -> list[Chip]:
    here = reverse("inbox")
    names = [*labels.CATEGORIES, *sorted(set(counts) - set(labels.CATEGORIES))]
    return [
        Chip(
            category=name,
            label=labels.category_plural(name),
            href=here + filters.query(category=name),
            count=counts.get(name, 0),
            is_current=filters.category == name,
        )
        for name in names
    ]
