"""Rows as hostile as other systems send them, for one person who may see every page.

Written at once, past the router, in the environment of the site that will show them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from delivery.encryption import seal
from delivery.models import Address, Attempt, Delivery
from events.dispatch import subscribers
from events.entities import BIGINT_MAX
from events.models import Event, EventType, LogHead, Membership, Subscriber
from notifications.inbox import recount
from notifications.models import Inbox, Notification, NotificationPreference, Summary
from notifications.pages.auth_views import DEMO_PASSWORD
from tests.accounts.factory import rename, saved_person
from tests.browser.hostile.texts import ABOUT, BODIES, NAMES, TITLES

if TYPE_CHECKING:
    from events.accounts import User

WHO, ROWS, TYPES = "hana", 2_000, 18
SHOT, PROJECT = BIGINT_MAX - 7, BIGINT_MAX - 1
HOOK = "https://hooks.render-farm.studio.example/services/T024BE7LD/" + "b0" * 60
MAILBOX = f"{'render.notifications.' * 3}x@{'long-label.' * 12}example"
TARGETS = [
    *(("webhook", f"{HOOK}/{number}") for number in range(8)),
    ("email", MAILBOX),
    ("email", "me@studio.example"),
    ("chat", "slack://" + "x" * 80),
    ("chat", "https://discord.com/api/webhooks/…"),
]
OUTCOMES = [
    (Delivery.State.SENT, Attempt.Outcome.SENT, 200, ""),
    (Delivery.State.DEAD, Attempt.Outcome.DEAD, 503, "http_5xx"),
    (Delivery.State.PENDING, Attempt.Outcome.RETRY, None, "timeout"),
]


@transaction.atomic
def fill() -> dict[str, int]:
    """Make all of it; numbers of the first row, which the next follow, of its event, and of the longest address."""
    now = timezone.now()
    person = saved_person(WHO, email=MAILBOX, is_staff=True, is_superuser=True)
    person.set_password(DEMO_PASSWORD)
    person.save()
    others = [saved_person(f"other{number}", email="") for number in range(len(NAMES))]
    for one, name in zip([person, *others], [NAMES[0], *NAMES], strict=True):
        rename(one, name)
    types = _types(person)
    rows = _notifications(_events(types, others, now=now), person, now=now)
    sent = [row for row in rows if row.channel != "in_app"]
    counts = {one.name: 3 for one in types}
    Summary.objects.create(user=person, kind="dnd", window="1", count=3 * TYPES, by_type=counts, seq=ROWS + 1)
    Inbox.objects.create(user=person, seq=ROWS + 1)
    recount.mend([person.pk])
    addresses = _deliveries(person, sent, now=now)
    return {"row": rows[0].pk, "event": rows[0].event_id, "address": addresses[0].pk, "type": types[0].pk}


def _types(person: User) -> list[EventType]:
    for number, about in enumerate(ABOUT):
        name = f"render_farm.{'of_the_night_shift_' * 4}{number}"
        EventType.objects.create(
            name=name, category="render_farm", description=about, title_template="{{payload.name}}"
        )
    types = list(EventType.objects.order_by("-pk")[:TYPES])
    NotificationPreference.objects.bulk_create(
        NotificationPreference(user=person, event_type=one, channels=["in_app", "webhook"]) for one in types
    )
    return types


def _events(types: list[EventType], people: list[User], *, now: datetime) -> list[Event]:
    """The newest first. Two entities have the largest ids there are, and everybody is tied to them."""
    head = LogHead.objects.get(pk=1).position
    made = []
    for number in range(ROWS):
        text, body = TITLES[number % len(TITLES)], BODIES[number % len(BODIES)]
        payload: dict[str, object] = dict.fromkeys(("name", "title", "label", "host", "mount", "index"), text)
        payload |= dict.fromkeys(("text", "message", "error", "unit"), body) | {"percent": 91, "free_bytes": 10**15}
        made.append(
            Event(
                event_type=types[number % len(types)],
                source_entity_type=("job", "s" * 64)[number % 7 == 6],
                source_entity_id=SHOT if number % 3 else SHOT - number,
                project_id=PROJECT,
                actor_user=people[number % len(people)],
                payload=payload,
                created_at=now - timedelta(minutes=number // 8),
                position=head + ROWS - number,
            )
        )
    ties = [Membership(entity_type="job", entity_id=SHOT, user=one, role="owner") for one in people]
    Membership.objects.bulk_create(ties)
    LogHead.objects.update(position=head + ROWS)
    subscribers.enroll()
    Subscriber.objects.update(position=head + ROWS)
    return Event.objects.bulk_create(made)


def _notifications(events: list[Event], person: User, *, now: datetime) -> list[Notification]:
    """All in the feed, but for one in ten; after them what goes to addresses."""
    shown = [
        Notification(
            event=event,
            user=person,
            seq=ROWS - number,
            feed_seq=ROWS - number,
            reason="owner",
            is_read=number % 3 == 1,
            created_at=event.created_at,
            done_at=now if number % 20 == 18 else None,
            snoozed_until=now + timedelta(days=9) if number % 20 == 19 else None,
        )
        for number, event in enumerate(events)
    ]
    kinds = sorted({kind for kind, _target in TARGETS})
    sent = [Notification(event=event, user=person, channel=kind) for event in events[:60] for kind in kinds]
    return Notification.objects.bulk_create([*shown, *sent])


def _deliveries(person: User, rows: list[Notification], *, now: datetime) -> list[Address]:
    """The first rows to every address of their kind, the others to one: sent, failed and waiting."""
    addresses = Address.objects.bulk_create(
        Address(
            user=person,
            kind=kind,
            target=target,
            secret=seal(target),
            verified_at=None if number == 3 else now,
            is_enabled=number != 4,
            failing_since=now if number == 5 else None,
        )
        for number, (kind, target) in enumerate(TARGETS)
    )
    made, attempts = [], []
    for number, row in enumerate(rows):
        state, outcome, status, reason = OUTCOMES[number % len(OUTCOMES)]
        there = [one for one in addresses if one.kind == row.channel]
        for to in there if number < 6 else there[:1]:
            due = now + timedelta(hours=6)
            made.append(Delivery(notification=row, address=to, kind=to.kind, state=state, due_at=due, reason=reason))
            attempts.append(
                Attempt(
                    delivery=made[-1],
                    number=1,
                    outcome=outcome,
                    started_at=now,
                    ms=84,
                    http_status=status,
                    reason=reason,
                    excerpt=BODIES[number % len(BODIES)],
                    connected_to="2001:db8::1",
                )
            )
    Delivery.objects.bulk_create(made)
    Attempt.objects.bulk_create(attempts)
    return addresses
