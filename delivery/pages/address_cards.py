"""Cards of addresses, in words: where to, how they stand, what can be done."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from delivery import addresses, channels, reasons
from delivery.conf import conf
from delivery.models import Address, Attempt
from delivery.models.addresses import BY_OWNER
from delivery.pages import day_strip
from delivery.pages.attempts import answer
from delivery.pages.delivery_list import channel_label, short_target
from delivery.reporting import history
from notifications.pages.inbox_status import InboxStatus
from notifications.presentation import times

# In the order in which they are offered.
ICONS = {"webhook": "plug", "email": "at", "chat": "message"}
# What the form asks for, and what it looks like.
HINTS: dict[str, tuple[Promise, Promise]] = {
    "webhook": (
        gettext_lazy("URL"),
        gettext_lazy("Where each notification is posted to, signed. As in https://hooks.example.com/carillon"),
    ),
    "email": (
        gettext_lazy("E-mail address"),
        gettext_lazy("Another one than your account's gets a link first, and nothing else until you followed it."),
    ),
    "chat": (
        gettext_lazy("Chat address"),
        gettext_lazy("As the chat gives it: slack://…, discord://…, tgram://…, or the URL of its incoming webhook."),
    ),
}


def cards_of(rows: Sequence[Address], *, inbox: InboxStatus) -> list[dict[str, Any]]:
    """Addresses of one person and what the pages say of them. Two queries, however many."""
    dead = history.dead_by_address([row.pk for row in rows])
    strips = day_strip.strips_of([row.pk for row in rows], inbox=inbox)
    return [_card(row, dead=dead.get(row.pk, 0), inbox=inbox) | {"strip": strips[row.pk]} for row in rows]


def _card(row: Address, *, dead: int, inbox: InboxStatus) -> dict[str, Any]:
    state, tone, about = status_of(row, dead=dead, inbox=inbox)
    signs_old = row.previous_secret_until is not None and row.previous_secret_until > inbox.now
    options = addresses.OPTIONS.get(row.kind, ())
    return {
        "address": row,
        "channel_label": channel_label(row.kind),
        "icon": ICONS.get(row.kind, "plug"),
        "target": short_target(row.target),
        "state": state,
        "tone": tone,
        "about": about,
        "has_secret": bool(row.secret) and "format" in options,
        "old_secret_until": _when(row.previous_secret_until, inbox) if signs_old else "",
        "options": options,
        "dead": dead,
        # For a datetime-local field, on the person's own clock.
        "missed_since": _missed_since(row, inbox=inbox),
    }


def kinds() -> list[tuple[str, str]]:
    """List what can be added as (kind, label); channels from elsewhere come last."""
    usual = list(ICONS)
    names = sorted(channels.installed(), key=lambda name: usual.index(name) if name in usual else len(usual))
    return [(name, channel_label(name)) for name in names]


def hint_of(kind: str) -> tuple[str, str]:
    """Return the field's label, and what goes in; a channel from elsewhere has no more than its field's name."""
    label, hint = HINTS.get(kind, (channels.named(kind).target_field.capitalize(), ""))
    return str(label), str(hint)


def trial_of(row: Attempt) -> dict[str, Any]:
    """Say how a test of an address went that isn't stored."""
    is_sent = row.outcome == Attempt.Outcome.SENT
    return {"is_sent": is_sent, "answer": answer(row), "advice": "" if is_sent else reasons.sentence(row.reason)}


def retries() -> list[tuple[str, str]]:
    """List the retry schedules as (value, label)."""
    seconds = [f"{delay:g}" for delay in conf.WEBHOOK_RETRY_DELAYS]
    short = _("After %(seconds)s seconds") % {"seconds": get_text_list(seconds, _("and"))}
    return [(Address.Retry.SHORT, short), (Address.Retry.LONG, _("For three days"))]


def status_of(row: Address, *, dead: int, inbox: InboxStatus) -> tuple[str, str, str]:
    """Say how it stands, by its last attempts: in a word, its tone (good, open, bad or quiet), and more about it."""
    if not row.is_enabled:
        return (
            _("Paused"),
            "bad" if row.disabled_reason != BY_OWNER else "quiet",
            reasons.sentence(row.disabled_reason),
        )
    if row.verified_at is None:
        return _("Not confirmed"), "open", _("A link was sent there. Nothing else goes there until you follow it.")
    if row.failing_since is not None:
        since = _("Failing since {time}.").format(time=_when(row.failing_since, inbox))
        return _("Failing"), "bad", since
    if row.last_success_at is None and not dead:
        return _("Ready"), "good", _("Nothing sent yet.")
    last = _("Last delivery {time}.").format(time=_when(row.last_success_at, inbox)) if row.last_success_at else ""
    if dead:
        return _("Working, {n} undelivered").format(n=dead), "open", last
    return _("Working"), "good", last


def _when(at: datetime | None, inbox: InboxStatus) -> str:
    return times.short_time(at, now=inbox.now, zone=inbox.zone) if at else ""


def _missed_since(row: Address, *, inbox: InboxStatus) -> str:
    """Return when it began to fail or was paused; a day ago otherwise."""
    began = [at for at in (row.failing_since, row.disabled_at) if at is not None]
    since = min(began, default=inbox.now - timedelta(days=1))
    return times.local(since, zone=inbox.zone).strftime("%Y-%m-%dT%H:%M")
