"""PostgreSQL: foreign-key rules and DEFAULT NOW() of destinations, and of what goes to them."""

from importlib import import_module
from typing import Any

from django.db import migrations

put_rules = import_module("events.migrations.0003_database_rules").put_rules


def forwards(apps: Any, schema_editor: Any) -> None:
    of_deliveries = ("notification_id", "summary_id", "event_id", "channel_id")
    rules = {
        "destinations": {"address_id": "CASCADE", "created_by_id": "SET NULL"},
        "deliveries": dict.fromkeys(of_deliveries, "CASCADE"),
        "notification_channels": {"user_id": "CASCADE", "server_id": "SET NULL"},
    }
    put_rules(schema_editor, rules)


class Migration(migrations.Migration):
    dependencies = [("carillon_delivery", "0010_destinations")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
