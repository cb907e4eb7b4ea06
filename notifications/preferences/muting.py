"""Muting: people want no word of an entity or a project, for good or until a moment. What is there stays."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from events.accounts import User
from events.entities import Entity
from events.errors import MomentRefused
from events.rules import moments
from notifications.inbox import marking
from notifications.models import Mute
from notifications.preferences import following


def mute(user: User, *, entity: Entity, until: datetime | None, now: datetime) -> None:
    """Keep quiet about the entity from the next event routed on; None: for good. The last word counts.

    Raises MomentRefused for a moment that isn't ahead, and Mute.DoesNotExist where they may not follow it either.
    """
    end = until and moments.checked(until, field="until")
    if end and end <= now:
        raise MomentRefused(_("that time has passed; choose a later one"), code="in_the_past", field="until")
    if not following.may_follow(user, entity=entity):
        raise Mute.DoesNotExist
    with transaction.atomic():
        marking.lock(user.pk)
        Mute.objects.update_or_create(user=user, **entity.columns("entity"), defaults={"until": end})


def unmute(user: User, *, entity: Entity) -> None:
    """Speak of it again; also where they may not see it any more, or it was not muted."""
    with transaction.atomic():
        marking.lock(user.pk)
        Mute.objects.filter(user=user, **entity.columns("entity")).delete()


def muted_by(user: User, *, now: datetime) -> QuerySet[Mute]:
    return Mute.objects.filter(user=user).in_force(now)
