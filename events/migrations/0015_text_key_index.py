"""Events of a source whose id is text, found by an index that no other event is in; made while others write."""

from typing import Any

from django.db import migrations, models


class AddIndexBeside(migrations.AddIndex):
    """Add an index and lock nobody out, on PostgreSQL; outside of a transaction."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        options = {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
        schema_editor.add_index(model, self.index, **options)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("carillon_events", "0014_text_keys")]
    operations = [
        AddIndexBeside(
            "event",
            models.Index(
                fields=["source_entity_type", "source_entity_key", "id"],
                condition=models.Q(source_entity_key__isnull=False),
                name="idx_events_source_key",
            ),
        ),
    ]
