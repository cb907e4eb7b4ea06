"""Due by address: what holds an address, or a server of ours behind many of them, no longer moves their deliveries."""

from importlib import import_module
from typing import Any

from django.db import migrations, models
from django.db.models.functions import Now

put_rules = import_module("events.migrations.0003_database_rules").put_rules


def forwards(apps: Any, schema_editor: Any) -> None:
    put_rules(schema_editor, {"notification_channels": {"user_id": "CASCADE", "server_id": "SET NULL"}})
    waiting = apps.get_model("carillon_delivery", "Delivery").objects.filter(state="pending")
    waiting.filter(reason__in=("breaker_open", "rate_limited")).update(due_at=Now(), reason="")


class Migration(migrations.Migration):
    dependencies = [("carillon_delivery", "0006_quotas")]
    operations = [
        migrations.CreateModel(
            "Server",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "failures",
                    models.IntegerField(default=0, db_default=0, help_text="Failed attempts since the last success."),
                ),
                ("failing_since", models.DateTimeField(null=True, blank=True)),
                ("last_success_at", models.DateTimeField(null=True, blank=True)),
                (
                    "open_until",
                    models.DateTimeField(
                        null=True, blank=True, help_text="The breaker is open: nothing is tried before."
                    ),
                ),
                ("name", models.TextField(unique=True)),
                (
                    "reason",
                    models.TextField(default="", db_default="", blank=True, help_text="Code of the last failure."),
                ),
                (
                    "excerpt",
                    models.TextField(
                        default="", db_default="", blank=True, help_text="Of its last failure; for staff."
                    ),
                ),
            ],
            {"db_table": "delivery_servers", "ordering": ["name"]},
        ),
        migrations.AddField(
            "address",
            "server",
            models.ForeignKey(
                "carillon_delivery.server",
                models.SET_NULL,
                null=True,
                blank=True,
                related_name="+",
                help_text="As its channel says.",
            ),
        ),
        migrations.AlterField(
            "address",
            "paced_until",
            models.DateTimeField(null=True, blank=True, help_text="Its rate lets nothing begin before."),
        ),
        migrations.AlterField(
            "delivery",
            "due_at",
            models.DateTimeField(db_default=Now(), help_text="Not tried before; its address may wait for longer."),
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
