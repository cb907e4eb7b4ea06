"""The Celery application: workers carry out what the database already knows; tasks are hints."""

import os

from celery import Celery
from celery.signals import beat_init, worker_init

from events import checks
from events.worker import connections
from events.worker.run_step import RunStep
from events.worker.sweeper import SweeperStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("carillon", task_cls="events.transport.celery_task:QueueTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["events.sources", "delivery.retention"])
worker_init.connect(checks.end_if_older)
beat_init.connect(checks.end_if_older)
worker_init.connect(connections.keep)
app.steps["worker"].add(SweeperStep)
app.steps["worker"].add(RunStep)
