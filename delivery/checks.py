"""System checks of the project around Carillon: its pages' addresses, its socket, and its Celery."""

import sys
import warnings
from typing import Any

from celery import current_app
from django.conf import settings
from django.core import checks
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from delivery.schedule import BEAT_SCHEDULE
from events.checks.project import broker
from events.conf import written
from notifications.conf import conf

INCLUDED = {
    "carillon:inbox": 'path("bell/", include("delivery.urls"))',
    "carillon_api:events": 'path("bell/api/", include("delivery.api.urls"))',
}
PAGE = "carillon/page.html"
SOCKET = "delivery.asgi"
GUARDS = ("delivery.content_security.of_carillon", "delivery.content_security.everywhere")
MOUNT = 'mount `from delivery.asgi import socket` in it, as in ProtocolTypeRouter({"websocket": socket, ...})'


@checks.register(checks.Tags.urls)
def addresses_are_included(**_more: Any) -> list[checks.CheckMessage]:
    return [
        checks.Error(
            f"{settings.ROOT_URLCONF} doesn't include Carillon's addresses, which pages and mails link to; add "
            f"{INCLUDED[name]} to its urlpatterns.",
            id="carillon.E018",
        )
        for name in INCLUDED
        if not _is_there(name)
    ]


def _is_there(name: str) -> bool:
    try:
        return bool(reverse(name))
    except NoReverseMatch:
        return False


@checks.register(checks.Tags.templates)
def templates_are_found(**_more: Any) -> list[checks.CheckMessage]:
    """Errors of Carillon's own, and of the project's template that its pages stand in."""
    wanted = {PAGE: "write APP_DIRS = True (of a checkout, its `templates` in DIRS)"}
    if "BASE_TEMPLATE" in written():
        wanted[conf.BASE_TEMPLATE] = "CARILLON['BASE_TEMPLATE'] names it; write the name of a template that is there"
    return [
        checks.Error(f"No engine of TEMPLATES finds {name}; {how}.", id="carillon.E019")
        for name, how in wanted.items()
        if not _is_found(name)
    ]


def _is_found(name: str) -> bool:
    try:
        return bool(get_template(name))
    except TemplateDoesNotExist:
        return False


@checks.register(checks.Tags.security)
def pages_have_a_policy(**_more: Any) -> list[checks.CheckMessage]:
    told = (
        f"MIDDLEWARE has none of {', '.join(GUARDS)}, so Carillon's pages go without a Content-Security-Policy; add "
        "the first, below your own that writes this header."
    )
    return [] if set(GUARDS) & set(settings.MIDDLEWARE) else [checks.Warning(told, id="carillon.W009")]


@checks.register
def application_is_named(**_more: Any) -> list[checks.CheckMessage]:
    told = f"ASGI_APPLICATION is not set, so pages hear nothing live; name your ASGI application there, and {MOUNT}."
    return [] if getattr(settings, "ASGI_APPLICATION", None) else [checks.Warning(told, id="carillon.W003")]


@checks.register(deploy=True)
def socket_is_mounted(**_more: Any) -> list[checks.CheckMessage]:
    """Error where ASGI_APPLICATION can't be imported; a warning where that doesn't import our socket.

    Of deployments only: an application that is imported loads all middleware.
    """
    path = getattr(settings, "ASGI_APPLICATION", None)
    if not path:
        return []
    try:
        # The process that serves has what they warn of.
        with warnings.catch_warnings(action="ignore"):
            import_string(path)
    except ImportError as error:
        told = f"ASGI_APPLICATION is {path!r} and can't be imported: {error}; name your ASGI application there."
        return [checks.Error(told, id="carillon.E014")]
    # Nobody else imports it.
    if SOCKET in sys.modules:
        return []
    told = f"ASGI_APPLICATION ({path}) doesn't mount Carillon's socket, so pages hear nothing live; {MOUNT}."
    return [checks.Warning(told, id="carillon.W003")]


@checks.register
def celery_is_set_up(**_more: Any) -> list[checks.CheckMessage]:
    """Warnings where tasks reach no worker, and where nobody asks for those that beat asks for."""
    if not broker():
        told = (
            "Celery's current application has no broker, so no hint reaches a worker; set CELERY_BROKER_URL, and "
            "import your Celery application in the project's __init__.py."
        )
        return [checks.Warning(told, id="carillon.W005")]
    conf = current_app.conf
    # Those are rows, which `migrate` makes.
    if "DatabaseScheduler" in str(conf.beat_scheduler):
        return []
    asked = {entry["task"] for entry in conf.beat_schedule.values()}
    missing = [entry["task"] for entry in BEAT_SCHEDULE.values() if entry["task"] not in asked]
    told = (
        f"Celery beat doesn't ask for {', '.join(missing)}; write CELERY_BEAT_SCHEDULER = "
        "'django_celery_beat.schedulers:DatabaseScheduler', or put delivery.schedule.BEAT_SCHEDULE into "
        "CELERY_BEAT_SCHEDULE."
    )
    return [checks.Warning(told, id="carillon.W006")] if missing else []


@checks.register
def site_has_an_address(**_more: Any) -> list[checks.CheckMessage]:
    told = (
        "CARILLON has no BASE_URL, so links in mails lead to localhost; write the site's address, as in "
        "CARILLON = {'BASE_URL': 'https://example.com'}."
    )
    return [] if settings.DEBUG or "BASE_URL" in written() else [checks.Warning(told, id="carillon.W007")]
