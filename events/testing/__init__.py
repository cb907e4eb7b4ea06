"""Kit for the tests of apps that publish: who was told, really, without a worker, Redis or a commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from events import event_type_cache, outcomes
from events.accounts import User
from events.db import clock
from events.dispatch import sequencer
from events.models import Event
from events.outcomes import Mail, Outcome, Person
from events.rendering import RenderedEvent


@contextmanager
def told(*, now: datetime | None = None) -> Iterator["Told"]:
    """Route what is published in the block, and nothing else, once it ends; nothing is sent.

    `now`: the moment for do-not-disturb, quiet hours and the like. The rows stay until the test's transaction ends.
    """
    found = Told(now=now)
    yield found
    found.route()
    found.is_over = True


class Told:
    """People told of what was published since this was made. Routed when it is asked, until it is over."""

    def __init__(self, *, now: datetime | None = None) -> None:
        # Types that a test has changed count as changed.
        event_type_cache.clear()
        self.is_over, self._now = False, now
        self._after: int = Event.objects.aggregate(last=Max("pk"))["last"] or 0
        self._outcomes: list[Outcome] = []

    def route(self) -> None:
        """Number and route what was published and isn't routed yet, in the transaction there is."""
        fresh = Event.objects.filter(pk__gt=self._after, position=None).order_by("pk")
        if ids := list(fresh.values_list("pk", flat=True)):
            with transaction.atomic():
                registered = len(connection.run_on_commit)
                events = sequencer.number_these(ids)
                routed = outcomes.engine().route(events, self._now or clock.now())
                self._outcomes = outcomes.engine().left([*self._outcomes, *routed])
                # Frames and wakes of workers: nothing leaves, whatever comes of the transaction.
                del connection.run_on_commit[registered:]
            self._after = ids[-1]

    @property
    def outcomes(self) -> list[Outcome]:
        """One for each event, in their order; what a later one has withdrawn or ended is as that has left it."""
        if not self.is_over:
            self.route()
        return self._outcomes

    @property
    def mails(self) -> list[Mail]:
        """Mails that would go out now, in the order in which they were opened."""
        return outcomes.engine().mails(self.outcomes, self._now or clock.now())

    @property
    def toasts(self) -> list[tuple[User, RenderedEvent]]:
        """Each person's toasts, as they would pop up live: title, body and url."""
        people = [person for one in self.outcomes for person in one.people]
        return [(one.user, one.words) for one in people if one.words and any(way.is_toast for way in one.channels)]

    def assert_notified(
        self,
        user: User,
        event_type: str = "",
        *,
        channel: str = "",
        reason: str = "",
        hold: str = "",
    ) -> None:
        """Fail unless the person was told: of this type, over this channel, for this reason, held so (`none`: at once).

        What is held counts, since it comes later; a channel without an address doesn't.
        """
        if not any(
            reason in ("", one.reason) and hold in ("", way.hold)
            for one in self._about(user, event_type)
            for way in one.channels
            if way.is_reached and channel in ("", way.channel)
        ):
            asked = {"of": event_type, "over": channel, "as": reason, "with the hold": hold}
            what = "".join(f" {word} {value}" for word, value in asked.items() if value)
            raise AssertionError(f"{user.get_username()} was not told{what}.\n{self}")

    def assert_not_notified(self, user: User, event_type: str = "", *, channel: str = "", why: str = "") -> None:
        """Fail if the person was told (of this type, over this channel), or was not, but for another reason.

        `why`: a `why_not` of an explanation, or the state of a channel that reaches nobody, such as `no_address`.
        """
        theirs = self._about(user, event_type)
        ways = [way for one in theirs for way in one.channels if channel in ("", way.channel)]
        if any(way.is_reached for way in ways):
            raise AssertionError(f"{user.get_username()} was told.\n{self}")
        codes = {one.why_not for one in theirs if one.why_not} | {way.state for way in ways}
        if why and why not in codes:
            known = ", ".join(sorted(codes)) or "nothing says why"
            raise AssertionError(f"{user.get_username()} was not told, but not for {why}: {known}.\n{self}")

    def _about(self, user: User, event_type: str) -> list[Person]:
        """Say of each event what it is to this person."""
        found = []
        for one in self.outcomes:
            if event_type in ("", one.event.event_type.name):
                outside = Person(user, why_not=outcomes.why_outside(one.event, user))
                found.append(next((person for person in one.people if person.user.pk == user.pk), outside))
        return found

    def __str__(self) -> str:
        return "\n".join(map(str, self.outcomes)) or "Nothing was published."
