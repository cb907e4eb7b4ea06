"""History of deliveries for people: newest first, by state, with their attempts."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Prefetch, Q, QuerySet
from django.db.models.functions import TruncDate

from delivery import reasons
from delivery.models import Attempt, Delivery
from events.db.clock import instant
from notifications.models import Notification
from notifications.presentation import access

# Counts go no further: what is beyond costs more to count than anybody learns from it.
MOST_COUNTED = 1000


def rows(user_id: int | None) -> QuerySet[Delivery]:
    """Query a person's deliveries, or everybody's (None), newest first, with all that shows them: two queries."""
    of_rows = ("notification__event__event_type", "notification__event__actor_user", "summary")
    query = Delivery.objects.select_related("address__server", *of_rows).prefetch_related(attempts())
    # What was frozen can be a quarter of a megabyte, and nobody looks at it here.
    query = query.defer("body").order_by("-id")
    return query if user_id is None else query.filter(address__user_id=user_id)


def attempts() -> Prefetch[str]:
    return Prefetch("attempts", queryset=Attempt.objects.order_by("id"))


def page(
    user_id: int | None,
    *,
    of_user: int | None = None,
    states: Collection[str] = (),
    address_id: int | None = None,
    before: int | None = None,
    limit: int = 20,
) -> list[Delivery]:
    """Load a page: two queries. `before`: the id of the last one seen; `of_user` narrows what `user_id` may see."""
    wanted = {"address__user_id": of_user, "state__in": states or None, "address_id": address_id, "id__lt": before}
    found = rows(user_id).filter(**{name: value for name, value in wanted.items() if value is not None})[:limit]
    return _seen(found, user_id=user_id)


def get(user_id: int | None, *, delivery_id: int) -> Delivery:
    """Load one: two queries. Raises Delivery.DoesNotExist, also for another person's."""
    return _seen([rows(user_id).get(pk=delivery_id)], user_id=user_id)[0]


def _seen(found: Iterable[Delivery], *, user_id: int | None) -> list[Delivery]:
    """Take the text from what a person may not see any more; staff, who read everybody's, read it."""
    loaded = list(found)
    if user_id is not None:
        access.seen([row.notification for row in loaded if row.notification])
    return loaded


def counts(user_id: int, *, address_ids: Collection[int], with_held: bool) -> dict[str, int]:
    """Count what these addresses of a person have in each state, and `held`. Each stops at MOST_COUNTED.

    By ids: joined to whose they are, a database may read everybody's of a state.
    """
    theirs = Delivery.objects.filter(address_id__in=address_ids).order_by()
    query = {state: theirs.filter(state=state)[:MOST_COUNTED].count() for state in Delivery.State.values}
    return query | {"held": held(user_id).order_by()[:MOST_COUNTED].count() if with_held else 0}


def held(user_id: int) -> QuerySet[Notification]:
    """Query what waits for its person and would go out over a channel: no delivery yet. Newest first."""
    waiting = Notification.objects.filter(user_id=user_id, summary=None, is_read=False)
    waiting = waiting.filter(~Q(hold="none"), ~Q(channel="in_app"))
    return waiting.with_events().order_by("-id")


def dead_by_address(address_ids: Collection[int]) -> dict[int, int]:
    """Count the dead that can be sent again, by address."""
    counted = dead(address_ids).values("address_id").annotate(count=Count("id")).order_by()
    return {row["address_id"]: row["count"] for row in counted}


def days(address_ids: Collection[int], *, since: datetime, zone: ZoneInfo) -> dict[int, dict[date, dict[str, int]]]:
    """Count by address and day there what was sent, failed or waits. One query, which reads an index alone."""
    words = {Delivery.State.SENT: "sent", Delivery.State.DEAD: "failed"} | dict.fromkeys(Delivery.UNSETTLED, "waiting")
    theirs = Delivery.objects.filter(address_id__in=address_ids, state__in=words, created_at__gte=since).order_by()
    counted = theirs.values_list("address_id", "state", TruncDate("created_at", tzinfo=zone)).annotate(n=Count("*"))
    found: dict[int, dict[date, dict[str, int]]] = {}
    for address_id, state, day, count in counted:
        counts = found.setdefault(address_id, {}).setdefault(day, {})
        counts[words[state]] = counts.get(words[state], 0) + count
    return found


def dead(address_ids: Collection[int]) -> QuerySet[Delivery]:
    """Query what failed at these addresses and can be sent again."""
    repeatable = Delivery.objects.filter(state=Delivery.State.DEAD, purpose__in=Delivery.REPEATABLE)
    return repeatable.filter(address_id__in=address_ids)


def as_json(row: Delivery, *, for_staff: bool = False) -> dict[str, Any]:
    """Return the `delivery` object of the API. No query for a row that came from here."""
    due_at, reason = row.wait
    return {
        "id": row.pk,
        "notification_id": row.notification_id,
        "summary_id": row.summary_id,
        "event_id": row.event_id,
        "channel_id": row.address_id,
        "kind": row.kind,
        "purpose": row.purpose,
        "state": row.state,
        "reason": reason,
        "due_at": instant(due_at),
        "created_at": instant(row.created_at),
        "attempts": [attempt_json(one, for_staff=for_staff) for one in row.attempts.all()],
    }


def attempt_json(row: Attempt, *, for_staff: bool) -> dict[str, Any]:
    shown = {
        "started_at": instant(row.started_at),
        "ms": row.ms,
        "outcome": row.outcome,
        "http_status": row.http_status,
        "reason": row.reason,
        "explanation": reasons.sentence(row.reason),
        "next_at": instant(row.next_at),
    }
    return shown | ({"connected_to": row.connected_to, "excerpt": row.excerpt} if for_staff else {})
