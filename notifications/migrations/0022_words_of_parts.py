"""Words of parts of audiences, as the admin says them: nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carillon_notifications", "0021_parts_rules")]
    operations = [
        migrations.AlterField(
            model_name="fanout",
            name="rule",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="Step of an escalation that is told, or that it is acknowledged; empty: the event itself.",
            ),
        ),
    ]
