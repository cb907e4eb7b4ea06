"""Form that begins or ends following, and the list of what a person follows."""

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from events import memberships
from events.accounts import User
from events.entities import Entity, parse_entity, parsed_entity, whole_number
from events.errors import EntityRefused
from events.models import EventType, Membership
from events.pages.decorators import form
from events.rest.errors import missing_is_404
from notifications.inbox import timeline
from notifications.pages.requests import back, person, query_string
from notifications.preferences import following
from notifications.presentation import type_words
from notifications.presentation.naming import plain_name

PAGE_SIZE = 20


@form
def follow(request: HttpRequest) -> HttpResponse:
    """Follow the entity that `follow` names, or stop following that of `unfollow`."""
    user, is_begun = person(request), "follow" in request.POST
    entity = entity_of(request.POST.get("follow" if is_begun else "unfollow"))
    if is_begun:
        with missing_is_404(Membership):
            following.follow(user, entity=entity)
        messages.success(request, _("You follow this now."))
        return back(request)
    memberships.unfollow(entity, user=user)
    messages.success(request, _("You no longer follow this."))
    # Its page may be gone for who isn't tied to it.
    is_there = timeline.read(user, entity=entity) is not None
    return back(request, otherwise="carillon:preferences") if is_there else redirect("carillon:preferences")


def shown(user: User, *, query: Mapping[str, str], types: Collection[EventType]) -> dict[str, Any]:
    """A page of what the person follows, the latest first, before the one that `follows` in the query names.

    `types`: those of which each may tell them.
    """
    ties, last = memberships.followed_by(user).order_by("-pk"), whole_number(query.get("follows", ""))
    found = list((ties if last is None else ties.filter(pk__lt=last))[: PAGE_SIZE + 1])
    entities = [parsed_entity(f"{tie.entity_type}:{tie.source_id}") for tie in found[:PAGE_SIZE]]
    return {
        "follows": [
            {"name": plain_name(entity), "entity": entity, "brings": _brings(entity, types)}
            for entity in entities
            if entity
        ],
        "more_follows": query_string(follows=found[PAGE_SIZE - 1].pk) if len(found) > PAGE_SIZE else "",
    }


def _brings(entity: Entity, types: Collection[EventType]) -> str:
    """Names of the types that tell those who follow it, or who belong to the project that it is."""
    rules = {"watchers", "project"} if entity.type == timeline.PROJECT else {"watchers"}
    names = [type_words.name(one) for one in types if one.is_active and rules & set(one.rules)]
    return _("Tells you of: {names}").format(names=", ".join(names)) if names else _("Nothing tells its followers yet.")


def entity_of(text: str | None) -> Entity:
    if text is None:
        raise BadRequest("follow or unfollow must name an entity as type:id")
    try:
        return parse_entity(text)
    except EntityRefused as error:
        raise Http404 from error
