"""Several parts of a large audience: a table with a key of its own replaces the one whose key was the event."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carillon_notifications", "0018_escalation_rules")]
    operations = [
        migrations.CreateModel(
            name="FanoutPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("after_user", models.BigIntegerField(db_default=0, default=0)),
                ("until_user", models.BigIntegerField()),
                (
                    "rule",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="Step of an escalation that is told; empty: the event itself.",
                    ),
                ),
                (
                    "attempts",
                    models.IntegerField(
                        db_default=0, default=0, help_text="Failed tries of the chunk that comes next."
                    ),
                ),
                ("retry_at", models.DateTimeField(blank=True, null=True)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="carillon_events.event"
                    ),
                ),
            ],
            options={
                "db_table": "fanout_parts",
                "verbose_name": "large audience",
                "ordering": ["event", "after_user"],
            },
        ),
    ]
