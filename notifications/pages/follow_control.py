"""Control of a person's ties to one entity, to follow or mute it: on its page, in a row's menu, in a host's pages."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from events.accounts import User
from events.entities import Entity, parsed_entity
from events.memberships import members_of
from events.pages.decorators import page
from events.rest.errors import missing_is_404
from notifications.inbox import feed, timeline
from notifications.models import Mute, Notification
from notifications.pages.inbox_status import InboxStatus, status_for
from notifications.pages.requests import person
from notifications.preferences import following, muting, presets
from notifications.presentation import times
from notifications.presentation.naming import entity_name

PRESETS = ("1h", "tomorrow")


@page
def of_entity(request: HttpRequest) -> HttpResponse:
    """The control alone, for a script to put into a page, of the entity that `of` names. Its forms lead to `next`."""
    user, entity = person(request), parsed_entity(request.GET.get("of", ""))
    story = timeline.read(user, entity=entity) if entity else None
    if entity is None or not (story or following.may_follow(user, entity=entity)):
        raise Http404
    own = [entry.event.payload for entry in story.entries if entry.event.source == entity] if story else []
    return _alone(request, control(user, entity=entity, name=entity_name(entity, own), inbox=status_for(request)))


@page
def of_notification(request: HttpRequest, notification_id: int) -> HttpResponse:
    """The control alone, of what a notification is about; empty where that is nothing they may follow."""
    with missing_is_404(Notification):
        event = feed.get(person(request).pk, notification_id=notification_id).event
    name = entity_name(event.source, [event.payload]) if event.source else ""
    shown = offered(person(request), entity=event.source, name=name, inbox=status_for(request))
    return _alone(request, shown, look="text")


def offered(user: User, *, entity: Entity | None, name: str, inbox: InboxStatus) -> dict[str, Any] | None:
    """The control, where the person may follow it."""
    if entity is None or not following.may_follow(user, entity=entity):
        return None
    return control(user, entity=entity, name=name, inbox=inbox)


def control(user: User, *, entity: Entity, name: str, inbox: InboxStatus) -> dict[str, Any]:
    """All that `carillon/follow.html` shows. Two queries."""
    role = members_of(entity).filter(user=user).values_list("role", flat=True).first() or ""
    muted = muting.muted_by(user, now=inbox.now).filter(**entity.columns("entity")).first()
    return {
        "entity": entity,
        "name": name,
        "role": role,
        "muted": muted_text(muted, inbox=inbox) if muted else "",
        "offers": presets.offered(PRESETS, now=inbox.now, zone=inbox.zone),
    }


def muted_text(mute: Mute, *, inbox: InboxStatus) -> str:
    if mute.until is None:
        return _("Muted")
    return _("Muted until {time}").format(time=times.end_time(mute.until, now=inbox.now, zone=inbox.zone))


def _alone(request: HttpRequest, shown: dict[str, Any] | None, *, look: str = "") -> HttpResponse:
    context = {"control": shown, "next": request.GET.get("next", ""), "look": look}
    return render(request, "carillon/follow_forms.html", context)
