"""Readings are kept as batches, so that they can be undone."""

import datetime
from importlib import import_module
from typing import Any

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

put_rules = import_module("events.migrations.0003_database_rules").put_rules


def forwards(apps: Any, schema_editor: Any) -> None:
    put_rules(schema_editor, {"reading_batches": {"user_id": "CASCADE"}})


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_events", "0009_fair_numbering"),
        ("carillon_notifications", "0004_accepted_moments"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReadingBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "held",
                    models.JSONField(
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Ids of those of its rows that waited for their person when they were read.",
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "verbose_name_plural": "reading batches",
                "db_table": "reading_batches",
            },
        ),
        migrations.AddField(
            model_name="notification",
            name="reading_batch_id",
            field=models.BigIntegerField(
                blank=True, editable=False, help_text="Of the reading that made it read.", null=True
            ),
        ),
        migrations.AddField(
            model_name="summary",
            name="reading_batch_id",
            field=models.BigIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("reading_batch_id__isnull", False)),
                fields=["reading_batch_id"],
                name="idx_notifications_batch",
            ),
        ),
        migrations.AddField(
            model_name="readingbatch",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="readingbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "created_at__range",
                        (
                            datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.UTC),
                        ),
                    )
                ),
                name="ck_reading_batches_moments",
                violation_error_message="created_at: accepted are times from 1970-01-01 to 2200-01-01",
            ),
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
