"""Events of a project, newest first: its page lists them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carillon_events", "0010_quiet_updates")]
    operations = [
        migrations.AddIndex(
            "event",
            models.Index(
                fields=["project_id", "-id"], condition=models.Q(project_id__isnull=False), name="idx_events_project"
            ),
        ),
    ]
