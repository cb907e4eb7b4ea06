"""A rate for an address, a recovery's place, and the indexes that a claim walks by."""

from importlib import import_module
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

put_rules = import_module("events.migrations.0003_database_rules").put_rules


def forwards(apps: Any, schema_editor: Any) -> None:
    put_rules(schema_editor, {"recoveries": {"address_id": "CASCADE"}})


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_delivery", "0002_database_rules"),
        ("carillon_notifications", "0002_database_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Recovery",
            fields=[
                (
                    "address",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="carillon_delivery.address",
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(help_text="When it was asked for; what is newer goes out by itself.")),
                ("after_delivery", models.BigIntegerField(db_default=0, default=0)),
                ("after_notification", models.BigIntegerField(db_default=0, default=0)),
            ],
            options={
                "verbose_name_plural": "recoveries",
                "db_table": "recoveries",
            },
        ),
        migrations.RemoveIndex(
            model_name="delivery",
            name="idx_deliveries_due",
        ),
        migrations.AddField(
            model_name="address",
            name="paced_until",
            field=models.DateTimeField(blank=True, help_text="Its rate is used up to here.", null=True),
        ),
        migrations.AddField(
            model_name="address",
            name="rate_per_second",
            field=models.PositiveIntegerField(blank=True, help_text="Attempts; empty: as they come.", null=True),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "pending")),
                fields=["kind", "address", "due_at"],
                name="idx_deliveries_due",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "pending")), fields=["due_at"], name="idx_deliveries_pending"
            ),
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_account", True)), fields=("user", "kind"), name="uq_channels_account"
            ),
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
