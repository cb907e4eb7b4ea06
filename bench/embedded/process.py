"""Process that runs what `manage.py serve` runs, and a thread that publishes on command."""

from __future__ import annotations

import json
import random
import sys
import threading
import time

from django.contrib.auth.models import User
from django.db import connections

from config.asgi import application
from config.server.all_in_one import embedded_database, run_all
from events import api_keys
from events.bus import Entity, publish

# Publishes come one by one with pauses that no clock of the program can fall in step with.
LONGEST_PAUSE = 0.08


def main(port: int) -> int:
    with embedded_database():
        alice = User.objects.create_user("alice")
        _, key = api_keys.issue(alice, label="bench")
        publisher = threading.Thread(target=publish_on_command, args=(alice,), daemon=True)

        def ready() -> None:
            print(key, flush=True)
            publisher.start()

        return run_all(application, host="127.0.0.1", port=port, ready=ready)


def publish_on_command(actor: User) -> None:
    """Read a count, publish as many events, print when each call began and ended."""
    count = int(sys.stdin.readline())
    calls = []
    for number in range(count):
        time.sleep(random.uniform(0, LONGEST_PAUSE))
        payload = {"name": "Shot", "number": number}
        began = time.monotonic()
        publish("job.completed", source=Entity("job", number), actor=actor, payload=payload)
        calls.append((began, time.monotonic()))
    print(json.dumps(calls), flush=True)
    connections.close_all()
