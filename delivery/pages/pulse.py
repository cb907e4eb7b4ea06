"""Pulse in words and plots: figures as cards and bars, events as lines."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.core.exceptions import BadRequest
from django.utils.formats import date_format, localize, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from delivery.monitoring import event_stream
from delivery.monitoring.event_stream import Line
from delivery.monitoring.pulse import MOST_COUNTED, WINDOWS, ChannelCount, Figures
from events import rendering
from events.admin.base import parsed_entity
from events.errors import shown
from events.models import EventType
from events.rules import channel_names
from notifications.models import Hold
from notifications.pages.inbox_status import InboxStatus
from notifications.pages.requests import query_string
from notifications.presentation import labels, times

MOST_TYPES = 6
WIDTH, HEIGHT = 240, 44
_HELD = {
    Hold.DND: gettext_lazy("do not disturb"),
    Hold.QUIET: gettext_lazy("quiet hours"),
    Hold.DIGEST: gettext_lazy("digest"),
    Hold.BURST: gettext_lazy("hourly cap"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    over: str = "hour"
    category: str = ""
    failed: bool = False
    source: str = ""

    def query(self, **changes: object) -> str:
        return query_string(**asdict(self) | changes) or "?"

    def lines(self, user_id: int) -> list[Line]:
        source = parsed_entity(self.source) if self.source else None
        return event_stream.newest(user_id, category=self.category, failed_only=self.failed, source=source)


def filters_of(query: Mapping[str, str]) -> Filters:
    """Read what is asked for. BadRequest for what no page of ours has written."""
    over, source = query.get("over", "hour"), query.get("source", "")
    if over not in WINDOWS:
        raise BadRequest(f"over is {shown(over)}; there are {', '.join(WINDOWS)}")
    if source and parsed_entity(source) is None:
        raise BadRequest(f"source is {shown(source)}; it must be as in job:42")
    return Filters(over, query.get("category", ""), query.get("failed") == "1", source)


def figures_of(figures: Figures, *, inbox: InboxStatus) -> dict[str, Any]:
    """Cards, bars and a table, without a query but for the types."""
    often = sorted(figures.by_type, key=lambda pk: -figures.by_type[pk])[:MOST_TYPES]
    types, most = EventType.objects.in_bulk(often), max(figures.by_type.values(), default=1)
    starts = [
        times.local(figures.first + timedelta(seconds=figures.window.seconds * number), zone=inbox.zone)
        for number in range(figures.window.slots)
    ]
    clocks = [date_format(start, "H:i") for start in starts]
    outside = {name: count for name, count in figures.channels.items() if name != "in_app"}
    return {
        "at": times.local(figures.at, zone=inbox.zone),
        "cards": [_events(figures, clocks), _toasts(figures), _behind(figures, outside), _delivered(figures, outside)],
        "channels": [_channel(name, count) for name, count in figures.channels.items()],
        "types": [
            {
                "category": types[pk].category,
                "name": labels.type_name(types[pk]),
                "count": figures.by_type[pk],
                "width": 100 * figures.by_type[pk] / most,
            }
            for pk in often
        ],
        "slots": list(
            zip(clocks, figures.events, figures.toast_seconds, figures.unrouted, figures.delivered, strict=True)
        ),
    }


def _events(figures: Figures, clocks: Sequence[str]) -> dict[str, Any]:
    minutes = figures.window.seconds // 60
    # The slot that has just begun would end each line in a fall.
    whole = figures.events[:-1]
    top = max(figures.events)
    note = _("peak {n} at {time}").format(n=localize(-(-top // minutes)), time=clocks[figures.events.index(top)])
    return {
        "tone": "job",
        "title": _("Events"),
        "value": _("{n} / min").format(n=localize(figures.last_minute)),
        "note": note if top else _("none in this time"),
        "plot": plot(whole),
    }


def _toasts(figures: Figures) -> dict[str, Any]:
    note = _("95 % within {n}").format(n=seconds(figures.p95)) if figures.p95 is not None else _("nobody was told")
    value = seconds(figures.p50) if figures.p50 is not None else "–"
    return {
        "tone": "brass",
        "title": _("Event to toast"),
        "value": value,
        "note": note,
        "plot": plot(figures.toast_seconds),
    }


def _behind(figures: Figures, outside: Mapping[str, ChannelCount]) -> dict[str, Any]:
    parts = {_("routing"): figures.routing_lag, _("digests"): figures.digests_due}
    parts |= {_channel_name(name): count.waiting for name, count in outside.items()}
    late = [f"{name} {up_to(count)}" for name, count in parts.items() if count]
    return {
        "tone": "review",
        "title": _("Behind"),
        "value": _("{n} waiting").format(n=up_to(sum(parts.values()))),
        "note": ", ".join(late) or _("{parts}: all done").format(parts=", ".join(parts)),
        "plot": plot(figures.unrouted, least=10),
    }


def _delivered(figures: Figures, outside: Mapping[str, ChannelCount]) -> dict[str, Any]:
    sent, failed = (sum(getattr(count, name) for count in outside.values()) for name in ("sent", "failed"))
    waiting = sum(count.waiting for count in outside.values())
    note = _("{failed} failed, {waiting} waiting").format(failed=localize(failed), waiting=up_to(waiting))
    return {
        "tone": "review",
        "title": _("Delivered"),
        "value": percent(sent, sent + failed) if sent + failed else "–",
        "note": note if sent + failed + waiting else _("nothing was to be sent"),
        "plot": plot(figures.delivered, least=1),
    }


def _channel(name: str, count: ChannelCount) -> dict[str, Any]:
    total = count.sent + count.waiting + count.failed
    shares = {state: 100 * getattr(count, state) / (total or 1) for state in ("sent", "waiting", "failed")}
    return asdict(count) | {
        "name": dict(channel_names.labels()).get(name, name),
        "total": up_to(total),
        "share": percent(count.sent, count.sent + count.failed) if count.sent + count.failed else "",
        "bars": [
            (state, sum(list(shares.values())[:number]), width)
            for number, (state, width) in enumerate(shares.items())
            if width
        ],
    }


def _channel_name(name: str) -> str:
    return str(dict(channel_names.labels()).get(name, name)).lower()


def up_to(count: int) -> str:
    """Number that was counted no further than MOST_COUNTED."""
    return f"{localize(MOST_COUNTED)}+" if count >= MOST_COUNTED else str(localize(count))


def seconds(value: float) -> str:
    return _("{n} s").format(n=number_format(max(value, 0.01), decimal_pos=2 if value < 10 else 0))


def percent(part: int, whole: int) -> str:
    # Rounded down: what is not quite all must not read as all.
    return f"{localize(int(1000 * part / whole) / 10).removesuffix('.0')} %"


def plot(values: Sequence[float | None], *, least: float = 0) -> dict[str, str]:
    """Paths of a line and the area below it, in a box of WIDTH by HEIGHT; what is None leaves a gap."""
    top = max([least, *(value for value in values if value is not None)]) or 1
    points = [
        None if value is None else (round(number * WIDTH / (len(values) - 1), 1), round(42 - 40 * value / top, 1))
        for number, value in enumerate(values)
    ]
    runs = [list(run) for known, run in groupby(points, key=lambda point: point is not None) if known]
    lines = [" ".join(f"{x},{y}" for x, y in filter(None, run)) for run in runs]
    ends = [(run[0], run[-1]) for run in runs]
    return {
        # A run of one point is a dot.
        "line": "".join(f"M{line}h.1" for line in lines),
        "area": "".join(
            f"M{first[0]},{HEIGHT} {line} {last[0]},{HEIGHT}z"
            for line, (first, last) in zip(lines, ends, strict=True)
            if first and last
        ),
    }


def line_of(line: Line, *, inbox: InboxStatus) -> dict[str, Any]:
    event, kind = line.event, line.event.event_type
    return {
        "id": event.pk,
        "category": kind.category,
        "icon": labels.icon_of(kind.name, category=kind.category),
        "at": event.created_at,
        "clock": date_format(times.local(event.created_at, zone=inbox.zone), "H:i:s"),
        "day": times.full_time(event.created_at, zone=inbox.zone),
        "title": rendering.render(event, kind).title,
        "type": labels.type_name(kind),
        "source": None if event.is_hidden else event.source,
        "source_words": f"{event.source.type.replace('_', ' ')} {event.source.id}" if event.source else "",
        "facts": _facts(line, inbox=inbox),
        "is_failed": bool(line.deliveries.get("dead")),
        "seconds": "" if line.seconds is None else seconds(line.seconds),
    }


def _facts(line: Line, *, inbox: InboxStatus) -> list[str]:
    is_more = line.told >= event_stream.MOST_TOLD
    facts = [_("{n} told").format(n=f"{localize(line.told)}{'+' if is_more else ''}")]
    if line.channels:
        order = [name for name in dict.fromkeys((*channel_names.known(), *line.channels)) if name in line.channels]
        facts.append(", ".join(_channel_name(name) for name in order))
    facts += [_("{n} held ({why})").format(n=n, why=_HELD.get(Hold(hold), hold)) for hold, n in line.held.items()]
    for kind, n in line.deliveries.get("dead", {}).items():
        facts.append(ngettext("{kind} failed", "{n} {kind} failed", n).format(kind=_channel_name(kind), n=n))
    if line.next_at:
        at = date_format(times.local(line.next_at, zone=inbox.zone), "H:i:s")
        waiting = ", ".join(map(_channel_name, line.deliveries["pending"]))
        facts.append(_("{kind} waiting, next attempt {time}").format(kind=waiting, time=at))
    return facts
