"""The Celery application: workers carry out what the database already knows; tasks are hints."""

import os

from celery import Celery

from delivery.celery import configure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("carillon", task_cls="events.transport.celery_task:QueueTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
configure(app)
