"""Form that mutes an entity or ends that, and the list of what a person mutes."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from events.accounts import User
from events.entities import parsed_entity, whole_number
from events.errors import shown as quoted
from events.pages.decorators import form
from events.rest.errors import missing_is_404
from notifications.models import Mute
from notifications.pages.follow_control import PRESETS, muted_text
from notifications.pages.inbox_status import InboxStatus, status_for
from notifications.pages.preferences.follow_view import PAGE_SIZE, entity_of
from notifications.pages.requests import back, person, query_string
from notifications.preferences import muting, presets
from notifications.presentation.naming import plain_name


@form
def mute(request: HttpRequest) -> HttpResponse:
    """Mute the entity that `mute` names, until the preset of `until` or for good, or unmute that of `unmute`."""
    user, inbox, until = person(request), status_for(request), request.POST.get("until", "")
    if "unmute" in request.POST:
        muting.unmute(user, entity=entity_of(request.POST["unmute"]))
        messages.success(request, _("Unmuted."))
        return back(request, otherwise="carillon:preferences")
    entity = entity_of(request.POST.get("mute"))
    if until and until not in PRESETS:
        raise BadRequest(f"until is {quoted(until)}; it must be empty, for good, or one of {', '.join(PRESETS)}")
    end = presets.moment_of(until, now=inbox.now, zone=inbox.zone) if until else None
    with missing_is_404(Mute):
        muting.mute(user, entity=entity, until=end, now=inbox.now)
    messages.success(request, f"{muted_text(Mute(until=end), inbox=inbox)}.")
    return back(request, otherwise="carillon:preferences")


def shown(user: User, *, query: Mapping[str, str], inbox: InboxStatus) -> dict[str, Any]:
    """A page of what the person mutes, the latest first, before the one that `mutes` in the query names."""
    muted, last = muting.muted_by(user, now=inbox.now).order_by("-pk"), whole_number(query.get("mutes", ""))
    found = list((muted if last is None else muted.filter(pk__lt=last))[: PAGE_SIZE + 1])
    named = [(parsed_entity(f"{row.entity_type}:{row.source_id}"), row) for row in found[:PAGE_SIZE]]
    return {
        "mutes": [
            {"name": plain_name(entity), "entity": entity, "text": muted_text(row, inbox=inbox)}
            for entity, row in named
            if entity
        ],
        "more_mutes": query_string(mutes=found[PAGE_SIZE - 1].pk) if len(found) > PAGE_SIZE else "",
    }
