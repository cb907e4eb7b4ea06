"""The Celery application: workers carry out what the database already knows; tasks are hints."""

import os

from celery import Celery

from config.sweeper import sweep_in_workers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("carillon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["events.sources"])

sweep_in_workers()
