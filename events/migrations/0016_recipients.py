"""Events get a column for the people whom their publisher addresses."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carillon_events", "0015_text_key_index")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="recipients",
            field=models.JSONField(
                blank=True,
                null=True,
                help_text="Ids of the people it is addressed to, beside those of the type's rules.",
            ),
        ),
    ]
