"""The process that `bench.embedded` measures: what `manage.py serve` runs, and a thread that publishes on command."""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connections  # noqa: E402

from config.asgi import application  # noqa: E402
from config.serve import embedded_database, run_all  # noqa: E402
from events import keys  # noqa: E402
from events.bus import Entity, publish  # noqa: E402

# Publishes come one by one with pauses that no clock of the program can fall in step with.
LONGEST_PAUSE = 0.08


def main() -> int:
    with embedded_database():
        alice = User.objects.create_user("alice")
        _, key = keys.issue(alice, label="bench")
        publisher = threading.Thread(target=publish_on_command, args=(alice,), daemon=True)

        def ready() -> None:
            print(key, flush=True)
            publisher.start()

        return run_all(application, host="127.0.0.1", port=int(sys.argv[1]), ready=ready)


def publish_on_command(actor: User) -> None:
    """Read how many, publish them, say when each call began and ended."""
    count = int(sys.stdin.readline())
    calls = []
    for number in range(count):
        time.sleep(random.uniform(0, LONGEST_PAUSE))
        payload = {"name": "Shot", "number": number}
        begun = time.monotonic()
        publish("job.completed", source=Entity("job", number), actor=actor, payload=payload)
        calls.append((begun, time.monotonic()))
    print(json.dumps(calls), flush=True)
    connections.close_all()


if __name__ == "__main__":
    sys.exit(main())
