"""Attempts of a delivery, a line each: when, what came back, how long it took, what follows."""

from datetime import datetime, timedelta
from http.client import responses
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from delivery import reasons
from delivery.models import Attempt, Delivery
from notifications.presentation import times

Outcome = Attempt.Outcome
_TONES = {Outcome.SENT: "good", Outcome.DEAD: "bad", Outcome.RETRY: "bad"}


def attempts_of(delivery: Delivery, *, now: datetime, zone: ZoneInfo, for_staff: bool) -> list[dict[str, Any]]:
    """Describe each attempt. No query for a delivery with its attempts loaded."""
    attempts = list(delivery.attempts.all())
    return [
        {
            "at": row.started_at,
            "when": moment(row.started_at, now=now, zone=zone),
            "when_full": times.full_time(row.started_at, zone=zone),
            "text": " · ".join(filter(None, [answer(row), _following(row, later, delivery, now, zone)])),
            "tone": _tone(row, is_last=later is None, delivery=delivery),
            "connected_to": row.connected_to if for_staff else "",
            "excerpt": row.excerpt if for_staff else "",
        }
        for row, later in zip_longest(attempts, attempts[1:])
    ]


def advice(delivery: Delivery) -> str:
    """Say what its owner may do about it, by the last attempt that failed; empty once it is sent."""
    if delivery.state == Delivery.State.SENT:
        return ""
    codes = [row.reason for row in delivery.attempts.all() if row.outcome in (Outcome.DEAD, Outcome.RETRY)]
    return reasons.sentence(delivery.wait[1] or (codes[-1] if codes else ""))


def moment(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """Spell it to the second; with its day if that isn't today."""
    shown = times.local(at, zone=zone)
    is_today = shown.date() == now.astimezone(zone).date()
    return date_format(shown, "H:i:s" if is_today else "j M, H:i:s")


def span(length: timedelta) -> str:
    """Spell a length of time as in 84 ms, 1 s, 2 min or 3 h."""
    seconds = max(0.0, length.total_seconds())
    if seconds < 1:
        return _("{n} ms").format(n=round(seconds * 1000))
    if seconds < 120:
        return _("{n} s").format(n=round(seconds))
    return _("{n} min").format(n=round(seconds / 60)) if seconds < 7200 else _("{n} h").format(n=round(seconds / 3600))


def answer(row: Attempt) -> str:
    """Say what came back, and in what time."""
    return " · ".join(filter(None, [_result(row), _duration(row)]))


def _result(row: Attempt) -> str:
    if row.outcome == Outcome.STARTED:
        return _("on its way")
    if row.outcome == Outcome.UNKNOWN:
        return _("interrupted; whether it arrived is not known")
    if row.http_status is not None:
        # SMTP's numbers have no names.
        return f"{row.http_status} {responses.get(row.http_status, '')}".strip()
    if row.outcome == Outcome.SENT:
        return _("accepted")
    if row.reason == "timeout" and row.ms is not None:
        return _("no answer in {time}").format(time=span(timedelta(milliseconds=row.ms)))
    return row.reason.replace("_", " ") or str(Outcome(row.outcome).label).lower()


def _tone(row: Attempt, *, is_last: bool, delivery: Delivery) -> str:
    if is_last and delivery.state in Delivery.UNSETTLED:
        return "open"
    return _TONES.get(Outcome(row.outcome), "open")


def _duration(row: Attempt) -> str:
    return "" if row.ms is None or row.reason == "timeout" else span(timedelta(milliseconds=row.ms))


def _following(row: Attempt, later: Attempt | None, delivery: Delivery, now: datetime, zone: ZoneInfo) -> str:
    if later is not None:
        ended = row.started_at + timedelta(milliseconds=row.ms or 0)
        return _("tried again after {time}").format(time=span(later.started_at - ended))
    if delivery.state == Delivery.State.PENDING:
        return _("next attempt {time}").format(time=moment(delivery.wait[0], now=now, zone=zone))
    return ""
