"""Rows of beat's schedule. Rows, not settings: beat writes CELERY_BEAT_SCHEDULE over what was changed in the admin."""

from typing import Any

from django.db import migrations

_ANY = ("hour", "day_of_week", "day_of_month", "month_of_year")


def beat_task(name: str, *, task: str, seconds: int | None = None, **more: Any) -> migrations.RunPython:
    """Migration that asks for a task every so many seconds; without them on the hour, in UTC."""

    kind, field = ("IntervalSchedule", "interval") if seconds else ("CrontabSchedule", "crontab")
    hourly = {"minute": "0", "timezone": "UTC"} | dict.fromkeys(_ANY, "*")
    when: dict[str, Any] = {"every": seconds, "period": "seconds"} if seconds else hourly

    def add(apps: Any, schema_editor: Any) -> None:
        schedule, _is_new = apps.get_model("django_celery_beat", kind).objects.get_or_create(**when)
        fields = {"task": task, field: schedule, "expire_seconds": seconds or 3600, **more}
        apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(name=name, defaults=fields)

    def remove(apps: Any, schema_editor: Any) -> None:
        apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=name).delete()

    return migrations.RunPython(add, remove)
