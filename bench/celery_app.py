"""The tasks that our figures are compared with: one for each event, one for each frame. Same broker, same settings."""

from __future__ import annotations

import os

import django
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from events import layer  # noqa: E402
from notifications.models import Notification  # noqa: E402

app = Celery("bench-peer", set_as_current=False)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = None
app.conf.task_default_queue = "bench-peer"


@app.task(name="bench.tell")
def tell(event_id: int, user_id: int) -> None:
    """One row, one commit, nothing decided."""
    Notification.objects.create(event_id=event_id, user_id=user_id, is_delivered=True, reason="actor")


@app.task(name="bench.frame")
def frame(number: int) -> None:
    """One frame over the layer, and nothing else."""
    layer.hand("bench.frames", {"type": "bench.frame", "number": number})
