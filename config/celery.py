"""The Celery application: workers carry out what the database already knows; tasks are hints."""

import os

from celery import Celery

from delivery.celery import configure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Celery runs all system checks in workers and beat and looks at no outcome; they load each page and the API, 18 MB.
# Before each start `migrate` and the web processes run them, and stop.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("carillon", task_cls="events.transport.celery_task:QueueTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
configure(app)
