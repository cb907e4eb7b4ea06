"""Entities whose id is text: a second column beside the number, of events, memberships and tracked jobs."""

from typing import Any

from django.db import migrations, models
from django.db.models import Q


def drop_text_keys(apps: Any, schema_editor: Any) -> None:
    """Take away the ties that a table of numbers has no place for."""
    apps.get_model("carillon_events", "Membership").objects.filter(entity_id=None).delete()


class Migration(migrations.Migration):
    dependencies = [("carillon_events", "0013_words_of_the_admin")]
    operations = [
        migrations.AddField(
            "event",
            "source_entity_key",
            models.TextField(blank=True, help_text="Id of its source, where that is text.", null=True),
        ),
        migrations.AddField("trackedjob", "source_entity_key", models.TextField(blank=True, null=True)),
        migrations.AddField("membership", "entity_key", models.TextField(blank=True, null=True)),
        migrations.AlterField("membership", "entity_id", models.BigIntegerField(blank=True, null=True)),
        migrations.AddConstraint(
            "membership",
            models.UniqueConstraint(
                fields=["entity_type", "entity_key", "user"],
                condition=Q(entity_key__isnull=False),
                name="uq_memberships_key",
            ),
        ),
        migrations.AddConstraint(
            "membership",
            models.CheckConstraint(
                condition=Q(entity_id__isnull=False, entity_key=None) | Q(entity_id=None, entity_key__isnull=False),
                name="ck_memberships_entity",
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, drop_text_keys),
    ]
