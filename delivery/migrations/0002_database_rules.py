"""PostgreSQL: foreign-key rules, `updated_at` triggers and DEFAULT NOW() for this floor's tables."""

from importlib import import_module
from typing import Any

from django.db import migrations

put_rules = import_module("events.migrations.0003_database_rules").put_rules


def forwards(apps: Any, schema_editor: Any) -> None:
    put_rules(
        schema_editor,
        {
            "notification_channels": {"user_id": "CASCADE"},
            "deliveries": {"notification_id": "CASCADE", "summary_id": "CASCADE", "channel_id": "CASCADE"},
            "delivery_attempts": {"delivery_id": "CASCADE"},
            "recoveries": {"address_id": "CASCADE"},
        },
    )


class Migration(migrations.Migration):
    dependencies = [("carillon_delivery", "0001_initial"), ("carillon_events", "0003_database_rules")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
