"""Schedule by which beat asks for what is held."""

from django.db import migrations

from events.db.beat_schedule import beat_task


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_notifications", "0002_database_rules"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [
        # UTC inside: each person's own hour is worked out from their zone, and half hours are found by the sweepers.
        beat_task(
            "Give back what is held",
            task="notifications.release_all",
            description=(
                "Looks at everybody who holds notifications: digests that are due, do-not-disturb and quiet hours that "
                "ended. The workers find these within a second or two by themselves; this finds what they can't, such "
                "as settings that another program wrote. Twice or late changes nothing."
            ),
        )
    ]
