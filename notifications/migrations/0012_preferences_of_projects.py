"""Projects have defaults, people scopes in projects; a preference knows whether its person chose it."""

from importlib import import_module
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now

import events.models.event_types

put_rules = import_module("events.migrations.0003_database_rules").put_rules
CREATED = [
    ("created_at", models.DateTimeField(db_default=Now(), editable=False)),
    ("updated_at", models.DateTimeField(auto_now=True, db_default=Now())),
]


def forwards(apps: Any, schema_editor: Any) -> None:
    put_rules(
        schema_editor,
        {
            "project_preferences": {"event_type_id": "CASCADE"},
            "project_scopes": {"user_id": "CASCADE"},
            # The migration before this one made its key at its very end, too late for its rule.
            "mutes": {"user_id": "CASCADE"},
        },
    )


def mark_choices(apps: Any, schema_editor: Any) -> None:
    """What differs from its type's defaults was chosen; the rest may be what looking at the page made."""
    preferences = apps.get_model("carillon_notifications", "NotificationPreference").objects
    for event_type in apps.get_model("carillon_events", "EventType").objects.all():
        of_type = preferences.filter(event_type=event_type)
        chosen = of_type.exclude(is_enabled=True, channels=event_type.default_channels)
        chosen.update(chosen_at=models.F("updated_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_events", "0016_recipients"),
        ("carillon_notifications", "0011_mutes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="notificationpreference",
            name="chosen_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When its person chose; empty: never, so a project's default counts instead.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="ProjectPreference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("project_id", models.BigIntegerField()),
                ("is_enabled", models.BooleanField(db_default=True, default=True, verbose_name="enabled")),
                (
                    "channels",
                    models.JSONField(
                        db_default=models.Value(["in_app"], models.JSONField()),
                        default=events.models.event_types.in_app_only,
                    ),
                ),
                *CREATED,
            ],
            options={
                "verbose_name": "default of a project",
                "verbose_name_plural": "defaults of projects",
                "db_table": "project_preferences",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ProjectScope",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("project_id", models.BigIntegerField()),
                (
                    "scope",
                    models.TextField(choices=[("all", "All"), ("my_jobs", "My jobs"), ("nothing", "Nothing")]),
                ),
                *CREATED,
            ],
            options={
                "verbose_name": "scope in a project",
                "verbose_name_plural": "scopes in projects",
                "db_table": "project_scopes",
                "ordering": ["id"],
            },
        ),
        # Added, not made with their tables: then the rules below find these keys.
        migrations.AddField(
            model_name="projectpreference",
            name="event_type",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="carillon_events.eventtype"
            ),
        ),
        migrations.AddField(
            model_name="projectscope",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="projectpreference",
            constraint=models.UniqueConstraint(fields=("project_id", "event_type"), name="uq_project_preferences"),
        ),
        migrations.AddConstraint(
            model_name="projectscope",
            constraint=models.UniqueConstraint(fields=("project_id", "user"), name="uq_project_scopes"),
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
        migrations.RunPython(mark_choices, migrations.RunPython.noop),
    ]
