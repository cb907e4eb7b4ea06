"""A program of the platform that publishes 5,000 events as fast as it can: many at once, and one by one."""

from __future__ import annotations

import os

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from events.bus import NewEvent, publish, publish_many

    for _ in range(45):
        publish_many([NewEvent("job.progress")] * 100)
        for _ in range(10):
            publish("job.progress")
    for _ in range(50):
        publish("job.progress")


if __name__ == "__main__":
    main()
