"""First steps of an installation: a list for whoever administers it, which ticks itself from what is so."""

import json
import shlex

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from delivery.conf import conf
from delivery.models import Server
from events import accounts, api_keys, audit
from events.accounts import User
from events.models import Event, EventType
from events.pages.decorators import form
from notifications.pages.requests import back, person

PERMISSION = "carillon_events.add_apikey"
# What a person says of the steps is an entry in the admin's log: of those about no row, none but these.
SAID = {
    "bell": gettext_lazy("First steps: the bell is in our own pages"),
    "dismissed": gettext_lazy("First steps: dismissed"),
}
# Of the bell, for a page that the same host serves.
MARKUP = f"""<link rel="stylesheet" href="{settings.STATIC_URL}carillon/embed.css">
<script type="module" src="{settings.STATIC_URL}carillon/embed.js"></script>
<carillon-bell></carillon-bell>
<carillon-toasts></carillon-toasts>"""


def steps_for(user: User | AnonymousUser) -> dict[str, bool]:
    """Steps by name, and whether each is done; none for who may not administer, or once they are dismissed.

    No query for other people, one after the dismissal, two before.
    """
    if not (isinstance(user, User) and getattr(user, "is_staff", False) and user.has_perm(PERMISSION)):
        return {}
    said = set(LogEntry.objects.filter(content_type=None, object_id__in=SAID).values_list("object_id", flat=True))
    if "dismissed" in said:
        return {}
    of_type = Event.objects.filter(event_type=OuterRef("pk"))
    published = EventType.objects.exclude(category="system").filter(Exists(of_type))
    changed = LogEntry.objects.filter(content_type__app_label="carillon_events", content_type__model="eventtype")
    mailed, has_event, is_declared, is_changed = (
        accounts.everyone()
        .filter(pk=user.pk)
        .values_list(
            Exists(Server.objects.filter(name="smtp", last_success_at__isnull=False)),
            Exists(published),
            Exists(EventType.objects.filter(declared__isnull=False)),
            Exists(changed),
        )
        .get()
    )
    return {
        "mail": mailed and has_mail_server(),
        "event": has_event,
        "bell": "bell" in said,
        "audience": is_declared or is_changed,
    }


def has_mail_server() -> bool:
    return bool(settings.EMAIL_BACKEND != "django.core.mail.backends.console.EmailBackend")


@form
@permission_required(PERMISSION, raise_exception=True)
def say(request: HttpRequest, what: str) -> HttpResponse:
    LogEntry.objects.create(user=person(request), object_id=what, object_repr=str(SAID[what]), action_flag=CHANGE)
    return back(request)


@never_cache
@form
@permission_required(PERMISSION, raise_exception=True)
def make_key(request: HttpRequest) -> HttpResponse:
    """Show a new key, which may publish about jobs, and a command that rings the bell of whoever asked for it."""
    with transaction.atomic():
        key, text = api_keys.issue(person(request), label=_("First steps"), publish_patterns=["job.*"])
        audit.note([key], by=key.user_id, text=_("Made in the first steps"))
    event = {"event_type": "job.completed", "actor_user_id": key.user_id, "payload": {"name": _("My first event")}}
    event |= {"source_entity_type": "job", "source_entity_id": 1}
    headers = f"-H 'Authorization: Bearer {text}' \\\n  -H 'Content-Type: application/json'"
    url = conf.BASE_URL + reverse("carillon_api:events")
    command = f"curl {url} \\\n  {headers} \\\n  -d {shlex.quote(json.dumps(event))}"
    return render(request, "carillon/delivery/first_key.html", {"key": text, "command": command})
