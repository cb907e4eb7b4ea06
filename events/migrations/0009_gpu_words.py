"""GPU events are about memory too: their texts take the payload's own unit, and degrees without one."""

from typing import Any

from django.db import migrations

OLD_TITLE = "GPU {{ payload.index }} at {{ payload.celsius }} °C on {{ payload.host|default:'this machine' }}"
TITLE = (
    "GPU {{ payload.index }} at {{ payload.percent|default:payload.celsius|floatformat:0 }}"
    "{{ payload.unit|default:' °C' }} on {{ payload.host|default:'this machine' }}"
)
BODIES = {
    "system.gpu_warning": (
        "Warning above {{ payload.threshold }} °C.",
        "Warning from {{ payload.threshold }}{{ payload.unit|default:' °C' }}.",
    ),
    "system.gpu_critical": (
        "Critical above {{ payload.threshold }} °C.",
        "Critical from {{ payload.threshold }}{{ payload.unit|default:' °C' }}.",
    ),
}


def reword(apps: Any, schema_editor: Any) -> None:
    """What an admin has changed stays."""
    types = apps.get_model("carillon_events", "EventType").objects
    for name, (old, new) in BODIES.items():
        types.filter(name=name, title_template=OLD_TITLE).update(title_template=TITLE)
        types.filter(name=name, body_template=old).update(body_template=new)


class Migration(migrations.Migration):
    dependencies = [("carillon_events", "0008_declared_types_and_rates")]
    operations = [migrations.RunPython(reword, migrations.RunPython.noop)]
