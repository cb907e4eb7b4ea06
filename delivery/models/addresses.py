"""Addresses: the ways to reach a person on a channel, and those that are shared (`Destination`)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from delivery.models.servers import CircuitBreaker, Server
from events.rules import moments

if TYPE_CHECKING:
    from events.accounts import User

# Its type as the source of events.
ADDRESS_ENTITY = "address"
# Why one is off: its owner said so; the account has another e-mail address since.
BY_OWNER, REPLACED = "by_owner", "address_replaced"

BREAKER_OPEN, SERVER_DOWN = "breaker_open", "server_down"

# A first part of a path that is a word, such as `services` or `v1`; anything else there may be a token.
_WORD = re.compile(r"[a-z][a-z_-]{0,15}|v\d{1,2}")


def masked(target: str) -> str:
    """Show of a URL its host and the first word of its path: the rest may be a token. What is no URL stays as it is."""
    if "://" not in target and not target.startswith("/"):
        return target
    try:
        parts = urlsplit(target)
    except ValueError:
        return f"{target.partition('://')[0]}://…"
    scheme = f"{parts.scheme}://" if parts.scheme else "//" if parts.netloc else ""
    _, slash, path = parts.path.partition("/")
    word, has_more, more = path.partition("/")
    if word and not _WORD.fullmatch(word):
        word, has_more, more = "", "", "…"
    rest = "…" if more else "?…" if parts.query or parts.fragment else ""
    return f"{scheme}{parts.netloc.rpartition('@')[2]}{slash}{word}{has_more}{rest}"


class Address(CircuitBreaker):
    """Webhook URL, e-mail address or chat. Changed under the inbox lock of its person, or the lock of its destination;
    never deleted by them."""

    class Retry(models.TextChoices):
        SHORT = "short"
        LONG = "long"

    class Format(models.TextChoices):
        STANDARD = "standard", "Standard Webhooks"
        CLOUDEVENTS = "cloudevents", "CloudEvents 1.0"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: a destination's.",
    )
    kind = models.TextField(help_text="The name of its channel.")
    target = models.TextField(help_text="Where to, as people may see it: the URL, the e-mail address, the chat masked.")
    mailbox = models.TextField(
        default="", db_default="", blank=True, help_text="Whom a confirmation reaches, under whatever spelling."
    )
    secret = models.TextField(
        default="", db_default="", blank=True, help_text="Encrypted: a webhook's signing secret, a chat's whole URL."
    )
    previous_secret = models.TextField(
        default="", db_default="", blank=True, help_text="Encrypted; signs too until the moment below."
    )
    previous_secret_until = models.DateTimeField(null=True, blank=True)
    retry = models.TextField(choices=Retry.choices, default=Retry.SHORT, db_default=Retry.SHORT)
    format = models.TextField(choices=Format.choices, default=Format.STANDARD, db_default=Format.STANDARD)
    is_account = models.BooleanField(
        "of the account", default=False, db_default=False, help_text="The account's own e-mail address."
    )
    is_enabled = models.BooleanField("enabled", default=True, db_default=True)
    verified_at = models.DateTimeField(null=True, blank=True, help_text="Empty: gets nothing but a confirmation.")
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.TextField(default="", db_default="", blank=True)

    # How it answers, beside its breaker.
    warned_at = models.DateTimeField(null=True, blank=True, help_text="When its owner was told that it fails.")
    rate_per_second = models.PositiveIntegerField(null=True, blank=True, help_text="Attempts; empty: as they come.")
    paced_until = models.DateTimeField(null=True, blank=True, help_text="Its rate lets nothing begin before.")
    server = models.ForeignKey(
        Server, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="As its channel says."
    )

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now(), editable=False)

    class Meta:
        db_table = "notification_channels"
        verbose_name_plural = "addresses"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], condition=Q(is_account=True), name="uq_channels_account")
        ]
        indexes = [
            models.Index(fields=["user", "kind"], name="idx_channels_user_kind"),
            models.Index(fields=["mailbox"], condition=~Q(mailbox=""), name="idx_channels_mailbox"),
            # Those that fail, for /metrics.
            models.Index(fields=["open_until"], condition=Q(open_until__isnull=False), name="idx_channels_open_until"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.masked_target} of {f'user {self.user_id}' if self.user_id else 'a destination'}"

    def holds(self) -> list[tuple[datetime, str]]:
        """List what lets nothing there be tried, in the past too: until when, and its code."""
        holds = [(self.open_until, BREAKER_OPEN if self.failures else "")]
        holds.append((self.paced_until, "rate_limited" if self.rate_per_second else ""))
        if self.server is not None:
            holds.append((self.server.open_until, SERVER_DOWN if self.server.failures else ""))
        return [(until, code) for until, code in holds if until is not None and code]

    @property
    def person(self) -> User:
        """Person whose address it is; TypeError for a destination's, which is nobody's."""
        if self.user is None:
            raise TypeError(f"{self} has no person")
        return self.user

    @property
    def masked_target(self) -> str:
        """Target as it is shown everywhere but on its owner's own page of it."""
        return masked(self.target)


class Recovery(models.Model):
    """Progress of sending an address what it missed, chunk by chunk: all up to the two ids is done."""

    address = models.OneToOneField(Address, on_delete=models.CASCADE, primary_key=True, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(help_text="When it was asked for; what is newer goes out by itself.")
    after_delivery = models.BigIntegerField(default=0, db_default=0)
    after_notification = models.BigIntegerField(
        default=0, db_default=0, help_text="Of a destination: the id of an event."
    )

    class Meta:
        db_table = "recoveries"
        verbose_name_plural = "recoveries"
        constraints = [moments.constraint(["since"], name="ck_recoveries_moments")]

    def __str__(self) -> str:
        return f"address {self.address_id} since {self.since:%Y-%m-%d %H:%M}"
