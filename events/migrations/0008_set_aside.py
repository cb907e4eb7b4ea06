"""Events that are set aside and tried again, and the type of event that tells of the first."""

from typing import Any

from django.db import migrations, models


def add_type(apps: Any, schema_editor: Any) -> None:
    apps.get_model("carillon_events", "EventType").objects.create(
        name="system.event_set_aside",
        category="system",
        description="A subscriber could not take an event, for a reason that may pass",
        title_template="{{ payload.subscriber }} could not take event {{ payload.event }} ({{ payload.type }})",
        body_template="It is set aside and tried again until it goes well. The last error: {{ payload.error }}",
        digest_one="1 event set aside",
        digest_many="{n} events set aside",
        schema={
            "type": "object",
            "properties": {
                "subscriber": {"type": "string"},
                "event": {"type": "integer"},
                "type": {"type": "string"},
                "error": {"type": "string"},
            },
        },
        sample={
            "subscriber": "search",
            "event": 1042,
            "type": "job.completed",
            "error": "canceling statement due to statement timeout",
        },
        default_channels=["in_app", "email"],
    )


class Migration(migrations.Migration):
    dependencies = [("carillon_events", "0007_membership_fences")]

    operations = [
        migrations.AddField(
            model_name="parkedevent",
            name="attempts",
            field=models.IntegerField(db_default=0, default=0, help_text="Tries since it was set aside."),
        ),
        migrations.AddField(
            model_name="parkedevent",
            name="retry_at",
            field=models.DateTimeField(blank=True, help_text="The next try; empty: none but by hand.", null=True),
        ),
        migrations.RunPython(add_type, migrations.RunPython.noop),
    ]
