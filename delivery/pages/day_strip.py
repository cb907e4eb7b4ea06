"""Strip of an address's last thirty days: up what was sent and what waits, down what failed; and the same in words."""

from collections.abc import Collection, Mapping
from datetime import date, time, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from delivery.reporting import history
from notifications.holds.calendar import at_wall
from notifications.pages.inbox_status import InboxStatus
from notifications.presentation import times

DAYS = 30
# In the units of its viewBox: from one day to the next, how wide a bar is, how far it goes up and down.
_STEP, _BAR, _UP, _DOWN = 8, 6, 20, 11
_WORDS = ("sent", "waiting", "failed")


def strips_of(address_ids: Collection[int], *, inbox: InboxStatus) -> dict[int, dict[str, Any]]:
    """Draw each address's strip, of days on its person's clock. One query."""
    today = times.local(inbox.now, zone=inbox.zone).date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    counted = history.days(address_ids, since=at_wall(days[0], time(), inbox.zone), zone=inbox.zone)
    return {pk: _strip(days, counted.get(pk, {})) for pk in address_ids}


def _strip(days: Collection[date], counted: Mapping[date, Mapping[str, int]]) -> dict[str, Any]:
    counts = [{word: counted.get(day, {}).get(word, 0) for word in _WORDS} for day in days]
    most = max(1, *(max(one["sent"] + one["waiting"], one["failed"]) for one in counts))
    totals = {word: sum(one[word] for one in counts) for word in _WORDS}
    ended = totals["sent"] + totals["failed"]
    return {
        "days": [
            {"title": f"{date_format(day, 'j F')}: {_in_words(one)}", "bars": _bars(number * _STEP, one, most=most)}
            for number, (day, one) in enumerate(zip(days, counts, strict=True))
        ],
        "text": _("Last {n} days: {words}").format(n=DAYS, words=_in_words(totals)),
        # Rounded down: only all of them are 100.
        "rate": _("{n}% sent").format(n=totals["sent"] * 100 // ended) if ended else "",
    }


def _in_words(counts: Mapping[str, int]) -> str:
    texts = {"sent": _("{n} sent"), "waiting": _("{n} waiting"), "failed": _("{n} failed")}
    said = [texts[word].format(n=counts[word]) for word in _WORDS if counts[word]]
    return ", ".join(said) or _("nothing")


def _bars(x: int, counts: Mapping[str, int], *, most: int) -> list[dict[str, Any]]:
    """Stack them from the line in the middle, none so low that it isn't seen."""
    sent, waiting, failed = (counts[word] and max(2, _UP * counts[word] // most) for word in _WORDS)
    waiting = min(waiting, _UP - 2)
    sent, failed = min(sent, _UP - waiting), failed and max(2, min(_DOWN, _DOWN * counts["failed"] // most))
    drawn = [("sent", _UP - sent, sent), ("waiting", _UP - sent - waiting, waiting), ("failed", _UP + 1, failed)]
    bars = [{"name": name, "x": x, "y": y, "width": _BAR, "height": height} for name, y, height in drawn if height]
    return bars or [{"name": "none", "x": x, "y": _UP - 1, "width": _BAR, "height": 2}]
