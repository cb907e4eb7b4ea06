"""Rows of events that were taken back are hidden."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carillon_notifications", "0014_ladders")]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="withdrawn_at",
            field=models.DateTimeField(
                blank=True, help_text="When its event was taken back: it is in no list, and read.", null=True
            ),
        ),
    ]
