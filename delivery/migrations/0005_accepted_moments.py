"""Moments lie from 1970 to 2200, which every time zone and page can show."""

from importlib import import_module
from typing import Any

from django.db import migrations

moments = import_module("events.migrations.0006_accepted_moments")


def forwards(apps: Any, schema_editor: Any) -> None:
    moments.pull_in(apps.get_model("carillon_delivery", "Recovery").objects, "since")


class Migration(migrations.Migration):
    dependencies = [("carillon_delivery", "0004_beat_schedule"), ("carillon_events", "0006_accepted_moments")]
    operations = [
        migrations.RunPython(forwards, migrations.RunPython.noop),
        migrations.AddConstraint("recovery", moments.accepted("ck_recoveries_moments", "since")),
    ]
