"""Rule of the key of the parts of large audiences."""

from importlib import import_module
from typing import Any

from django.db import migrations

put_rules = import_module("events.migrations.0003_database_rules").put_rules


def forwards(apps: Any, schema_editor: Any) -> None:
    put_rules(schema_editor, {"fanouts": {"event_id": "CASCADE"}})


class Migration(migrations.Migration):
    dependencies = [("carillon_notifications", "0020_parts_in_place")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
