"""Schedule of the hourly release. A row, not a setting: it can be seen and changed in the admin."""

from typing import Any

from django.db import migrations

NAME = "Give back what is held"


def add_schedule(apps: Any, schema_editor: Any) -> None:
    # UTC inside: each person's own hour is worked out from their zone, and half hours are found by the sweepers.
    on_the_hour, _ = apps.get_model("django_celery_beat", "CrontabSchedule").objects.get_or_create(
        minute="0", hour="*", day_of_week="*", day_of_month="*", month_of_year="*", timezone="UTC"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={
            "task": "notifications.release_all",
            "crontab": on_the_hour,
            "expire_seconds": 3600,
            "description": (
                "Looks at everybody who holds notifications: digests that are due, do-not-disturb and quiet hours that "
                "ended. The workers find these within a second or two by themselves; this finds what they can't, such "
                "as settings that another program wrote. Twice or late changes nothing."
            ),
        },
    )


def remove_schedule(apps: Any, schema_editor: Any) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_notifications", "0002_database_rules"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(add_schedule, remove_schedule)]
