"""Processes write down the memory that they hold."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_events", "0022_days_of_a_type"),
    ]

    operations = [
        migrations.AddField(
            model_name="servicerun",
            name="memory_bytes",
            field=models.BigIntegerField(
                blank=True,
                help_text="Resident memory of it and its children when last seen; empty: unknown.",
                null=True,
            ),
        ),
    ]
