"""The schedule of beat. Rows, not settings: beat writes CELERY_BEAT_SCHEDULE over what was changed in the admin."""

from typing import Any

from django.db import migrations
from django.utils import timezone

NAME = "Look at this machine's disks"
EVERY_SECONDS = 15


def add_schedule(apps: Any, schema_editor: Any) -> None:
    interval, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=EVERY_SECONDS, period="seconds"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={
            "task": "events.observe_hardware",
            "interval": interval,
            "expire_seconds": EVERY_SECONDS,
            # With a start in the past the first look comes at once instead of one interval after beat's start.
            "start_time": timezone.now(),
            "description": (
                "Publishes system.disk_warning once for each disk that crosses HARDWARE_DISK_WARNING_PERCENT. "
                "It looks at the machine of the worker that takes it; on further machines run "
                "manage.py hardware_monitor."
            ),
        },
    )


def remove_schedule(apps: Any, schema_editor: Any) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_events", "0003_database_rules"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(add_schedule, remove_schedule)]
