"""The demo's past: webhooks that arrived, failed and wait; a summary; a digest that collects.

The router and the channels make the rows as for everybody. Only how each delivery went is written here: nothing is
sent anywhere.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from delivery.channels.webhook.signing import new_secret
from delivery.encryption import seal
from delivery.models import Address, Attempt, Delivery
from events import sweep
from events.accounts import User
from events.models import EventType
from notifications.holds import release
from notifications.models import Notification
from notifications.preferences import preferences
from notifications.preferences.settings import change_settings

WEBHOOK = "https://hooks.studio.example/carillon"
ZONE = "Europe/Paris"
State, Outcome = Delivery.State, Attempt.Outcome


@dataclass(frozen=True, slots=True)
class Try:
    """Seconds after the first try; no status is no answer."""

    after: float
    status: int | None
    ms: int
    reason: str = ""


ARRIVED = [Try(0, 200, 84)]
GIVEN_UP = [Try(0, 503, 84, "http_5xx"), Try(1, 503, 91, "http_5xx"), Try(3, None, 10_000, "timeout")]
GIVEN_UP += [Try(17, 503, 88, "http_5xx")]
WAITING = [Try(0, 503, 84, "http_5xx"), Try(1, 429, 37, "too_many_requests")]
STORIES = {
    "review.approved": (State.SENT, ARRIVED),
    "review.comment": (State.DEAD, GIVEN_UP),
    "review.rejected": (State.PENDING, WAITING),
}


def choose(people: dict[str, User], *, now: datetime) -> None:
    """Set preferences before the first event: Alice has reviews sent to a webhook, Carol collects hers for a digest."""
    alice, carol = people["alice"], people["carol"]
    Address.objects.create(user=alice, kind="webhook", target=WEBHOOK, secret=seal(new_secret()), verified_at=now)
    for event_type in EventType.objects.filter(name__in=STORIES):
        preferences.change(alice.pk, event_type_id=event_type.pk, now=now, channels=["in_app", "webhook"])
    change_settings(alice.pk, now=now, timezone=ZONE)
    change_settings(carol.pk, now=now, timezone=ZONE, digest_enabled=True)


def route_and_settle(alice: User, *, now: datetime) -> None:
    """Tell everybody, and write down how Alice's webhooks went; from then on she isn't to be disturbed."""
    sweep.sweep()
    for delivery in Delivery.objects.filter(address__user=alice).select_related("notification__event__event_type"):
        if delivery.notification is not None:
            _settle(delivery, *STORIES[delivery.notification.event.event_type.name], now=now)
    change_settings(alice.pk, now=now, dnd_enabled=True)


def give_back(alice: User, *, now: datetime) -> None:
    """Give Alice all that came meanwhile, as one summary."""
    sweep.sweep()
    change_settings(alice.pk, now=now, dnd_enabled=False)
    release.release([alice.pk], now=now)


def _settle(delivery: Delivery, state: str, tries: list[Try], *, now: datetime) -> None:
    first = now - timedelta(seconds=40)
    last = first + timedelta(seconds=tries[-1].after, milliseconds=tries[-1].ms)
    Attempt.objects.bulk_create(_attempts(delivery, state, tries, first=first))
    delivery.state, delivery.tries, delivery.due_at = state, len(tries), now
    if state == State.PENDING:
        delivery.due_at = last + timedelta(hours=6)
    else:
        delivery.settled_at = last
    delivery.save()
    if state == State.SENT and delivery.notification_id:
        Notification.objects.filter(pk=delivery.notification_id).update(is_delivered=True, delivered_at=last)
        Address.objects.filter(pk=delivery.address_id).update(last_success_at=last)


def _attempts(delivery: Delivery, state: str, tries: list[Try], *, first: datetime) -> list[Attempt]:
    last_outcome = {State.SENT: Outcome.SENT, State.DEAD: Outcome.DEAD}.get(State(state), Outcome.RETRY)
    return [
        Attempt(
            delivery=delivery,
            number=number,
            outcome=last_outcome if number == len(tries) else Outcome.RETRY,
            started_at=first + timedelta(seconds=attempt.after),
            ms=attempt.ms,
            http_status=attempt.status,
            reason=attempt.reason,
        )
        for number, attempt in enumerate(tries, start=1)
    ]
