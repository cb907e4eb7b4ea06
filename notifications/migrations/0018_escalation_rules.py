"""Rules of the keys of `escalations`, which its own migration made at its very end."""

from importlib import import_module
from typing import Any

from django.db import migrations

put_rules = import_module("events.migrations.0003_database_rules").put_rules


def forwards(apps: Any, schema_editor: Any) -> None:
    put_rules(schema_editor, {"escalations": {"event_id": "CASCADE", "acknowledged_by_id": "SET NULL"}})


class Migration(migrations.Migration):
    dependencies = [("carillon_notifications", "0017_words_of_holds")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
