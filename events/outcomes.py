"""Outcomes of events: who is told of one, over which channels, and why others are not.

The floors above work them out, and `install` how; here they are asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from events.accounts import User
from events.log import publish
from events.log.publish import NewEvent
from events.models import Event
from events.rendering import RenderedEvent
from events.rules import channel_names


class OnChannel(NamedTuple):
    """`state` and `hold` are codes, as of an explanation. `is_reached`: it goes there now, or once the hold ends."""

    channel: str
    state: str
    explanation: str
    hold: str
    is_reached: bool
    is_toast: bool

    @property
    def label(self) -> str:
        return str(dict(channel_names.labels()).get(self.channel, self.channel))


@dataclass(frozen=True, slots=True)
class Person:
    """One person: told for a `reason`, or `why_not`, both codes; the other is empty. `words`: as they may read it."""

    user: User
    reason: str = ""
    why_not: str = ""
    explanation: str = ""
    channels: list[OnChannel] = field(default_factory=list)
    words: RenderedEvent | None = None

    def __str__(self) -> str:
        ways = "".join(f" {way.channel}: {way.explanation} [{way.state}]" for way in self.channels)
        is_told = f"told. {self.explanation} [{self.reason}]" if self.channels else f"not told. {self.explanation}"
        return f"{self.user.get_username()} ({self.user.pk}): {is_told}{ways or f' [{self.why_not}]'}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`audience`: how many people the rules bring in. Of the first `examined` of them: how many are `told`, how many of
    these are `held`, how many there are on each of the `channels`, and how many for each `why_not`; and some `people`.
    """

    event: Event
    words: RenderedEvent
    audience: int
    examined: int
    told: int
    held: int
    channels: dict[str, int]
    why_not: dict[str, int]
    people: list[Person]

    def __str__(self) -> str:
        of = f"{'' if self.examined == self.audience else f'the first {self.examined} of '}{self.audience}"
        over = "".join(f", {count} over {channel}" for channel, count in self.channels.items())
        first = f"{self.event.event_type.name}: told {self.told} of {of} people{over}; {self.held} held."
        more = ["  ..."] if len(self.people) < self.examined else []
        return "\n".join([first, f"  {self.words.title}", *(f"  {person}" for person in self.people), *more])


class Mail(NamedTuple):
    to: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Engine:
    """`dry_run` of an event that isn't stored; `route` really; what is `left` of outcomes once later events have
    ended some; and the `mails` that would go out then."""

    dry_run: Callable[[Event, datetime], Outcome]
    route: Callable[[Sequence[Event], datetime], list[Outcome]]
    left: Callable[[Sequence[Outcome]], list[Outcome]]
    mails: Callable[[Sequence[Outcome], datetime], list[Mail]]


_installed: list[Engine] = []


def install(engine: Engine) -> None:
    _installed[:] = [engine]


def engine() -> Engine:
    if not _installed:
        raise LookupError("nobody works out who is told: add the app delivery to INSTALLED_APPS")
    return _installed[0]


def dry_run(new: NewEvent, *, publisher: str = "", now: datetime) -> Outcome:
    """Say who would be told of this event if it were published now. Nothing is stored, locked or sent.

    Of an audience of more than ten thousand people the first thousand are examined. At most 25 queries. Raises Refused.
    """
    event = publish.draft(new, publisher=publisher)
    event.pk, event.created_at = 0, now
    return engine().dry_run(event, now)


def why_outside(event: Event, user: User) -> str:
    """Code of the reason why a person is not in the audience."""
    is_left_out = event.event_type.exclude_actor and event.actor_user_id == user.pk
    return ("is_actor" if is_left_out else "not_in_audience") if user.is_active else "inactive"
