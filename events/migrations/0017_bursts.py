"""Types get a window within which events of one source are one burst; comments and locks come in such."""

from typing import Any

from django.db import migrations, models

BURSTING = ("review.comment", "collab.lock")


def set_windows(apps: Any, schema_editor: Any) -> None:
    types = apps.get_model("carillon_events", "EventType").objects
    types.filter(name__in=BURSTING, replaces="", is_critical=False).update(burst_seconds=300)


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_events", "0016_recipients"),
    ]

    operations = [
        migrations.AddField(
            model_name="eventtype",
            name="burst_seconds",
            field=models.IntegerField(
                db_default=0,
                default=0,
                help_text="Events of one source within so many seconds of the first are one row with a count, "
                "and one more message on every other channel; 0: each is its own.",
                verbose_name="burst",
            ),
        ),
        migrations.RunPython(set_windows, migrations.RunPython.noop),
    ]
