"""The owner's things, all marked, and what a request about them has in its address and body."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from delivery import signed_links
from delivery.encryption import seal
from delivery.models import Address, Delivery, Destination, Server
from delivery.signed_links import Acknowledging, Muting, Subscription
from events.entities import Entity
from events.memberships import grant
from events.models import (
    ComfyuiServer,
    CommandEntry,
    EventType,
    HardwareReading,
    LogGap,
    ParkedEvent,
    ServiceRun,
    Subscriber,
    TrackedJob,
)
from notifications.models import (
    Escalation,
    Fanout,
    Inbox,
    Mute,
    Notification,
    NotificationPreference,
    ProjectPreference,
    ProjectScope,
    ReadingBatch,
    Summary,
    UserNotificationSettings,
)
from tests.accounts.factory import sign_in_name
from tests.api_client import tell
from tests.conftest import PASSWORD, person
from tests.permissions.cast import Cast
from tests.permissions.routes import admin_models

# In whatever only the owner may read.
MARK = "of-the-owner-alone"
JOB, PROJECT = Entity("job", 42), Entity("project", 7)
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SHARED = {"kind": "webhook", "url": "https://93.184.215.14/new", "label": "#new", "patterns": ["job.*"]}
OWNED: tuple[type[Any], ...] = (
    Notification,
    Inbox,
    Summary,
    NotificationPreference,
    ProjectScope,
    UserNotificationSettings,
    Mute,
    Address,
)


class Scene:
    """One of everything that an address can name."""

    def __init__(self, cast: Cast) -> None:
        self.owner = owner = cast.people["owner"]
        for role in ("owner", "member"):
            grant(JOB, user=cast.people[role], role=role)
        grant(PROJECT, user=owner, role="owner")
        self.told = tell(owner, source=JOB, payload={"name": MARK})
        self.address = Address.objects.create(
            user=owner,
            kind="webhook",
            target=f"https://hooks.example.com/{MARK}",
            secret=seal("whsec_c2VjcmV0"),
            verified_at=NOON,
        )
        Escalation.objects.create(event=self.told.event)
        outgoing = Notification.objects.create(event=self.told.event, user=owner, channel="webhook")
        self.delivery = Delivery.objects.create(
            address=self.address, kind="webhook", notification=outgoing, state="dead", due_at=NOON
        )
        grant(PROJECT, user=owner, role="owner")
        place = Address.objects.create(
            kind="webhook",
            target=f"https://hooks.example.com/shared/{MARK}",
            secret=seal("whsec_c2VjcmV0"),
            verified_at=NOON,
        )
        self.destination = Destination.objects.create(
            address=place, label=MARK, patterns=["job.*"], project_id=PROJECT.id
        )
        self.summary = Summary.objects.create(
            user=owner, kind="dnd", window=MARK, count=1, by_type={"job.completed": 1}, seq=1
        )
        self.reading = ReadingBatch.objects.create(user=owner)
        NotificationPreference.objects.create(user=owner, event_type=self.told.event.event_type)
        UserNotificationSettings.objects.update_or_create(user=owner)
        ProjectPreference.objects.create(project_id=PROJECT.id, event_type=self.told.event.event_type)
        ProjectScope.objects.create(user=owner, project_id=PROJECT.id, scope="all")
        Mute.objects.create(user=owner, entity_type="prompt", entity_key=MARK)
        fill(self.told)
        self.event_type = EventType.objects.get(name="job.completed")
        self.member = cast.people["member"]

    def arguments(self, route: str) -> dict[str, Any]:
        return {
            "notification_id": self.told.pk,
            "project_id": PROJECT.id,
            "event_id": self.told.event_id,
            "event_type_id": self.event_type.pk,
            "type_id": self.event_type.pk,
            "channel_id": self.address.pk,
            "delivery_id": self.delivery.pk,
            "destination_id": self.destination.pk,
            "summary_id": self.summary.pk,
            "entity_type": JOB.type,
            "entity_id": JOB.id,
            "user_id": self.member.pk,
            "token": self._token(route),
            "content_type_id": ContentType.objects.get_for_model(EventType).pk,
            "object_id": self._row(route),
            "app_label": "carillon_events",
            "url": "nowhere",
            "id": self._row(route),
        }

    def _row(self, route: str) -> int:
        """A row of the model whose page this is."""
        model = admin_models().get("/".join(route.split("/")[2:4]), EventType)
        newest = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
        assert newest is not None, f"the scene has no {model._meta.label}"
        return int(newest)

    def _token(self, route: str) -> str:
        if "confirm" in route:
            url = signed_links.confirmation_url(self.address, sent_at=NOON)
        elif "acknowledge" in route:
            url = signed_links.acknowledge_url(Acknowledging(self.owner.pk, self.told.pk))
        elif "mute" in route:
            url = signed_links.mute_url(Muting(self.owner.pk, JOB, "Shot 042"))
        else:
            url = signed_links.unsubscribe_url(Subscription(self.owner.pk, self.event_type.pk))
        return url.rstrip("/").rpartition("/")[2]

    def body(self, route: str, method: str) -> dict[str, Any]:
        """Content of a request of this route with which nothing but the person can be wrong."""
        since = "2026-01-01T00:00"
        bodies: dict[str, dict[str, Any]] = {
            "POST /api/v1/events": {"event_type": "job.completed"},
            "PUT /api/v1/entities/<entity_type>/<entity_id>/members/<user_id>": {"role": "watcher"},
            "POST /api/v1/notifications/unread": {"ids": [self.told.pk]},
            "POST /api/v1/notifications/bulk": {"ids": [self.told.pk], "action": "done"},
            "POST /api/v1/notifications/<notification_id>/snooze": {
                "until": (datetime.now(UTC) + timedelta(days=7)).isoformat()
            },
            "POST /api/v1/notifications/undo": {"batch": self.reading.pk},
            "PUT /api/v1/notifications/preferences/<event_type_id>": {"is_enabled": False},
            "PUT /api/v1/notifications/projects/<project_id>": {"scope": "my_jobs"},
            "PUT /api/v1/projects/<project_id>/defaults/<event_type_id>": {"channels": ["in_app", "email"]},
            "PUT /api/v1/notifications/settings": {"dnd_enabled": True},
            "POST /api/v1/notifications/channels": {"kind": "email", "address": "new@example.com"},
            "PUT /api/v1/notifications/channels/<channel_id>": {"retry": "long"},
            "POST /api/v1/notifications/channels/<channel_id>/recover": {"since": f"{since}Z"},
            "POST /api/v1/destinations": SHARED,
            "PUT /api/v1/destinations/<destination_id>": {"label": "renamed"},
            "POST /api/v1/destinations/<destination_id>/recover": {"since": f"{since}Z"},
            "POST /destinations/": {name: value for name, value in SHARED.items() if name != "url"}
            | {"target": SHARED["url"], "patterns": "job.*"},
            "POST /destinations/<destination_id>/change/": {"label": "renamed", "patterns": "job.*"},
            "POST /destinations/<destination_id>/switch/": {"is_enabled": "false"},
            "POST /destinations/<destination_id>/recover/": {"since": since},
            "POST /sign-in/": {"username": sign_in_name("owner"), "password": PASSWORD},
            "POST /admin/login/": {"username": sign_in_name("admin"), "password": PASSWORD},
            "POST /notifications/read-all/": {"up_to": 1},
            "POST /notifications/seen/": {"seq": 1},
            "POST /notifications/bulk/": {"id": self.told.pk, "action": "done"},
            "POST /notifications/follow/": {"follow": "job:42"},
            "POST /notifications/mute/": {"mute": "job:42"},
            "POST /notifications/undo/": {"batch": self.reading.pk},
            "POST /events/publish/": {"event_type": "job.completed", "payload": "{}"},
            "POST /channels/add/": {"kind": "email", "target": "new@example.com"},
            "POST /channels/<channel_id>/change/": {"retry": "long"},
            "POST /channels/<channel_id>/switch/": {"is_enabled": "false"},
            "POST /channels/<channel_id>/recover/": {"since": since},
        }
        if route.endswith("/delete/"):
            return {"post": "yes"}
        return bodies.get(f"{method} {route}", {})

    def query(self, route: str) -> str:
        queries = {
            "/notifications/since/": f"?user={self.owner.pk}",
            "/notifications/follow/control/": "?of=job:42",
            "/notifications/why-not/": f"?about={self.told.event_id}",
            "/api/v1/notifications/why-not": f"?event={self.told.event_id}",
        }
        return queries.get(route, "")

    def owned(self) -> list[Any]:
        """Every row of the owner's, as it stands."""
        rows: list[Any] = [list(model.objects.filter(user=self.owner).order_by("pk").values()) for model in OWNED]
        shared = [Destination.objects.filter(pk=self.destination.pk), Address.objects.filter(user=None)]
        rows += [list(found.order_by("pk").values()) for found in shared]
        return [
            *rows,
            list(Delivery.objects.filter(Q(address__user=self.owner) | Q(address__user=None)).order_by("pk").values()),
        ]


def fill(told: Notification) -> None:
    """A row of everything else that the admin shows, and that nobody owns."""
    reader = Subscriber.objects.create(name="tested")
    ParkedEvent.objects.create(subscriber=reader, event=told.event)
    LogGap.objects.create(subscriber=reader, after=0, up_to=1, events=1)
    Fanout.objects.create(event=told.event, after_user=0, until_user=1)
    TrackedJob.objects.create(key="tested", name="tested", due_at=NOON)
    ServiceRun.objects.create(role="web", host="tested", pid=1, version="1", process_started=1.0)
    ComfyuiServer.objects.create(url="http://127.0.0.1:8188", seen_until_ms=1)
    Server.objects.create(name="tested")
    HardwareReading.objects.create(host="tested", name="/", value=1)
    CommandEntry.objects.create(command="token", text="tested", operator="tested", host="tested")
    LogEntry.objects.log_actions(told.user_id, [told], CHANGE)
    Group.objects.create(name="tested")
    interval = IntervalSchedule.objects.create(every=7, period="days")
    PeriodicTask.objects.create(name="tested", task="tested", interval=interval)
    IntervalSchedule.objects.create(every=8, period="days")
    CrontabSchedule.objects.create()
    ClockedSchedule.objects.create(clocked_time=NOON)
    SolarSchedule.objects.create(event="sunset", latitude=1, longitude=1)
    EventType.objects.create(name="tested.type", category="tested")
    person("nobody")
