"""Accounts and events to look at. The events go over the bus like everybody's: routing makes the rows, not this."""

from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from config import demo_history
from events.bus import Entity, NewEvent, publish_many
from events.entities import register_entity
from events.memberships import grant
from events.models import Event, Membership
from events.sources.hardware import monitor
from events.sources.hardware.disks import Disk
from events.sources.hardware.gpus import Gpu
from notifications.pages.auth_views import DEMO_ACCOUNTS, DEMO_PASSWORD

KEY = "demo:"

PROJECT_ID = 1
PROJECT = Entity("project", PROJECT_ID)
HARBOUR, SHOT, TEASER = Entity("job", 41), Entity("job", 42), Entity("job", 43)

NAMES = {
    "admin": ("Dana", "Novak"),
    "alice": ("Alice", "Martin"),
    "bob": ("Bob", "Keller"),
    "carol": ("Carol", "Diaz"),
}
# Samples: this machine's own disks and GPUs are the monitor's to watch, at their real thresholds.
MACHINE, DISK = "render-02", Disk(mount="/data", percent=91.0, free_bytes=40802189312, total_bytes=450971566080)
HOT = Gpu(uuid="GPU-7d1c52ab", index=0, model="NVIDIA RTX A6000", celsius=89, memory_percent=None)


def enter_demo() -> None:
    """Let this process behave as a demo: the sign-in page names the accounts, and what events are about has pages."""
    settings.CARILLON["DEMO"] = True
    for entity_type in ("job", "project", monitor.DISK, monitor.GPU):
        register_entity(entity_type)


def load() -> None:
    """Make what is missing; a second time changes nothing."""
    with transaction.atomic():
        people = {name: _account(name) for name in DEMO_ACCOUNTS}
        _memberships(people)
        if not Event.objects.filter(publisher="", idempotency_key__startswith=KEY).exists():
            _tell(people, now=timezone.now())


def _tell(people: dict[str, User], *, now: datetime) -> None:
    """The last two while Alice isn't to be disturbed, and the hot GPU is fine again. In the caller's transaction: no
    worker sees it half done."""
    events = _events(people)
    demo_history.choose(people, now=now)
    monitor.record([DISK], host=MACHINE, now=now)
    monitor.record_gpus([HOT], host=MACHINE, now=now)
    publish_many(events[:-2])
    demo_history.route_and_settle(people["alice"], now=now)
    monitor.record_gpus([replace(HOT, celsius=61)], host=MACHINE, now=now)
    publish_many(events[-2:])
    demo_history.give_back(people["alice"], now=now)


def _account(name: str) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        create = User.objects.create_superuser if name == "admin" else User.objects.create_user
        first, last = NAMES[name]
        email = f"{name}@example.com"
        user = create(name, email=email, password=DEMO_PASSWORD, first_name=first, last_name=last)
    return user


def _memberships(people: dict[str, User]) -> None:
    role = Membership.Role
    ties = [
        (PROJECT, "alice", role.OWNER),
        (PROJECT, "bob", role.MEMBER),
        (PROJECT, "carol", role.WATCHER),
        (HARBOUR, "alice", role.OWNER),
        (HARBOUR, "carol", role.WATCHER),
        (TEASER, "carol", role.WATCHER),
    ]
    existing = set(Membership.objects.values_list("entity_type", "entity_id", "user_id"))
    for entity, name, tie in ties:
        if (entity.type, entity.id, people[name].pk) not in existing:
            grant(entity, user=people[name], role=tie)


def _events(people: dict[str, User]) -> list[NewEvent]:
    alice, bob, carol = people["alice"], people["bob"], people["carol"]
    events = [
        NewEvent("job.submitted", SHOT, alice, {"name": "Shot 042", "message": "240 frames, queue A"}),
        NewEvent("job.submitted", TEASER, bob, {"name": "Teaser"}),
        NewEvent("review.submitted", PROJECT, bob, {"title": "Harbour film", "text": "First cut, 4 min 10 s"}),
        NewEvent("review.comment", HARBOUR, bob, {"title": "Harbour at night", "text": "Can we hold this longer?"}),
        NewEvent("job.failed", TEASER, None, {"name": "Teaser", "error": "CUDA out of memory at step 14 of 20"}),
        NewEvent("review.rejected", HARBOUR, carol, {"title": "Harbour at night", "text": "It flickers at frame 112"}),
        NewEvent("review.approved", HARBOUR, carol, {"title": "Harbour at night", "text": "Lovely light"}),
        NewEvent(
            "collab.mention",
            HARBOUR,
            carol,
            {
                "title": "Harbour at night",
                "text": "Can you two check the left edge before Monday?",
                "mentioned_user_ids": [alice.pk, bob.pk],
            },
        ),
        NewEvent("job.completed", SHOT, None, {"name": "Shot 042", "message": "240 frames in 12 min 08 s"}),
    ]
    return [
        replace(event, project_id=PROJECT_ID, idempotency_key=f"{KEY}{number}")
        for number, event in enumerate(events, start=1)
    ]
