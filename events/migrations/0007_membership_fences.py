"""Fences of keys over memberships, and who wrote each."""

from importlib import import_module
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

put_rules = import_module("events.migrations.0003_database_rules").put_rules


def forwards(apps: Any, schema_editor: Any) -> None:
    on_delete = {"user_id": "CASCADE", "written_by_user_id": "SET NULL", "written_by_key_id": "SET NULL"}
    put_rules(schema_editor, {"memberships": on_delete})


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_events", "0006_accepted_moments"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="member_types",
            field=models.JSONField(
                blank=True,
                help_text="Entity types whose memberships a key with patterns may write; empty: what they begin with.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="written_by_key",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="carillon_events.apikey",
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="written_by_user",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(
                condition=models.Q(("written_by_user__isnull", False)),
                fields=["written_by_user"],
                name="ix_memberships_by_user",
            ),
        ),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(
                condition=models.Q(("written_by_key__isnull", False)),
                fields=["written_by_key"],
                name="ix_memberships_by_key",
            ),
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
