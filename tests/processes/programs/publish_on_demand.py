"""A program of the platform that publishes when told to, and counts how often the publishing thread talks to Redis.

Reads lines `COUNT SECONDS_BETWEEN PREFIX USER`; answers each with that count.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

import django
from redis.connection import AbstractConnection

exchanges: list[str] = []


def count(name: str) -> None:
    """Note each call of this method by the main thread."""
    method = getattr(AbstractConnection, name)

    def counted(*args: Any, **kwargs: Any) -> Any:
        if threading.current_thread() is threading.main_thread():
            exchanges.append(name)
        return method(*args, **kwargs)

    setattr(AbstractConnection, name, counted)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.contrib.auth.models import User

    from events.bus import publish

    for name in ("connect", "send_packed_command", "read_response"):
        count(name)
    for line in sys.stdin:
        many, pause, prefix, user = line.split()
        actor = User.objects.get(username=user)
        exchanges.clear()
        for number in range(int(many)):
            publish("job.completed", actor=actor, payload={"name": f"{prefix}-{number}"})
            time.sleep(float(pause))
        sys.stdout.write(f"{len(exchanges)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
