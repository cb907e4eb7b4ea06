"""Updating quietly becomes a property of a type; so far all types did, and progress goes on doing so."""

from typing import Any

from django.db import migrations, models


def set_progress(apps: Any, schema_editor: Any) -> None:
    types = apps.get_model("carillon_events", "EventType").objects
    types.filter(name__endswith=".progress").exclude(replaces="").update(updates_quietly=True)


class Migration(migrations.Migration):
    dependencies = [("carillon_events", "0009_fair_numbering")]

    operations = [
        migrations.AddField(
            model_name="eventtype",
            name="updates_quietly",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Another of this type updates its row in place without a toast.",
            ),
        ),
        migrations.RunPython(set_progress, migrations.RunPython.noop),
    ]
