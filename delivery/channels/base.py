"""Channels: the base class, and the values that a channel and the outbox hand each other."""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from delivery.channels import retry_schedule
from delivery.channels.blame import Whose
from delivery.conf import conf
from delivery.models import Address, Delivery, Destination
from events.accounts import User
from events.models import Event
from events.transport import tracing
from notifications.holds.rules import UTC_ZONE
from notifications.models import Notification, Summary


@dataclass(frozen=True, slots=True)
class Held:
    """A notification that a summary gives back, with what it was about."""

    notification: Notification
    event: Event


@dataclass(slots=True)
class Outgoing:
    """One claimed delivery with all that its channel may need; no query is needed or allowed while sending.

    `held`: of a summary the newest rows (at most 50) with their events; `summary` counts what is still to be told.
    `gathered`: events of a destination's digest, `event` among them; empty for one that goes alone.
    `unwanted`: code of what speaks against it now.
    `event`: of a notification, or what goes to a destination, with its type and actor loaded. Tests and confirmations
    have neither. `user` and `destination`: whose the address is, one of them.
    `number`: 1 is the first attempt. `zone`: the person's own, for times that they read. `begins_until`: the moment, of
    the monotonic clock, from which on another worker may be at it; each beat moves it on. `trace`: of this attempt's
    span, or empty.
    """

    delivery: Delivery
    address: Address
    user: User | None
    destination: Destination | None = None
    notification: Notification | None = None
    event: Event | None = None
    summary: Summary | None = None
    held: list[Held] = field(default_factory=list)
    gathered: list[Event] = field(default_factory=list)
    unwanted: str = ""
    number: int = 1
    zone: ZoneInfo = UTC_ZONE
    begins_until: float = math.inf
    trace: tracing.Context = tracing.NO_CONTEXT

    @property
    def person(self) -> User:
        """Person to whom it goes, on a channel that has no destinations."""
        return self.user or self.address.person

    @property
    def is_stale(self) -> bool:
        return time.monotonic() > self.begins_until

    @property
    def message_id(self) -> str:
        """Stable over all attempts, and over a table that begins anew: `webhook-id`, the local part of Message-ID."""
        return f"msg_{self.delivery.created_at:%Y%m%d%H%M%S}_{self.delivery.pk}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of an attempt. `state`: sent, retry, dead or skipped; `reason` is a code that its owner may see.

    `retry_at`: what the receiver asked for; it is never tried earlier. `disables`: the address is gone for good.
    `whose` failure it was: what is ours uses no try, and only what is theirs says something about the address.
    `is_server`: a server of ours failed, for whatever goes over it. `excerpt` and `connected_to` are for staff.
    """

    state: str
    reason: str = ""
    http_status: int | None = None
    retry_at: datetime | None = None
    disables: bool = False
    whose: Whose = Whose.THEIRS
    is_server: bool = False
    connected_to: str = ""
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Frozen:
    """The exact bytes of every attempt."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Checked:
    """An address that was accepted. `secret` is stored encrypted; `shown_once` goes into the answer that made it.

    `mailbox`: of one that has to be confirmed, whom the link reaches, where several targets lead to the same place.
    """

    target: str
    secret: str = ""
    shown_once: str = ""
    is_verified: bool = True
    mailbox: str = ""


class Session(Protocol):
    """Connections of a channel during one drain."""

    async def send(self, outgoing: Outgoing) -> Outcome:
        """One attempt, within the channel's `deadline`. Raises nothing that is the receiver's doing."""
        ...


class Channel(ABC):
    """Way out of the house. `name` is what preferences, addresses and deliveries call it.

    `check` and `freeze` are all that every channel says itself; one that keeps no connections sends by `send`.
    """

    name: str
    label: Any
    # What the API and the form call the target: "url", "address".
    target_field: str = "url"
    # At once in one process; at once to one address, whatever the number of processes.
    slots: int = 50
    per_address: int = 5
    # Beside the slots so many attempts may wait for an answer that doesn't come, where waiting costs next to nothing.
    most_hanging: int = 0
    # Seconds between attempts after those of the short schedule.
    more_delays: tuple[float, ...] = ()
    # Seconds from the start of an attempt to its outcome, all included.
    deadline: float = 10.0
    # Whoever has no address here gets that of their account on first use.
    uses_account_email: bool = False
    # What a person has read meanwhile isn't sent any more.
    skips_read: bool = True

    @abstractmethod
    def check(self, target: str, *, user: User) -> Checked:
        """Return what is stored for this target. Raises delivery.errors.AddressRefused."""

    @abstractmethod
    def freeze(self, outgoing: Outgoing) -> Frozen:
        """Make the bytes of every attempt, once. Pure: no query, no clock."""

    def new_secret(self) -> str:
        """Make another secret for an address that was accepted; empty where a channel signs nothing."""
        return ""

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Open the connections of a drain. A channel without any is its own session."""
        return nullcontext(self)

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Make one attempt, as Session.send does; for a channel that has no session of its own."""
        raise NotImplementedError(f"channel {self.name} has neither a session nor send")

    def server_of(self, address: Address) -> str:
        """Name the server of this site that carries what goes there, for many addresses; empty: none.

        While it fails (`Outcome.is_server`) all of them wait together.
        """
        return ""

    def retry_delays(self, address: Address) -> Sequence[float]:
        """Seconds between attempts; after the last of them a delivery is dead."""
        is_long = address.retry == Address.Retry.LONG
        return retry_schedule.LONG if is_long else (*conf.WEBHOOK_RETRY_DELAYS, *self.more_delays)
