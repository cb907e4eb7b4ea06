"""Celery application of the tasks that our figures are compared with: our broker, our settings, a queue of its own."""

from __future__ import annotations

import os

import django
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

QUEUE = "bench-peer"

app = Celery(QUEUE, set_as_current=False)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = None
app.conf.task_default_queue = QUEUE
