"""PostgreSQL: the seed's foreign-key rules, `updated_at` triggers and DEFAULT NOW() for this floor's tables."""

from importlib import import_module
from typing import Any

from django.db import migrations

put_rules = import_module("events.migrations.0003_database_rules").put_rules


def forwards(apps: Any, schema_editor: Any) -> None:
    put_rules(
        schema_editor,
        {
            "notifications": {"event_id": "CASCADE", "user_id": "CASCADE", "summary_id": "SET NULL"},
            "notification_preferences": {"user_id": "CASCADE", "event_type_id": "CASCADE"},
            "user_notification_settings": {"user_id": "CASCADE"},
            "inboxes": {"user_id": "CASCADE"},
            "fanouts": {"event_id": "CASCADE"},
            "summaries": {"user_id": "CASCADE"},
        },
    )


def leave_room(apps: Any, schema_editor: Any) -> None:
    """Every event changes its people's inboxes: half-filled pages take the new version beside the old one, and the
    index stays as it is."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE inboxes SET (fillfactor = 45)")


class Migration(migrations.Migration):
    dependencies = [("carillon_notifications", "0001_initial"), ("carillon_events", "0003_database_rules")]
    operations = [
        migrations.RunPython(forwards, migrations.RunPython.noop),
        migrations.RunPython(leave_room, migrations.RunPython.noop),
    ]
