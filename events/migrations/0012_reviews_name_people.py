"""Reviews say who did it. Templates that somebody changed stay."""

from typing import Any

from django.db import migrations

OLD = "{{ payload.title|default:source|default:'Content'|capfirst }}"
IT = "{{ payload.title|default:source|default:'something' }}"
WHO = "{{ actor|default:'Somebody' }}"
# name, title before, title now
TITLES = [
    ("review.submitted", f"{OLD} is waiting for your review", f"{WHO} asks you to review {IT}"),
    ("review.approved", f"{OLD} was approved", f"{WHO} approved {IT}"),
    ("review.rejected", f"{OLD} needs changes", f"{WHO} wants changes to {IT}"),
]


def name_people(apps: Any, schema_editor: Any) -> None:
    types = apps.get_model("carillon_events", "EventType").objects
    for name, before, now in TITLES:
        types.filter(name=name, title_template=before).update(title_template=now)


class Migration(migrations.Migration):
    dependencies = [("carillon_events", "0011_project_index")]
    operations = [migrations.RunPython(name_people, migrations.RunPython.noop)]
