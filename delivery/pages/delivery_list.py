"""Deliveries page: filters with their counts, and groups of deliveries in words, held ones among them."""

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from delivery.models import Address, Delivery
from delivery.pages import attempts
from delivery.reporting import groups, history
from delivery.reporting.groups import Group, Head, Wanted
from events import event_type_cache, rendering
from events.entities import whole_number
from events.errors import shown
from events.models import EventType
from events.rules import channel_names, display, moments
from notifications.holds import wording
from notifications.models import Notification, UserNotificationSettings
from notifications.pages.inbox_status import InboxStatus
from notifications.pages.requests import PAGE_SIZE, cursor_of, query_string
from notifications.preferences.settings import settings_of
from notifications.presentation import labels, summary_text, times

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
    "dead": gettext_lazy("Failed"),
    "held": gettext_lazy("Held"),
    "skipped": gettext_lazy("Skipped"),
}
# A group shows the first of these that one of its lines is in.
_ICONS = {"dead": "x", "waiting": "clock", "held": "moon", "sent": "check", "skipped": "ban"}
_NO_END = 10**18 - 1


@dataclass(frozen=True, slots=True)
class Filters:
    state: str = ""
    address_id: int | None = None
    event_type: str = ""
    day: date | None = None
    # Everything older than this delivery and this held event, by their ids.
    before: tuple[int, int] | None = None

    def query(self, **changes: object) -> str:
        chosen = {"state": self.state, "channel": self.address_id, "type": self.event_type, "day": self.day}
        return query_string(**chosen | changes)

    def wanted(self, *, zone: ZoneInfo) -> Wanted:
        span = None if self.day is None else (_midnight(self.day, zone), _midnight(self.day + timedelta(days=1), zone))
        types = event_type_cache.by_name([self.event_type]) if self.event_type else {}
        type_id = next((row.pk for row in types.values()), 0) if self.event_type else None
        return Wanted(_STATES.get(self.state, ()), self.address_id, type_id, span)


class Known(NamedTuple):
    """Addresses of the person, and all types: what can be chosen, and what lines and titles are made of."""

    addresses: list[Address]
    types: list[EventType]


def known_to(user_id: int) -> Known:
    return Known(list(Address.objects.filter(user_id=user_id)), list(EventType.objects.all()))


def filters_of(query: Mapping[str, str]) -> Filters:
    """Read the filters. BadRequest for what no page of ours has written."""
    state, channel, day = query.get("state", ""), query.get("channel", ""), query.get("day", "")
    if state not in _LABELS:
        raise BadRequest(f"state is {shown(state)}; there are {', '.join(filter(None, _LABELS))}")
    address_id = whole_number(channel)
    if channel and address_id is None:
        raise BadRequest(f"channel is {shown(channel)}; it must be a whole number")
    return Filters(state, address_id, query.get("type", ""), _day(day) if day else None, cursor_of(query))


def chips_of(filters: Filters, *, counts: Mapping[str, int] | None) -> list[dict[str, Any]]:
    """Make a chip for each state. All counts what is a delivery, so no held ones; Skipped is there if there is any."""
    known = counts or dict.fromkeys([*State.values, "held"], 0)
    numbers = {name: sum(known[state] for state in states) for name, states in _STATES.items()}
    numbers |= {"held": known["held"], "": sum(numbers.values())}
    here = reverse("carillon:deliveries")
    return [
        {
            "state": name,
            "label": label,
            "href": here + filters.query(state=name),
            "count": labels.capped(numbers[name]) if numbers[name] else "",
        }
        for name, label in _LABELS.items()
        if name != "skipped" or numbers[name] or filters.state == name or counts is None
    ]


def chosen_of(filters: Filters, *, known: Known) -> list[dict[str, str]]:
    """Say what the list is narrowed to beside its state, and how each is taken away."""
    texts = {
        "channel": next((label_of(row) for row in known.addresses if row.pk == filters.address_id), ""),
        "type": next((row.description or row.name for row in known.types if row.name == filters.event_type), ""),
        "day": date_format(filters.day, "j F Y") if filters.day else "",
    }
    here = reverse("carillon:deliveries")
    return [{"label": text, "href": here + filters.query(**{name: ""})} for name, text in texts.items() if text]


def choices_of(known: Known) -> dict[str, list[tuple[object, str]]]:
    """List what the form offers: addresses in use first, types by their words."""
    named = sorted((row.description or row.name, row.name) for row in known.types)
    rows = sorted(known.addresses, key=lambda row: not row.is_enabled)
    return {"channel": [(row.pk, label_of(row)) for row in rows], "type": [(name, text) for text, name in named]}


def failed(inbox: InboxStatus, filters: Filters, *, known: Known) -> QuerySet[Delivery]:
    """Query what can be retried of what the list shows, to addresses in use, the newest first."""
    return filters.wanted(zone=inbox.zone).failed([row.pk for row in known.addresses if row.is_enabled])


def failed_count(inbox: InboxStatus, filters: Filters, *, known: Known) -> int:
    """Count what can be retried at once, of what the list shows. One query, where the list shows any."""
    if filters.state not in ("", "dead"):
        return 0
    return failed(inbox, filters, known=known).order_by()[: history.MOST_COUNTED].count()


def page_of(inbox: InboxStatus, *, filters: Filters, known: Known, for_staff: bool) -> tuple[list[dict[str, Any]], str]:
    """Load a page, newest first, and the query string of the next (empty: that was all). At most six queries."""
    found = _groups(inbox, filters, address_ids=[row.pk for row in known.addresses])
    words = _Words(inbox, known.types, settings_of(inbox.user_id), for_staff=for_staff)
    older = filters.query(before=_next_cursor(found[:PAGE_SIZE], filters)) if len(found) > PAGE_SIZE else ""
    return [words.group(one) for one in found[:PAGE_SIZE]], older


def channel_label(kind: str) -> str:
    """Return the label of a channel; one from elsewhere goes by its own name."""
    return str(dict(channel_names.labels()).get(kind, kind))


def label_of(row: Address) -> str:
    return f"{channel_label(row.kind)} · {short_target(row.masked_target)}"


def short_target(target: str) -> str:
    """Say where to in a line: without its scheme, and without its middle where it is long."""
    return display.shortened(target.removeprefix("https://").removeprefix("http://"))


def _groups(inbox: InboxStatus, filters: Filters, *, address_ids: Collection[int]) -> list[Group]:
    """Load at most one more than a page, of what was delivered and what is held."""
    user_id, wanted, limit = inbox.user_id, filters.wanted(zone=inbox.zone), PAGE_SIZE + 1
    before, held_before = filters.before or (None, None)
    with_held = filters.state in ("", "held") and filters.address_id is None
    heads: list[Head] = []
    held: list[Head] = []
    if filters.state != "held":
        heads = groups.heads(user_id, wanted, address_ids=address_ids, before=before, limit=limit)
    if with_held:
        alone = filters.state == "held"
        held = groups.held_heads(user_id, wanted, with_deliveries=alone, before=held_before, limit=limit)
    loaded = groups.load(user_id, wanted, [*heads, *held], with_held=with_held)
    # Each of the two stays in its own order, whatever its clocks say: a page goes on where the last one ended.
    streams = [[one for one in loaded if bool(one.head.last) is is_delivery] for is_delivery in (True, False)]
    return list(heapq.merge(*streams, key=lambda one: one.at, reverse=True))


def _next_cursor(found: Iterable[Group], filters: Filters) -> str:
    """Say where each of the two lists goes on: below the last one shown, or where it already was."""
    before, held_before = filters.before or (_NO_END, _NO_END)
    last = min([one.head.last for one in found if one.head.last], default=before)
    last_held = min([one.head.event_id or 0 for one in found if not one.head.last], default=held_before)
    return f"{last}-{last_held}"


class _Words:
    """Words of the page for groups and their lines."""

    def __init__(
        self,
        inbox: InboxStatus,
        types: Collection[EventType],
        settings: UserNotificationSettings,
        *,
        for_staff: bool,
    ) -> None:
        self._inbox, self._types, self._settings, self._for_staff = inbox, types, settings, for_staff

    def group(self, one: Group) -> dict[str, Any]:
        lines = [*(self._line(row) for row in one.deliveries), *(self._held_line(row) for row in one.held)]
        states = {line["state"] for line in lines}
        state = next(name for name in _ICONS if name in states)
        return {"state": state, "icon": _ICONS[state], "title": self._title(one), "lines": lines, **self._times(one.at)}

    def _line(self, one: Delivery) -> dict[str, Any]:
        state = next(name for name, states in _STATES.items() if one.state in states)
        tries = attempts.attempts_of(one, now=self._inbox.now, zone=self._inbox.zone, for_staff=self._for_staff)
        # That all went well at once has nothing more to tell, but to staff.
        went_well = state == "sent" and len(tries) == 1 and not self._for_staff
        pill, at = _pill(one, tries=len(tries), now=self._inbox.now)
        return {
            "id": one.pk,
            "state": state,
            "channel": channel_label(one.kind),
            "target": short_target(one.address.masked_target),
            "pill": pill,
            "tries": [] if went_well else tries,
            "advice": attempts.advice(one),
            "can_resend": one.state == State.DEAD and one.purpose in Delivery.REPEATABLE,
            **self._times(at),
        }

    def _held_line(self, one: Notification) -> dict[str, Any]:
        until = wording.until_text(one, settings=self._settings, now=self._inbox.now)
        channel = channel_label(one.channel)
        return {"state": "held", "channel": channel, "target": until, "pill": _("Held"), **self._times(one.created_at)}

    def _title(self, one: Group) -> str:
        if one.event is not None:
            return rendering.render(one.event, one.event.event_type).shown_title
        first = one.deliveries[0]
        if first.summary is not None:
            return summary_text.counts(first.summary.by_type, types=self._types)
        return _("Confirmation") if first.purpose == Delivery.Purpose.CONFIRMATION else _("Test")

    def _times(self, at: datetime) -> dict[str, Any]:
        short = times.short_time(at, now=self._inbox.now, zone=self._inbox.zone)
        return {"at": at, "when": short, "when_full": times.full_time(at, zone=self._inbox.zone)}


def _pill(one: Delivery, *, tries: int, now: datetime) -> tuple[str, datetime]:
    """Say how it stands, and since when, or until when it waits."""
    since = one.settled_at or one.created_at
    match one.state:
        case State.SENT if tries > 1:
            return ngettext("Sent after {n} attempt", "Sent after {n} attempts", tries).format(n=tries), since
        case State.SENT:
            return _("Sent"), since
        case State.DEAD:
            text = ngettext("Failed after {n} attempt", "Failed after {n} attempts", tries)
            return text.format(n=tries) if tries else _("Failed"), since
        case State.SKIPPED:
            return _("Skipped"), since
        case State.SENDING:
            return _("Sending"), since
    due_at, _reason = one.wait
    return (_("Waiting"), since) if not tries and due_at <= now else (_("Next attempt"), due_at)


def _day(text: str) -> date:
    """Read a day that every zone has. BadRequest for what is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not moments.EARLIEST.date() <= day < moments.LATEST.date():
        raise BadRequest(f"day is {shown(text)}; it must read as in 2026-11-24")
    return day


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)
