"""Events keep the tracestate of their publisher's trace."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_events", "0023_memory_of_processes"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="tracestate",
            field=models.TextField(
                blank=True, help_text="What tracing systems say beside it (W3C); empty: nothing.", null=True
            ),
        ),
    ]
