"""Faults of other people's servers, and a key that was replaced."""

from __future__ import annotations

import time

from django.core.management.utils import get_random_secret_key

from tests.chaos.faults import fault
from tests.chaos.sinks import CHAT
from tests.chaos.stack import Stack
from tests.delivery.fakes.http_receiver import Reply


@fault("SMTP slow after the final dot")
def smtp_slow(stack: Stack, seconds: float) -> None:
    """Longer than the ten seconds that everything else is given."""
    stack.mail.slow = 12.0
    time.sleep(max(seconds, 13.0))
    stack.mail.slow = 0.0


@fault("SMTP hangs after the final dot", may_double=True)
def smtp_hangs(stack: Stack, seconds: float) -> None:
    stack.mail.slow = 600.0
    time.sleep(seconds)
    stack.mail.slow = 0.0
    stack.mail.cut_off()


@fault("SMTP refuses all", is_short=True)
def smtp_refuses(stack: Stack, seconds: float) -> None:
    stack.mail.refusal = "554 5.7.1 Relay access denied"
    time.sleep(seconds)
    stack.mail.refusal = ""


@fault("SMTP away")
def smtp_away(stack: Stack, seconds: float) -> None:
    stack.mail.stop()
    time.sleep(seconds)
    stack.mail.start()


@fault("receiver answers 500", is_short=True)
def receiver_fails(stack: Stack, seconds: float) -> None:
    _refuse(stack, Reply(500), seconds=seconds)


@fault("receiver hangs")
def receiver_hangs(stack: Stack, seconds: float) -> None:
    _refuse(stack, Reply(hang=True), seconds=seconds)


@fault("receiver closes without an answer")
def receiver_closes(stack: Stack, seconds: float) -> None:
    _refuse(stack, Reply(close=True), seconds=seconds)


@fault("receiver asks for patience")
def receiver_busy(stack: Stack, seconds: float) -> None:
    _refuse(stack, Reply(503, {"Retry-After": "5"}), seconds=seconds)


@fault("chat asks for patience")
def chat_busy(stack: Stack, seconds: float) -> None:
    stack.http.by_path[CHAT] = Reply(429, {"retry-after": "5"}, b"{}")
    time.sleep(seconds)
    del stack.http.by_path[CHAT]


@fault("SECRET_KEY replaced")
def key_replaced(stack: Stack, _seconds: float) -> None:
    """Follow docs/security.md: the old one among the fallbacks, reseal, then without it."""
    old, new = stack.env["SECRET_KEY"], get_random_secret_key().replace(",", "-")
    stack.restart_all(SECRET_KEY=new, SECRET_KEY_FALLBACKS=old)
    stack.manage("reseal")
    stack.restart_all(SECRET_KEY_FALLBACKS="")


def _refuse(stack: Stack, reply: Reply, *, seconds: float) -> None:
    """Let the receiver of webhooks answer so; the chat on the same server goes on."""
    stack.http.by_path[CHAT] = Reply()
    stack.http.reply = reply
    time.sleep(seconds)
    stack.http.reply = Reply()
    del stack.http.by_path[CHAT]
