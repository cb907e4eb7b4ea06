"""Pulse in words and plots: figures for cards and bars, events as lines."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import accumulate, groupby
from typing import Any

from django.core.exceptions import BadRequest
from django.utils.formats import date_format, localize, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from delivery.monitoring import event_stream
from delivery.monitoring.event_stream import Line
from delivery.monitoring.pulse import MOST_COUNTED, WINDOWS, ChannelCount, Figures
from events import rendering
from events.entities import Entity, parsed_entity
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
    Hold.LADDER: gettext_lazy("if still unread"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    over: str = "hour"
    category: str = ""
    failed: bool = False
    source: str = ""

    def query(self, **changes: object) -> str:
        return query_string(**asdict(self) | changes) or "?"

    @property
    def entity(self) -> Entity | None:
        return parsed_entity(self.source)

    def lines(self, user_id: int) -> list[Line]:
        return event_stream.newest(user_id, category=self.category, failed_only=self.failed, source=self.entity)


def filters_of(query: Mapping[str, str]) -> Filters:
    """Read what is asked for. BadRequest for what no page of ours has written."""
    over, source = query.get("over", "hour"), query.get("source", "")
    if over not in WINDOWS:
        raise BadRequest(f"over is {shown(over)}; there are {', '.join(WINDOWS)}")
    if source and parsed_entity(source) is None:
        raise BadRequest(f"source is {shown(source)}; it must be as in job:42 or prompt:3f2c")
    return Filters(over, query.get("category", ""), query.get("failed") == "1", source)


def figures_of(figures: Figures, *, inbox: InboxStatus) -> dict[str, Any]:
    """Numbers of the cards, their plots, bars and a table: one query, for the types."""
    often = sorted(figures.by_type, key=lambda pk: -figures.by_type[pk])[:MOST_TYPES]
    types, most = EventType.objects.in_bulk(often), max(figures.by_type.values(), default=1)
    slot = timedelta(seconds=figures.window.seconds)
    clocks = [_clock(figures.first + slot * number, inbox, "H:i") for number in range(figures.window.slots)]
    outside = {_label(name).lower(): count for name, count in figures.channels.items() if name != "in_app"}
    sent, waiting, failed = (sum(column) for column in zip((0, 0, 0), *outside.values(), strict=True))
    behind = {_("routing"): figures.routing_lag, _("digests"): figures.digests_due}
    behind |= {name: count.waiting for name, count in outside.items()}
    top = max(figures.events)
    plots = {
        # The slot that has just begun would end the line in a fall.
        "events": plot(figures.events[:-1]),
        "toasts": plot(figures.toast_seconds),
        "behind": plot(figures.unrouted, least=10),
        "delivered": plot(figures.delivered, least=1),
    }
    return {
        "figures": figures,
        "at": times.local(figures.at, zone=inbox.zone),
        "peak": -(-top // (figures.window.seconds // 60)),
        "peak_at": clocks[figures.events.index(top)],
        "p50": seconds(figures.p50),
        "p95": seconds(figures.p95),
        "behind": up_to(sum(behind.values())),
        "late": ", ".join(f"{name} {up_to(count)}" for name, count in behind.items() if count),
        "behind_names": ", ".join(behind),
        "delivered": percent(sent, sent + failed) if sent + failed else "",
        "waiting": up_to(waiting),
        "failed": failed,
        "is_idle": not sent + waiting + failed,
        "plots": plots,
        "channels": [_channel(name, count) for name, count in figures.channels.items()],
        "types": [
            (types[pk], labels.type_name(types[pk]), figures.by_type[pk], 100 * figures.by_type[pk] / most)
            for pk in often
        ],
        "slots": list(
            zip(clocks, figures.events, figures.toast_seconds, figures.unrouted, figures.delivered, strict=True)
        ),
    }


def _channel(name: str, count: ChannelCount) -> dict[str, Any]:
    shares = [100 * number / (sum(count) or 1) for number in count]
    return count._asdict() | {
        "name": _label(name),
        "total": up_to(sum(count)),
        "share": percent(count.sent, count.sent + count.failed) if count.sent + count.failed else "",
        "bars": list(zip(count._fields, accumulate(shares, initial=0), shares, strict=False)),
    }


def _label(channel: str) -> str:
    return str(dict(channel_names.labels()).get(channel, channel))


def _clock(moment: datetime, inbox: InboxStatus, form: str = "H:i:s") -> str:
    return date_format(times.local(moment, zone=inbox.zone), form)


def up_to(count: int) -> str:
    """Number that was counted no further than MOST_COUNTED."""
    return f"{localize(MOST_COUNTED)}+" if count >= MOST_COUNTED else str(localize(count))


def seconds(value: float | None) -> str:
    if value is None:
        return ""
    return _("{n} s").format(n=number_format(max(value, 0.01), decimal_pos=2 if value < 10 else 0))


def percent(part: int, whole: int) -> str:
    # Rounded down: what is not quite all must not read as all.
    return f"{localize(int(1000 * part / whole) / 10).removesuffix('.0')} %"


def plot(values: Sequence[float | None], *, least: float = 0) -> dict[str, str]:
    """Paths of a line and the area below it, in a box of WIDTH by HEIGHT; what is None leaves a gap."""
    top = max([least, *(value for value in values if value is not None)]) or 1
    step = WIDTH / (len(values) - 1)
    line = area = ""
    for is_known, run in groupby(enumerate(values), key=lambda point: point[1] is not None):
        points = [(round(number * step, 1), round(42 - 40 * (value or 0) / top, 1)) for number, value in run]
        if is_known:
            path = " ".join(f"{x},{y}" for x, y in points)
            # A run of one point is a dot.
            line += f"M{path}h.1"
            area += f"M{points[0][0]},{HEIGHT} {path} {points[-1][0]},{HEIGHT}z"
    return {"line": line, "area": area}


def line_of(line: Line, *, inbox: InboxStatus) -> dict[str, Any]:
    event, kind = line.event, line.event.event_type
    return {
        "event": event,
        "icon": labels.icon_of(kind.name, category=kind.category),
        "clock": _clock(event.created_at, inbox),
        "day": times.full_time(event.created_at, zone=inbox.zone),
        "title": rendering.render(event, kind).shown_title,
        "facts": [labels.type_name(kind), *_facts(line, inbox=inbox)],
        "source": "" if event.is_hidden or not event.source else event.source.words,
        "is_failure": labels.is_failure(kind.name),
        "is_undelivered": "dead" in line.deliveries,
        "seconds": seconds(line.seconds),
    }


def _facts(line: Line, *, inbox: InboxStatus) -> list[str]:
    is_more = line.told >= event_stream.MOST_TOLD
    facts = [_("{n} told").format(n=f"{localize(line.told)}{'+' if is_more else ''}")]
    if line.channels:
        known = dict.fromkeys((*channel_names.known(), *line.channels))
        facts.append(", ".join(_label(name).lower() for name in known if name in line.channels))
    facts += [_("{n} held ({why})").format(n=n, why=_HELD.get(Hold(hold), hold)) for hold, n in line.held.items()]
    for kind, n in line.deliveries.get("dead", {}).items():
        facts.append(ngettext("{kind} failed", "{n} {kind} failed", n).format(kind=_label(kind).lower(), n=n))
    if line.next_at:
        waiting = ", ".join(_label(kind).lower() for kind in line.deliveries["pending"])
        text = _("{kind} waiting, next attempt {time}")
        facts.append(text.format(kind=waiting, time=_clock(line.next_at, inbox)))
    return facts
