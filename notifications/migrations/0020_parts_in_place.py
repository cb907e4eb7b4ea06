"""The parts of large audiences take the name of the table that is gone."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("carillon_notifications", "0019_parts_of_audiences")]
    operations = [
        migrations.DeleteModel("Fanout"),
        migrations.RenameModel("FanoutPart", "Fanout"),
        migrations.AlterModelTable("fanout", "fanouts"),
    ]
