"""One `save()` for each person, where django-notifications-hq can't be installed."""

from __future__ import annotations

from statistics import median

from django.contrib.auth.models import User

from bench.timing import seconds
from events.bus import publish
from notifications.models import Notification

ROUNDS = 3


def main(people: int) -> float:
    """Rows a second, by the median."""
    users = list(User.objects.order_by("pk")[:people])

    def save_each() -> None:
        event = publish("bench.all")
        for user in users:
            Notification(event=event, user=user, is_delivered=True, reason="everyone").save()

    return people / median(seconds(save_each) for _ in range(ROUNDS))
