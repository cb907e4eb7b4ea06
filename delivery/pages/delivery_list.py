"""Deliveries page: filters with their counts, and rows in words, held ones among them."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from delivery.models import Delivery
from delivery.pages import attempts
from delivery.reporting import history
from events import rendering
from events.entities import whole_number
from events.errors import shown
from events.models import Event, EventType
from events.rules import channel_names
from notifications.holds import wording
from notifications.models import Notification, UserNotificationSettings
from notifications.pages.inbox_status import InboxStatus
from notifications.pages.requests import PAGE_SIZE, cursor_of, query_string
from notifications.preferences.settings import settings_of
from notifications.presentation import access, labels, summary_text, times

State = Delivery.State
_STATES: dict[str, tuple[str, ...]] = {
    "waiting": Delivery.UNSETTLED,
    "sent": (State.SENT,),
    "dead": (State.DEAD,),
    "skipped": (State.SKIPPED,),
}
_LABELS: dict[str, Promise] = {
    "": gettext_lazy("All"),
    "waiting": gettext_lazy("Waiting"),
    "sent": gettext_lazy("Sent"),
    "dead": gettext_lazy("Dead"),
    "held": gettext_lazy("Held"),
    "skipped": gettext_lazy("Skipped"),
}
_NO_END = 10**18 - 1


@dataclass(frozen=True, slots=True)
class Filters:
    state: str = ""
    address_id: int | None = None
    # Ids: everything older than this delivery and this held notification.
    before: tuple[int, int] | None = None

    def query(self, **changes: object) -> str:
        return query_string(**{"state": self.state, "channel": self.address_id} | changes)


def filters_of(query: Mapping[str, str]) -> Filters:
    """Read the filters. BadRequest for what no page of ours has written."""
    state, channel = query.get("state", ""), query.get("channel", "")
    if state not in _LABELS:
        raise BadRequest(f"state is {shown(state)}; there are {', '.join(filter(None, _LABELS))}")
    address_id = whole_number(channel)
    if channel and address_id is None:
        raise BadRequest(f"channel is {shown(channel)}; it must be a whole number")
    return Filters(state, address_id, cursor_of(query))


def chips_of(filters: Filters, *, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Make a chip for each state. All counts what is a delivery, so no held ones; Skipped is there if there is any."""
    numbers = {name: sum(counts[state] for state in states) for name, states in _STATES.items()}
    numbers |= {"held": counts["held"], "": sum(numbers.values())}
    here = reverse("deliveries")
    return [
        {"state": name, "label": label, "href": here + filters.query(state=name), "count": labels.capped(numbers[name])}
        for name, label in _LABELS.items()
        if name != "skipped" or numbers[name] or filters.state == name
    ]


def page_of(inbox: InboxStatus, *, filters: Filters, for_staff: bool) -> tuple[list[dict[str, Any]], str]:
    """Load a page, newest first, and the query string of the next (empty: that was all). At most six queries."""
    deliveries, waiting = _load(inbox.user_id, filters)
    # Each of the two stays in the order of its ids, whatever their clocks say: a page goes on where the last one ended.
    streams: tuple[list[Delivery | Notification], ...] = ([*deliveries], [*waiting])
    merged = list(heapq.merge(*streams, key=lambda one: one.created_at, reverse=True))
    shown = merged[:PAGE_SIZE]
    chosen = settings_of(inbox.user_id)
    with_summary = any(isinstance(one, Delivery) and one.summary_id is not None for one in shown)
    types = list(EventType.objects.all()) if with_summary else []
    rows = [
        {
            "at": one.created_at,
            "when": times.short_time(one.created_at, now=inbox.now, zone=inbox.zone),
            "when_full": times.full_time(one.created_at, zone=inbox.zone),
            **(
                _delivery_row(one, inbox=inbox, for_staff=for_staff, types=types)
                if isinstance(one, Delivery)
                else _held_row(one, inbox=inbox, settings=chosen)
            ),
        }
        for one in shown
    ]
    return rows, filters.query(before=_next_cursor(shown, filters)) if len(merged) > PAGE_SIZE else ""


def _load(user_id: int, filters: Filters) -> tuple[list[Delivery], list[Notification]]:
    """Load both lists, each at most one more than a page."""
    before, held_before = filters.before or (_NO_END, _NO_END)
    deliveries: list[Delivery] = []
    waiting: list[Notification] = []
    if filters.state != "held":
        states = _STATES.get(filters.state, ())
        deliveries = history.page(
            user_id, states=states, address_id=filters.address_id, before=before, limit=PAGE_SIZE + 1
        )
    if filters.state in ("", "held") and filters.address_id is None:
        waiting = access.seen(history.held(user_id).filter(id__lt=held_before)[: PAGE_SIZE + 1])
    return deliveries, waiting


def _next_cursor(shown: list[Delivery | Notification], filters: Filters) -> str:
    """Say where each of the two lists goes on: below the last one shown, or where it already was."""
    before, held_before = filters.before or (_NO_END, _NO_END)
    last = min([one.pk for one in shown if isinstance(one, Delivery)], default=before)
    last_held = min([one.pk for one in shown if isinstance(one, Notification)], default=held_before)
    return f"{last}-{last_held}"


def _delivery_row(one: Delivery, *, inbox: InboxStatus, for_staff: bool, types: Sequence[EventType]) -> dict[str, Any]:
    event = one.notification.event if one.notification else None
    state = next(name for name, states in _STATES.items() if one.state in states)
    tries = attempts.attempts_of(one, now=inbox.now, zone=inbox.zone, for_staff=for_staff)
    # That all went well at once has nothing more to tell, but to staff.
    went_well = state == "sent" and len(tries) == 1 and not for_staff
    return {
        "id": one.pk,
        "state": state,
        "category": event.event_type.category if event else "",
        "icon": _icon(state=state, event=event),
        "title": _title(one, event=event, types=types),
        "about": f"{channel_label(one.kind)} · {short_target(one.address.masked_target)}",
        "pill": _pill(one, tries=len(tries), inbox=inbox),
        "tries": [] if went_well else tries,
        "tries_words": ngettext("{n} try", "{n} tries", len(tries)).format(n=len(tries)),
        "advice": attempts.advice(one),
        "can_resend": one.state == State.DEAD and one.purpose in Delivery.REPEATABLE,
    }


def _held_row(one: Notification, *, inbox: InboxStatus, settings: UserNotificationSettings) -> dict[str, Any]:
    until = wording.until_text(one, settings=settings, now=inbox.now)
    return {
        "state": "held",
        "category": one.event.event_type.category,
        "icon": "moon",
        "title": rendering.render(one.event, one.event.event_type).title,
        "about": f"{channel_label(one.channel)} · {until}",
        "pill": _("Held"),
    }


def channel_label(kind: str) -> str:
    """Return the label of a channel; one from elsewhere goes by its own name."""
    return str(dict(channel_names.labels()).get(kind, kind))


def short_target(target: str) -> str:
    return target.removeprefix("https://").removeprefix("http://")


def _icon(*, state: str, event: Event | None) -> str:
    by_state = {"sent": "check", "dead": "x", "skipped": "ban"}.get(state)
    if by_state or event is None:
        return by_state or "bell"
    return labels.icon_of("", category=event.event_type.category)


def _title(one: Delivery, *, event: Event | None, types: Sequence[EventType]) -> str:
    if event is not None:
        return rendering.render(event, event.event_type).title
    if one.summary is not None:
        return summary_text.counts(one.summary.by_type, types=types)
    return _("Confirmation") if one.purpose == Delivery.Purpose.CONFIRMATION else _("Test")


def _pill(one: Delivery, *, tries: int, inbox: InboxStatus) -> str:
    match one.state:
        case State.SENT:
            return _("Sent")
        case State.DEAD:
            return ngettext("Dead after {n} try", "Dead after {n} tries", tries).format(n=tries)
        case State.SKIPPED:
            return _("Skipped")
        case State.SENDING:
            return _("Sending")
    due_at, _reason = one.wait
    if not tries and due_at <= inbox.now:
        return _("Waiting")
    time = attempts.moment(due_at, now=inbox.now, zone=inbox.zone)
    return _("Next try {time}").format(time=time)
