"""The feed as the templates show it: filters, rows by day, the way to older ones."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from notifications.inbox import feed, search, summaries
from notifications.models import Notification, Summary
from notifications.pages.inbox_status import InboxStatus
from notifications.pages.requests import PAGE_SIZE, cursor_of, query_string
from notifications.preferences import presets
from notifications.presentation import acknowledged, labels, summary_text, times

# Longer titles are shown whole on hovering.
LONG = 60


@dataclass(frozen=True, slots=True)
class Filters:
    """Part of the feed that is asked for; lives in the address, so that it can be shared and gone back to."""

    category: str = ""
    unread: bool = False
    before: tuple[int, int] | None = None
    state: str = ""
    q: str = ""

    @property
    def narrowed_to(self) -> str:
        return labels.category_plural(self.category) if self.category else ""

    def query(self, **changes: object) -> str:
        return query_string(**asdict(self) | {"before": None} | changes)


def filters_of(query: Mapping[str, str]) -> Filters:
    """Read the filters from an address. BadRequest for a `before` that no page of ours has written."""
    state = query.get("state", "")
    return Filters(
        query.get("category", ""),
        query.get("unread") == "1",
        cursor_of(query),
        state if state in feed.STATES else "",
        query.get("q", "").strip()[: search.MOST_CHARACTERS],
    )


def feed_of(inbox: InboxStatus, *, filters: Filters, place: str) -> dict[str, Any]:
    """All that `carillon/feed.html` shows. Four queries: the counts, what is snoozed, one page, the summaries
    (and one more for their words, if there are any). What came after `inbox` was read
    comes over the socket once more."""
    counts = feed.unread_by_category(inbox.user_id)
    days, older = page_of(inbox, filters=filters)
    here = reverse("carillon:inbox")
    return {
        "inbox": inbox,
        "place": place,
        "filters": filters,
        "chips": _chips(filters, counts=counts),
        "state_chips": _state_chips(inbox.user_id, filters),
        "days": days,
        "older": older,
        "is_empty": not days,
        "all_href": here + filters.query(category=None, state=None),
        "unread_href": here + filters.query(unread=not filters.unread),
        "up_to": inbox.seq,
        "unread_count": inbox.unread_count,
        "unread_counted": labels.capped(inbox.unread_count),
        "notes": notes_of(inbox.user_id),
        "snooze_presets": snooze_offers(inbox),
        "presets": presets.offered(presets.DND, now=inbox.now, zone=inbox.zone),
    }


def snooze_offers(inbox: InboxStatus) -> list[presets.Offer]:
    return presets.offered(presets.SNOOZE, now=inbox.now, zone=inbox.zone)


def notes_of(user_id: int) -> list[dict[str, Any]]:
    """Summaries above the feed, until they are read. Two queries at most."""
    return [note_of(summary) for summary in summaries.shown(user_id)]


def note_of(summary: Summary) -> dict[str, Any]:
    title, text = summary_text.title(summary.kind), summary_text.counts(summary.by_type)
    return {"id": summary.pk, "seq": summary.seq, "kind": summary.kind, "title": title, "text": text}


def page_of(inbox: InboxStatus, *, filters: Filters, summary_id: int | None = None) -> tuple[list[dict[str, Any]], str]:
    """One page by day, and the query string of the next one (empty: that was all)."""
    rows = feed.page(
        inbox.user_id,
        unread_only=filters.unread,
        category=filters.category or None,
        limit=PAGE_SIZE + 1,
        before=filters.before,
        summary_id=summary_id,
        state=filters.state or ("" if summary_id or filters.q else "inbox"),
        search_text=filters.q,
    )
    shown, today = rows[:PAGE_SIZE], inbox.now.astimezone(inbox.zone).date()
    days = [
        {
            "key": day.isoformat(),
            "label": times.day_name(day, today=today),
            "rows": [row_of(row, inbox=inbox) for row in of_day],
        }
        for day, of_day in groupby(shown, key=lambda row: times.local(row.created_at, zone=inbox.zone).date())
    ]
    if len(rows) > PAGE_SIZE:
        return days, filters.query(before=f"{shown[-1].feed_seq}-{shown[-1].pk}")
    return days, filters.query(before=f"{rows.looked_to}-0") if rows.looked_to is not None else ""


def blank(inbox: InboxStatus) -> dict[str, Any]:
    """Row for the browser to fill in with one that arrives live: the same template, empty."""
    return {"icon": "bell", "share": "0", "progress_hidden": " hidden", "take_hidden": " hidden"} | _own(
        0, feed_seq=0, event_type="", is_read=False, inbox=inbox
    )


def row_of(row: Notification, *, inbox: InboxStatus) -> dict[str, Any]:
    shown = feed.as_json(row)
    category, event_type = shown["category"], shown["event_type"]
    return (
        shown
        | _own(row.pk, feed_seq=row.feed_seq, event_type=event_type, is_read=row.is_read, inbox=inbox)
        | {
            "category_name": labels.category_name(category),
            "icon": labels.icon_of(event_type, category=category),
            "is_failure": labels.is_failure(event_type),
            "marks": _marks(row),
            "progress_hidden": " hidden" if shown["progress"] is None else "",
            "take_hidden": "" if shown["acknowledged_by"] == "" else " hidden",
            "share": str(shown["progress"] or 0),
            "display_title": shown["display_title"] or shown["title"],
            "display_body": shown["display_body"] or shown["body"],
            "tooltip": shown["title"] if len(shown["title"]) > LONG else "",
            "away_text": f" · {away}" if (away := _away_text(row, inbox)) else "",
            "reason": labels.reason_text(row.reason, category=category),
            "at": row.created_at,
            "when": times.short_time(row.created_at, now=inbox.now, zone=inbox.zone),
            "when_full": times.full_time(row.created_at, zone=inbox.zone),
        }
    )


def _own(row_id: int, *, feed_seq: int, event_type: str, is_read: bool, inbox: InboxStatus) -> dict[str, Any]:
    """Numbers, addresses and words of a row as text. The template's own tags for them took half of a page's time."""
    return {
        "id": str(row_id),
        "feed_seq": str(feed_seq),
        "open_url": inbox.address_of("open", row_id),
        "detail_url": inbox.address_of("detail", row_id),
        "take_url": inbox.address_of("acknowledge", row_id),
        "mark_url": inbox.address_of("unread" if is_read else "read", row_id),
        "mark_words": inbox.row_words["mark_unread" if is_read else "mark_read"],
        "type_url": f"{inbox.addresses['preferences']}#type-{event_type}",
        "words": inbox.row_words,
    }


def _marks(row: Notification) -> SafeString:
    """Attributes of a row by which its style and the scripts know its state."""
    away = 'data-away="done"' if row.done_at else 'data-away="snoozed"' if row.snoozed_until else ""
    failed = "data-failed" if labels.is_failure(row.event.event_type.name) else ""
    return mark_safe(" ".join(filter(None, (failed, "data-read" if row.is_read else "", away))))  # noqa: S308  no value


def _away_text(row: Notification, inbox: InboxStatus) -> str:
    if row.snoozed_until is None:
        ended = _("Done") if row.done_at else _("Over") if row.event.resolved_by_id else ""
        return ended or acknowledged.on_it(row.acknowledged_by)
    return _("Snoozed until {time}").format(time=times.end_time(row.snoozed_until, now=inbox.now, zone=inbox.zone))


def _state_chips(user_id: int, filters: Filters) -> list[dict[str, Any]]:
    here, snoozed = reverse("carillon:inbox"), feed.rows(user_id).filter(feed.STATES["snoozed"]).count()
    named = [("snoozed", _("Snoozed"), snoozed), ("done", _("Done"), None)]
    return [
        {"state": state, "label": label, "href": here + filters.query(state=state, category=None), "count": count}
        for state, label, count in named
    ]


def _chips(filters: Filters, *, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    here = reverse("carillon:inbox")
    return [
        {
            "category": name,
            "label": labels.category_plural(name),
            "href": here + filters.query(category=name),
            "count": counts.get(name, 0),
            "counted": labels.capped(counts.get(name, 0)),
        }
        for name in [*labels.CATEGORIES, *sorted(set(counts) - set(labels.CATEGORIES))]
    ]
