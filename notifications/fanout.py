"""Great audiences: told chunk by chunk, in the order of user ids, so that no other event waits for all of them."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.db.models import F, Max

from events import hints
from events.models import Event, Membership
from notifications import audiences, telling
from notifications.models import Fanout

logger = logging.getLogger(__name__)

TASK = "notifications.fan_out"
CHUNK = 5_000


def begin(events: Collection[int]) -> None:
    """Remember, in the routing transaction, that these events have a great audience to be told of them."""
    if not events:
        return
    until = User.objects.aggregate(last=Max("pk"))["last"] or 0
    rows = [Fanout(event_id=event_id, until_user=until) for event_id in sorted(events)]
    Fanout.objects.bulk_create(rows, ignore_conflicts=True)
    transaction.on_commit(lambda: hints.send(TASK), robust=True)


def pending() -> list[int]:
    """Events whose audience isn't told yet, oldest first; at most a hundred."""
    return list(Fanout.objects.order_by("event_id").values_list("event_id", flat=True)[:100])


def advance(event_id: int, *, now: datetime) -> bool:
    """Tell the next chunk, in one transaction with how far it got. False if another worker is at it or it is done.

    Preferences count as of the chunk. A kill in the middle leaves whole chunks only.
    """
    with transaction.atomic():
        waiting = Fanout.objects.select_for_update(skip_locked=True).filter(pk=event_id)
        row = waiting.first()
        if row is None:
            return False
        event = Event.objects.select_related("event_type", "actor_user").get(pk=event_id)
        last = _last_of_chunk(event, row)
        within = audiences.Range(row.after_user, last)
        telling.tell([event], audiences.evaluate([event], within=within), now=now)
        if last < row.until_user:
            Fanout.objects.filter(pk=event_id).update(after_user=last)
        else:
            Fanout.objects.filter(pk=event_id).delete()
    return True


def advance_each(*, now: datetime) -> bool:
    """One chunk of every audience that waits; whether any got further. What fails leaves the others going, and is
    tried again at the next look."""
    advanced = False
    for event_id in pending():
        try:
            advanced |= advance(event_id, now=now)
        except DatabaseError as error:
            logger.warning("the audience of event %s waits: %s", event_id, error)
        except Exception:
            logger.exception("the audience of event %s can't be told on", event_id)
    return advanced


def _last_of_chunk(event: Event, row: Fanout) -> int:
    """The user id at which CHUNK people are reached; the end if there are no more."""
    found = nth_person(event, after=row.after_user, until=row.until_user, number=CHUNK)
    return row.until_user if found is None else found


def nth_person(event: Event, *, after: int, until: int, number: int) -> int | None:
    """The user id at which so many people of a great audience are reached; None if there are fewer."""
    later = _candidates(event).filter(person__gt=after, person__lte=until)
    return next(iter(later.order_by("person").values_list("person", flat=True)[number - 1 : number]), None)


def _candidates(event: Event) -> Any:
    """Of whom most of the audience is made: everybody, or those tied to the source; their ids as `person`."""
    if "everyone" in event.event_type.rules or event.source is None:
        return User.objects.filter(is_active=True).annotate(person=F("pk"))
    ties = Membership.objects.filter(entity_type=event.source.type, entity_id=event.source.id)
    return ties.annotate(person=F("user_id"))
