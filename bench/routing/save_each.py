"""One `save()` for each person, where django-notifications-hq can't be installed."""

from __future__ import annotations

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402

from bench.timing import seconds  # noqa: E402
from events.bus import publish  # noqa: E402
from notifications.models import Notification  # noqa: E402


def main() -> None:
    people = int(sys.argv[1])
    users = list(User.objects.order_by("pk")[:people])

    def save_each() -> None:
        event = publish("bench.all")
        for user in users:
            Notification(event=event, user=user, is_delivered=True, reason="everyone").save()

    print(json.dumps({"rate": people / seconds(save_each)}))


if __name__ == "__main__":
    main()
