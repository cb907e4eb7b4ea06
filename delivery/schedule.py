"""Carillon's tasks for a project's Celery settings: when beat asks for them, and in which queue they go."""

from typing import Any

from celery.schedules import crontab
from django.core import checks

from events.installed import floors_are_installed

# A project may have the schedule and lack an app.
checks.register(floors_are_installed)

# As CELERY_BEAT_SCHEDULE, for a beat that reads its settings. The beat of django_celery_beat has them as rows, which
# `migrate` makes and the admin changes: it needs nothing here.
BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "Look at this machine's disks": {
        "task": "events.observe_hardware",
        "schedule": 15,
        "options": {"expires": 15},
    },
    "Give back what is held": {
        "task": "notifications.release_all",
        "schedule": crontab(minute="0"),
        "options": {"expires": 3600},
    },
    "Prune what is past its time": {"task": "delivery.prune", "schedule": 3600, "options": {"expires": 3600}},
}
HINTS = [
    "events.number", "events.catch_up", "notifications.fan_out", "notifications.release", "delivery.send",
]  # fmt: skip


def routes(queue: str) -> dict[str, dict[str, str]]:
    """Make the CELERY_TASK_ROUTES that put all of Carillon's tasks into this queue."""
    return {task: {"queue": queue} for task in [*HINTS, *(entry["task"] for entry in BEAT_SCHEDULE.values())]}
