"""The Celery application: workers carry out what the database already knows; tasks are hints."""

import os

from celery import Celery
from celery.signals import worker_init

from config import worker_connections
from config.runs import RunStep
from config.sweeper import SweeperStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("carillon", task_cls="config.hint_task:HintTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["events.sources", "delivery.retention"])
worker_init.connect(worker_connections.keep)
app.steps["worker"].add(SweeperStep)
app.steps["worker"].add(RunStep)
