"""When beat asks for a look at the hardware."""

from django.db import migrations

from events.db import clock
from events.db.beat_schedule import beat_task


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_events", "0003_database_rules"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [
        beat_task(
            "Look at this machine's disks",
            task="events.observe_hardware",
            seconds=15,
            # With a start in the past the first look comes at once instead of one interval after beat's start.
            start_time=clock.estimate(),
            description=(
                "Publishes system.disk_warning once for each disk that crosses HARDWARE_DISK_WARNING_PERCENT. "
                "It looks at the machine of the worker that takes it; on further machines run "
                "manage.py hardware_monitor."
            ),
        )
    ]
