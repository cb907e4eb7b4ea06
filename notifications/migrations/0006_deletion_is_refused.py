"""An event that somebody was told of isn't deleted by the ORM; the database's own rule stays."""

from django.db import migrations, models

import notifications.models.notifications


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_events", "0009_fair_numbering"),
        ("carillon_notifications", "0005_reading_batches"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notification",
            name="event",
            field=models.ForeignKey(
                on_delete=notifications.models.notifications.refuse_while_told,
                related_name="+",
                to="carillon_events.event",
            ),
        ),
    ]
