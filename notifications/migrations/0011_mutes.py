"""People mute entities, for good or until a moment."""

import datetime
from importlib import import_module
from typing import Any

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

put_rules = import_module("events.migrations.0003_database_rules").put_rules


def forwards(apps: Any, schema_editor: Any) -> None:
    put_rules(schema_editor, {"mutes": {"user_id": "CASCADE"}})


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_notifications", "0010_search_by_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Mute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entity_type", models.TextField()),
                ("entity_id", models.BigIntegerField(blank=True, null=True)),
                ("entity_key", models.TextField(blank=True, null=True)),
                (
                    "until",
                    models.DateTimeField(blank=True, help_text="When it ends by itself; empty: never.", null=True),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "mutes",
                "ordering": ["id"],
                "indexes": [
                    models.Index(condition=models.Q(("until__isnull", False)), fields=["until"], name="idx_mutes_until")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("entity_type", "entity_id", "user"), name="uq_mutes"),
                    models.UniqueConstraint(
                        condition=models.Q(("entity_key__isnull", False)),
                        fields=("entity_type", "entity_key", "user"),
                        name="uq_mutes_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("entity_id__isnull", False), ("entity_key", None)),
                            models.Q(("entity_id", None), ("entity_key__isnull", False)),
                            _connector="OR",
                        ),
                        name="ck_mutes_entity",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "until__range",
                                (
                                    datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC),
                                    datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.UTC),
                                ),
                            )
                        ),
                        name="ck_mutes_moments",
                        violation_error_message="until: accepted are times from 1970-01-01 to 2200-01-01",
                    ),
                ],
            },
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
