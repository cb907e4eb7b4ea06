"""The seed's sixteen types (its task 1.1), with how they read, and the log's head."""

from typing import Any

from django.db import migrations

JOB = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "progress": {"type": "number", "minimum": 0, "maximum": 1},
        "message": {"type": "string"},
        "duration": {"type": "string"},
        "error": {"type": "string"},
    },
}
MENTION = {
    "type": "object",
    "properties": {
        "mentioned_user_ids": {
            "type": "array",
            "items": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
            "maxItems": 1000,
        },
        "text": {"type": "string"},
        "title": {"type": "string"},
    },
}
NAME = "{{ payload.name|default:source|default:'A job'|capfirst }}"
TITLE = "{{ payload.title|default:source|default:'Content'|capfirst }}"
ON_HOST = "{{ payload.host|default:'this machine' }}"
# Of temperature and of memory: the payload's own unit, and degrees without one.
GPU = (
    "GPU {{ payload.index }} at {{ payload.percent|default:payload.celsius|floatformat:0 }}"
    f"{{{{ payload.unit|default:' °C' }}}} on {ON_HOST}"
)

# name, category, critical, description, title, body, one, many, sample, more
TYPES: list[tuple[str, str, bool, str, str, str, str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "job.submitted",
        "job",
        False,
        "A job was submitted to the queue",
        f"{NAME} submitted",
        "{{ payload.message }}",
        "1 job submitted",
        "{n} jobs submitted",
        {"name": "Shot 042"},
        {"actor_becomes_owner": True},
    ),
    (
        "job.started",
        "job",
        False,
        "A job started executing",
        f"{NAME} started",
        "{{ payload.message }}",
        "1 job started",
        "{n} jobs started",
        {"name": "Shot 042"},
        {},
    ),
    (
        "job.progress",
        "job",
        False,
        "Job progress update",
        f"{NAME}: {{{{ payload.progress|percent }}}} % done",
        "{{ payload.message }}",
        "1 job in progress",
        "{n} progress updates",
        {"name": "Shot 042", "progress": 0.8, "message": "19 of 24 frames"},
        {},
    ),
    (
        "job.completed",
        "job",
        False,
        "A job completed successfully",
        f"{NAME} finished",
        "{{ payload.message|default:payload.duration }}",
        "1 job completed",
        "{n} jobs completed",
        {"name": "Shot 042", "message": "240 frames in 12 min 08 s"},
        {},
    ),
    (
        "job.failed",
        "job",
        False,
        "A job failed",
        f"{NAME} failed",
        "{{ payload.error|default:payload.message }}",
        "1 job failed",
        "{n} jobs failed",
        {"name": "Shot 042", "error": "CUDA out of memory at step 14 of 20"},
        {},
    ),
    (
        "job.cancelled",
        "job",
        False,
        "A job was cancelled",
        f"{NAME} was cancelled",
        "{{ payload.message }}",
        "1 job cancelled",
        "{n} jobs cancelled",
        {"name": "Shot 042"},
        {},
    ),
    (
        "review.submitted",
        "review",
        False,
        "Content submitted for review",
        f"{TITLE} is waiting for your review",
        "{{ payload.text }}",
        "1 awaiting review",
        "{n} awaiting review",
        {"title": "Scene 8"},
        {},
    ),
    (
        "review.approved",
        "review",
        False,
        "Content approved",
        f"{TITLE} was approved",
        "{{ payload.text }}",
        "1 approved",
        "{n} approved",
        {"title": "Scene 7", "text": "Lovely light"},
        {},
    ),
    (
        "review.rejected",
        "review",
        False,
        "Content rejected",
        f"{TITLE} needs changes",
        "{{ payload.text }}",
        "1 rejected",
        "{n} rejected",
        {"title": "Scene 7", "text": "The left edge flickers"},
        {},
    ),
    (
        "review.comment",
        "review",
        False,
        "Review comment added",
        f"{{{{ actor|default:'Somebody' }}}} commented on {TITLE}",
        "{{ payload.text }}",
        "1 review comment",
        "{n} review comments",
        {"title": "Scene 7", "text": "Can we hold this longer?"},
        {"audience": ["owner", "watchers"], "exclude_actor": True},
    ),
    (
        "system.disk_warning",
        "system",
        True,
        "Disk space below threshold",
        "Disk {{ payload.mount }} is {{ payload.percent|floatformat:0 }} % full",
        "{{ payload.free_bytes|filesizeformat }} of {{ payload.total_bytes|filesizeformat }} left on "
        f"{ON_HOST}. Warning at {{{{ payload.threshold|floatformat:0 }}}} %.",
        "1 disk warning",
        "{n} disk warnings",
        {
            "host": "render-02",
            "mount": "/data",
            "percent": 91.0,
            "free_bytes": 40802189312,
            "total_bytes": 450971566080,
            "threshold": 90,
        },
        {},
    ),
    (
        "system.gpu_warning",
        "system",
        True,
        "GPU temperature above threshold",
        GPU,
        "Warning from {{ payload.threshold }}{{ payload.unit|default:' °C' }}.",
        "1 GPU warning",
        "{n} GPU warnings",
        {"host": "render-02", "index": 0, "celsius": 86, "threshold": 85},
        {},
    ),
    (
        "system.gpu_critical",
        "system",
        True,
        "GPU temperature critical",
        GPU,
        "Critical from {{ payload.threshold }}{{ payload.unit|default:' °C' }}.",
        "1 GPU critically hot",
        "{n} GPUs critically hot",
        {"host": "render-02", "index": 0, "celsius": 94, "threshold": 92},
        {},
    ),
    (
        "system.restart",
        "system",
        True,
        "Service restarted",
        f"Service restarted on {ON_HOST}",
        "{{ payload.message }}",
        "1 restart",
        "{n} restarts",
        {"host": "render-02", "message": "After an unclean end"},
        {},
    ),
    (
        "collab.mention",
        "collaboration",
        False,
        "User was mentioned",
        f"{{{{ actor|default:'Somebody' }}}} mentioned you on {TITLE}",
        "{{ payload.text }}",
        "1 mention",
        "{n} mentions",
        {"title": "Shot 041", "text": "Can you check the left edge before Monday?", "mentioned_user_ids": [1]},
        {"audience": ["mentioned"], "schema": MENTION},
    ),
    (
        "collab.lock",
        "collaboration",
        False,
        "Entity locked by another user",
        f"{{{{ actor|default:'Somebody' }}}} locked {TITLE}",
        "{{ payload.text }}",
        "1 lock",
        "{n} locks",
        {"title": "Scene 7"},
        {"audience": ["owner", "watchers"], "exclude_actor": True},
    ),
]


def add_types(apps: Any, schema_editor: Any) -> None:
    event_type = apps.get_model("carillon_events", "EventType")
    for name, category, critical, description, title, body, one, many, sample, more in TYPES:
        event_type.objects.create(
            **{
                "name": name,
                "category": category,
                "is_critical": critical,
                "is_locked": critical,
                "description": description,
                "title_template": title,
                "body_template": body,
                "digest_one": one,
                "digest_many": many,
                "sample": sample,
                "replaces": "job" if category == "job" else "",
                "schema": JOB if category == "job" else None,
                **more,
            }
        )
    apps.get_model("carillon_events", "LogHead").objects.create(id=1, position=0)


class Migration(migrations.Migration):
    dependencies = [("carillon_events", "0001_initial")]
    operations = [migrations.RunPython(add_types, migrations.RunPython.noop)]
