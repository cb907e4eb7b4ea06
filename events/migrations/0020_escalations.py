"""Critical types that escalate while nobody acknowledges."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_events", "0019_withdraw_and_resolve"),
    ]

    operations = [
        migrations.AddField(
            model_name="eventtype",
            name="acknowledge_minutes",
            field=models.IntegerField(
                blank=True,
                help_text="Minutes for somebody to acknowledge a critical one; then the next are told. "
                "Empty: nobody needs to.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="eventtype",
            name="escalates_to",
            field=models.JSONField(
                blank=True,
                db_default=models.Value([], models.JSONField()),
                default=list,
                help_text="Who is told while nobody acknowledges it: a list of rules, one after each wait.",
            ),
        ),
    ]
