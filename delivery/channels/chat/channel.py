"""Chat, through Apprise: Slack, Teams, Discord, Telegram and others; delivery/chat says which URLs, and how they go.

Apprise blocks, so each attempt has a thread, and one deadline ends it whatever it waits for.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from delivery import channels, signed_links
from delivery.channels import Checked, Frozen, Held, Outcome, Outgoing, Whose, blame, retry_schedule, turns
from delivery.channels.chat import message, providers
from delivery.channels.chat.trace import Trace
from delivery.channels.network import http_outcome
from delivery.channels.turns import Queue, Turns
from delivery.encryption import UnreadableSecretError, unseal
from delivery.errors import AddressRefused
from delivery.models import Address
from events import rendering
from events.accounts import User
from events.db import clock
from events.models import Event
from notifications.models import Summary
from notifications.presentation import summary_text

MAX_LISTED = 10
# Seconds for a message once its turn has come.
LONGEST_ATTEMPT = 15.0
# To a chat these call everybody there; a payload may not.
_CALLS = re.compile(r"@(?=everyone|here|channel|all\b)|<(?=[@!#&])", re.IGNORECASE)

# Sends a message to an Apprise URL, and says whether it went.
Send = Callable[[str, dict[str, str], message.Form, Trace], bool]


class Chat(channels.Channel):
    name = "chat"
    label = pgettext_lazy("a channel", "Chat")
    target_field = "url"
    slots = 16
    per_address = 1
    most_hanging = 48
    more_delays = retry_schedule.MINUTES
    deadline = turns.LONGEST_WAIT + LONGEST_ATTEMPT

    def __init__(self) -> None:
        # A service that hangs keeps the threads of its group for as long as an attempt may take.
        self._turns = Turns(at_once=8, in_all=32, of_group=4)
        self._threads = ThreadPoolExecutor(32, thread_name_prefix="chat")

    def check(self, target: str, *, user: User) -> Checked:
        """The URL is a secret: it is kept sealed, and shown masked."""
        chat = providers.read(target, is_staff=user.is_staff)
        # Apprise and requests take 8 MB and a quarter of a second: processes that meet no chat do without.
        from delivery.channels.chat import plugins  # noqa: PLC0415

        if plugins.plugin(chat.url) is None:
            raise AddressRefused(
                _("Apprise can't read this URL: a part of it is missing or too short."),
                code="invalid_chat_url",
                field=self.target_field,
            )
        return Checked(target=chat.masked, secret=chat.url)

    def freeze(self, outgoing: Outgoing) -> Frozen:
        title, text, link = _text(outgoing)
        form = message.form_for(outgoing.address.target)
        written = message.write(form, title=_without_mentions(title), text=_without_mentions(text), link=link)
        return Frozen(json.dumps(written).encode(), "application/json")

    def server_of(self, address: Address) -> str:
        return providers.server_of(address.target)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        from delivery.channels.chat import plugins  # noqa: PLC0415  as in check

        yield Session(Queue(self._turns), self._threads, send=plugins.send)


class Session:
    """Messages of one drain, each in a thread as soon as its turn has come."""

    def __init__(self, queue: Queue, threads: ThreadPoolExecutor, *, send: Send) -> None:
        self._queue, self._threads, self._send = queue, threads, send

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Raises nothing that is the service's doing."""
        async with self._queue.turn(outgoing.address.target.partition(" …")[0], outgoing) as has_come:
            return await self._attempt(outgoing) if has_come else Outcome("retry", "queue", whose=Whose.OURS)

    async def _attempt(self, outgoing: Outgoing) -> Outcome:
        try:
            url = unseal(outgoing.address.secret)
            # Whoever stopped being staff doesn't send into the intranet any more; a destination is nobody's own.
            url = providers.read(url, is_staff=outgoing.user is None or outgoing.user.is_staff).url
        except UnreadableSecretError as error:
            verdict = blame.of_error("chat CONNECT", error)
            return Outcome("retry", verdict.reason, whose=verdict.whose, excerpt=http_outcome.safe(str(error)))
        except AddressRefused as refused:
            return Outcome("dead", refused.code)
        text, trace = json.loads(bytes(outgoing.delivery.body or b"{}")), Trace()
        form = message.form_for(outgoing.address.target)
        sending = asyncio.get_running_loop().run_in_executor(self._threads, self._send, url, text, form, trace)
        try:
            is_sent = await asyncio.wait_for(sending, LONGEST_ATTEMPT)
        except TimeoutError as error:
            trace.abort()
            trace.error = error
            return judge(trace, is_sent=False, now=clock.known())
        except asyncio.CancelledError:
            trace.abort()
            raise
        return judge(trace, is_sent=is_sent, now=clock.known())


def judge(trace: Trace, *, is_sent: bool, now: datetime) -> Outcome:
    """Apprise's yes or no, with what the service answered or what failed on the way."""
    excerpt = http_outcome.safe(trace.body.decode(errors="replace"))
    known: dict[str, Any] = {"http_status": trace.status, "connected_to": trace.peer, "excerpt": excerpt}
    if is_sent:
        return Outcome("sent", **known)
    if trace.error is not None:
        verdict = blame.of_error(f"chat {'ANSWER' if trace.peer else 'CONNECT'}", trace.error)
        # An error of requests repeats the URL, and with it the token.
        known = {"connected_to": trace.peer, "excerpt": type(trace.error).__name__}
    else:
        verdict = blame.of_answer("chat ANSWER", str(trace.status or 0))
    return Outcome(
        "dead" if verdict.is_final else "retry",
        verdict.reason,
        retry_at=_asked_wait(trace, now=now) if trace.status in (429, 503) else None,
        whose=verdict.whose,
        is_server=verdict.is_server,
        **known,
    )


def _asked_wait(trace: Trace, *, now: datetime) -> datetime | None:
    """Moment that the service asks to wait for. Telegram says it in the body only; others a fraction in the header."""
    if asked := http_outcome.retry_at(trace.headers, now=now):
        return asked
    try:
        said = json.loads(trace.body)
        seconds = math.ceil(float((said.get("parameters") or said)["retry_after"]))
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
        return None
    return http_outcome.retry_at({"Retry-After": str(seconds)}, now=now)


def _text(outgoing: Outgoing) -> tuple[str, str, str]:
    """Title, text and link."""
    if outgoing.gathered:
        return _digest_text(outgoing.gathered)
    if outgoing.event is not None:
        text = rendering.render(outgoing.event, outgoing.event.event_type)
        row = outgoing.notification
        path = reverse("carillon:notification-open", args=[row.pk]) if row else text.url
        return text.title, text.body, signed_links.absolute_url(path) if path else ""
    if outgoing.summary is not None:
        return _summary_text(outgoing.summary, outgoing.held)
    return _("Chat from Carillon works"), _("This is a test. Nothing happened."), ""


def _summary_text(summary: Summary, held: list[Held]) -> tuple[str, str, str]:
    return (
        summary_text.counts(summary.by_type, types=[one.event.event_type for one in held]),
        _listed([one.event for one in held], total=summary.count),
        signed_links.absolute_url(summary_text.url(summary.pk)),
    )


def _digest_text(events: list[Event]) -> tuple[str, str, str]:
    by_type = Counter(event.event_type.name for event in events)
    title = summary_text.counts(by_type, types=[event.event_type for event in events])
    return title, _listed(events, total=len(events), most=len(events)), ""


def _listed(events: list[Event], *, total: int, most: int = MAX_LISTED) -> str:
    lines = [f"• {rendering.render(event, event.event_type).title}" for event in events[:most]]
    if total > len(lines):
        lines.append(_("+ {more} more").format(more=total - len(lines)))
    return "\n".join(lines)


def _without_mentions(text: str) -> str:
    """Put a zero-width space where a name or a code would call people."""
    return _CALLS.sub(lambda match: f"{match[0]}\u200b", text)


channels.register(Chat())
