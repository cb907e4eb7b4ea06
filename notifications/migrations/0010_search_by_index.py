"""A search walks the rows of a person, wherever they are, newest first by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carillon_notifications", "0009_words_of_the_admin")]

    operations = [
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["user", "-feed_seq"], name="idx_notifications_feed"),
        ),
    ]
