"""When beat asks for pruning."""

from django.db import migrations

from events.db.beat_schedule import beat_task


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_delivery", "0003_seeded_types"),
        ("carillon_events", "0004_beat_schedule"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [
        beat_task(
            "Prune what is past its time",
            task="delivery.prune",
            seconds=3600,
            description=(
                "Takes notifications, deliveries, summaries and events older than NOTIFICATION_RETENTION_DAYS, and "
                "superseded progress after a day; writes them to ARCHIVE_DIR first where one is set. "
                "manage.py prune --dry-run counts what would go."
            ),
        )
    ]
