"""A program of the platform that publishes when told to, and says how long each `publish` took in it.

Reads lines `COUNT SECONDS_BETWEEN PREFIX USER`; answers each with a line of JSON: milliseconds, one for each event.
"""

from __future__ import annotations

import json
import os
import sys
import time

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.contrib.auth.models import User

    from events.bus import publish

    for line in sys.stdin:
        count, pause, prefix, user = line.split()
        actor = User.objects.get(username=user)
        took = []
        for number in range(int(count)):
            started = time.perf_counter()
            publish("job.completed", actor=actor, payload={"name": f"{prefix}-{number}"})
            took.append((time.perf_counter() - started) * 1000)
            time.sleep(float(pause))
        sys.stdout.write(f"{json.dumps(took)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
