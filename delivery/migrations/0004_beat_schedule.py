"""When beat asks for pruning. A row, not a setting: it can be changed in the admin."""

from typing import Any

from django.db import migrations

NAME = "Prune what is past its time"
EVERY_SECONDS = 3600


def add_schedule(apps: Any, schema_editor: Any) -> None:
    interval, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=EVERY_SECONDS, period="seconds"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={
            "task": "delivery.prune",
            "interval": interval,
            "expire_seconds": EVERY_SECONDS,
            "description": (
                "Takes notifications, deliveries, summaries and events older than NOTIFICATION_RETENTION_DAYS, and "
                "superseded progress after a day; writes them to ARCHIVE_DIR first where one is set. "
                "manage.py prune --dry-run counts what would go."
            ),
        },
    )


def remove_schedule(apps: Any, schema_editor: Any) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_delivery", "0003_seeded_types"),
        ("carillon_events", "0004_beat_schedule"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(add_schedule, remove_schedule)]
