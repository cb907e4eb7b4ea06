"""Program of the platform that publishes, and notes what it published in a table of its own, in one transaction.

Arguments: a file for the names whose commit was confirmed, and a run's prefix. It publishes until its input ends; what
fails it leaves, and goes on with the next name.
"""

from __future__ import annotations

import os
import sys
import threading
import time

import django

PAUSE = 0.05


def main(confirmed: str, prefix: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import connection, transaction

    from events.bus import Entity, publish
    from tests.chaos.cast import CHOSEN, COMMENT, JOB, REVIEW

    def publish_one(number: int, name: str) -> None:
        actor = people[number % len(people)]
        with transaction.atomic():
            if number % 4:
                event = publish(JOB, actor=actor, payload={"name": name})
            else:
                event = publish(COMMENT, actor=actor, source=Entity(*REVIEW), payload={"text": name, "title": name})
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO chaos_published (event_id, name) VALUES (%s, %s)", [event.pk, name])

    people = _people(list(CHOSEN))
    ended = threading.Event()
    threading.Thread(target=_end_with_input, args=[ended], daemon=True).start()
    with open(confirmed, "a") as ledger:
        number = 0
        while not ended.is_set():
            number += 1
            name = f"{prefix}d{number}x"
            try:
                publish_one(number, name)
            except Exception:  # noqa: BLE001  whatever it is, the next one is tried
                connection.close()
                time.sleep(0.1)
            else:
                ledger.write(f"{name}\n")
                ledger.flush()
            time.sleep(PAUSE)


def _end_with_input(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def _people(names: list[str]) -> list[int]:
    from django.contrib.auth.models import User

    return list(User.objects.filter(username__in=names).order_by("pk").values_list("pk", flat=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
