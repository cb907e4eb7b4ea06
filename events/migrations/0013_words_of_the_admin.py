"""Words of the admin: names, choices and help texts; nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_events", "0012_reviews_name_people"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="apikey",
            options={"ordering": ["-id"], "verbose_name": "API key"},
        ),
        migrations.AlterModelOptions(
            name="comfyuiserver",
            options={"ordering": ["id"], "verbose_name": "ComfyUI server"},
        ),
        migrations.AlterModelOptions(
            name="loggap",
            options={"ordering": ["-id"], "verbose_name": "gap in the log", "verbose_name_plural": "gaps in the log"},
        ),
        migrations.AlterField(
            model_name="apikey",
            name="publish_patterns",
            field=models.JSONField(
                blank=True, help_text="Types it may publish; empty: all that its person may do.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="publisher",
            field=models.TextField(
                db_default="", default="", help_text="Who sent it over HTTP; empty: this site itself."
            ),
        ),
        migrations.AlterField(
            model_name="eventtype",
            name="is_active",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Off: publishing it is refused; stored events still route.",
                verbose_name="active",
            ),
        ),
        migrations.AlterField(
            model_name="eventtype",
            name="is_critical",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Told at once on every chosen channel, through do-not-disturb too.",
                verbose_name="critical",
            ),
        ),
        migrations.AlterField(
            model_name="eventtype",
            name="is_locked",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="People can't switch it off or drop its default channels.",
                verbose_name="required",
            ),
        ),
        migrations.AlterField(
            model_name="subscriber",
            name="is_paused",
            field=models.BooleanField(db_default=False, default=False, verbose_name="paused"),
        ),
    ]
