"""Moments lie from 1970 to 2200, which every time zone and page can show."""

from datetime import UTC, datetime
from typing import Any

from django.db import migrations, models

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def accepted(name: str, *columns: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=models.Q(**{f"{column}__range": (EARLIEST, LATEST) for column in columns}),
        name=name,
        violation_error_message=f"{', '.join(columns)}: accepted are times from 1970-01-01 to 2200-01-01",
    )


def pull_in(rows: Any, *columns: str) -> None:
    """What another program wrote beyond becomes the nearest moment that is accepted."""
    for column in columns:
        rows.filter(**{f"{column}__lt": EARLIEST}).update(**{column: EARLIEST})
        rows.filter(**{f"{column}__gt": LATEST}).update(**{column: LATEST})


def forwards(apps: Any, schema_editor: Any) -> None:
    pull_in(apps.get_model("carillon_events", "Event").objects, "created_at")


class Migration(migrations.Migration):
    dependencies = [("carillon_events", "0005_command_entries")]
    operations = [
        migrations.RunPython(forwards, migrations.RunPython.noop),
        migrations.AddConstraint("event", accepted("ck_events_moments", "created_at")),
    ]
