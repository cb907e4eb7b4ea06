"""The parts of large audiences take the place of the table that is gone: what is on its way is taken over in the same
transaction, so that nothing begun meanwhile is lost."""

from typing import Any

from django.db import migrations

_KEPT = ("event_id", "after_user", "until_user", "rule", "attempts", "retry_at")


def copy(apps: Any, schema_editor: Any) -> None:
    """Take over what is on its way: few rows, if any."""
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    if is_postgresql:
        schema_editor.execute("LOCK TABLE fanouts IN ACCESS EXCLUSIVE MODE")
    before = apps.get_model("carillon_notifications", "Fanout").objects.values(*_KEPT)
    part = apps.get_model("carillon_notifications", "FanoutPart")
    part.objects.bulk_create(part(**row) for row in before)
    if is_postgresql:
        # A table whose new rows' keys are still to be looked at can't be renamed.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [("carillon_notifications", "0019_parts_of_audiences")]
    operations = [
        migrations.RunPython(copy, migrations.RunPython.noop),
        migrations.DeleteModel("Fanout"),
        migrations.RenameModel("FanoutPart", "Fanout"),
        migrations.AlterModelTable("fanout", "fanouts"),
    ]
