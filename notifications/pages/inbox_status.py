"""State of a person's inbox at first paint: all that the bell, the toasts and their scripts begin with."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language

from events.db import clock
from events.db.clock import instant
from notifications.holds import rules
from notifications.inbox import marking
from notifications.preferences.settings import settings_of
from notifications.presentation import labels, times
from notifications.websocket import consumer

_KEY = "carillon_status"


@dataclass(frozen=True)
class InboxStatus:
    """State of the inbox and its settings: two queries, made once for a page."""

    user_id: int
    seq: int
    unread_count: int
    zone: ZoneInfo
    is_dnd: bool
    dnd_until: datetime | None
    now: datetime

    @property
    def badge(self) -> str:
        return labels.capped(self.unread_count, place="bell")

    @property
    def dnd_until_text(self) -> str:
        return times.end_time(self.dnd_until, now=self.now, zone=self.zone) if self.dnd_until else ""

    @cached_property
    def label(self) -> str:
        """The bell's accessible name: the count belongs into the name of what it sits on."""
        sentences: Any = self.labels["words"]
        if self.unread_count > labels.MOST["bell"]:
            text = sentences["bellMany"]
        else:
            text = sentences[{0: "bellNone", 1: "bellOne"}.get(self.unread_count, "bellSome")]
        counted: str = text.replace("{n}", str(self.unread_count))
        return f"{counted}, {sentences['bellQuiet']}" if self.is_dnd else counted

    def for_browser(self, *, csrf_token: str) -> dict[str, Any]:
        return {
            "user": self.user_id,
            "seq": self.seq,
            "unread": self.unread_count,
            "zone": self.zone.key,
            "language": get_language() or "en",
            "now": instant(self.now),
            "settings": {"dnd_enabled": self.is_dnd, "dnd_until": instant(self.dnd_until)},
            "csrf": csrf_token,
            "urls": self.addresses,
            **self.labels,
        }

    @cached_property
    def addresses(self) -> dict[str, str]:
        """Addresses by the scripts' names for them: each is looked up once for a page, not for each row."""
        return _addresses()

    def address_of(self, name: str, row_id: int) -> str:
        """Address of a row's own, as the scripts make it (core/config.js)."""
        head, _zero, tail = self.addresses[name].rpartition("/0/")
        return f"{head}/{row_id}/{tail}"

    @cached_property
    def labels(self) -> dict[str, object]:
        return labels.for_browser()

    @cached_property
    def row_words(self) -> dict[str, str]:
        """Words that are the same in all rows of a page."""
        return labels.row_words()


def status_for(request: HttpRequest) -> InboxStatus:
    """Status of the signed-in person, loaded once however many views and tags of a page want it."""
    if not hasattr(request, _KEY):
        assert request.user.pk is not None  # noqa: S101 - callers have made sure of a signed-in person
        setattr(request, _KEY, status_of(request.user.pk, now=clock.estimate()))
    status: InboxStatus = getattr(request, _KEY)
    return status


def status_of(user_id: int, *, now: datetime) -> InboxStatus:
    state = marking.state(user_id)
    chosen = settings_of(user_id)
    is_dnd = rules.is_dnd(chosen, now=now)
    return InboxStatus(
        user_id=user_id,
        seq=state.seq,
        unread_count=state.unread_count,
        zone=rules.zone_of(chosen),
        is_dnd=is_dnd,
        dnd_until=rules.dnd_end(chosen) if is_dnd else None,
        now=now,
    )


def _addresses() -> dict[str, str]:
    return {
        "socket": consumer.PATH,
        "since": reverse("carillon:notifications-since"),
        "inbox": reverse("carillon:inbox"),
        "rows": reverse("carillon:feed-rows"),
        "summaries": reverse("carillon:feed-summaries"),
        "panel": reverse("carillon:feed-panel"),
        "counts": reverse("carillon:feed-counts"),
        "readAll": reverse("carillon:read-all"),
        "bulk": reverse("carillon:notification-bulk"),
        "seen": reverse("carillon:seen"),
        "follow": reverse("carillon:follow-control"),
        "undo": reverse("carillon:undo-reading"),
        "open": reverse("carillon:notification-open", args=[0]),
        "detail": reverse("carillon:notification-detail", args=[0]),
        "acknowledge": reverse("carillon:notification-acknowledge", args=[0]),
        "read": reverse("carillon:notification-read", args=[0]),
        "unread": reverse("carillon:notification-unread", args=[0]),
        "preferences": reverse("carillon:preferences"),
        "signIn": reverse("carillon:sign-in"),
    }
