"""What pruning takes from paused subscribers, and how far back each may go."""

from importlib import import_module
from typing import Any

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

put_rules = import_module("events.migrations.0003_database_rules").put_rules


def forwards(apps: Any, schema_editor: Any) -> None:
    put_rules(schema_editor, {"log_gaps": {"subscriber_id": "CASCADE"}})


class Migration(migrations.Migration):
    dependencies = [("carillon_events", "0005_beat_schedule")]
    operations = [
        migrations.AddField(
            model_name="subscriber",
            name="earliest",
            field=models.BigIntegerField(
                db_default=0,
                default=0,
                help_text="It can't go back below this: what it made of earlier events was pruned.",
            ),
        ),
        migrations.CreateModel(
            name="LogGap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("after", models.BigIntegerField(help_text="Where it stood, paused.")),
                ("up_to", models.BigIntegerField(help_text="The position of the last of them.")),
                ("events", models.BigIntegerField(help_text="How many of any type.")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="gaps",
                        to="carillon_events.subscriber",
                    ),
                ),
            ],
            options={
                "db_table": "log_gaps",
                "ordering": ["-id"],
                "constraints": [models.UniqueConstraint(fields=("subscriber", "after"), name="uq_log_gaps")],
            },
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
