"""What numbering needs to be fair: the unnumbered by publisher and by source, and how much its readers take at once."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("carillon_events", "0008_set_aside")]
    operations = [
        migrations.AddField(
            "subscriber",
            "batch_size",
            models.IntegerField(
                default=50,
                db_default=50,
                help_text="Of one that sets the pace of numbering: what it reads at once; 0: it fails.",
            ),
        ),
        migrations.RemoveIndex("event", "idx_events_unnumbered"),
        migrations.AddIndex(
            "event",
            models.Index(fields=["publisher", "id"], condition=Q(position=None), name="idx_events_unnumbered"),
        ),
        migrations.AddIndex(
            "event",
            models.Index(
                fields=["source_entity_type", "source_entity_id", "id"],
                condition=Q(position=None),
                name="idx_events_unnumbered_source",
            ),
        ),
    ]
