"""Faults of the server in answers to hostile requests."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from http.cookies import SimpleCookie
from typing import Any

from django.apps import apps
from django.core.signals import got_request_exception
from django.db import connection, transaction
from django.test import Client

from delivery.models import Address, Delivery
from events.models import Event
from events.sweep import sweep
from tests.hostile.api_requests import Sent

OWN_PAGES = ["/notifications/", "/notifications/preferences/", "/deliveries/"]
# Different each time, and of no account.
_OF_NOW = (
    "id",
    "created_at",
    "updated_at",
    "read_at",
    "due_at",
    "position",
    "event",
    "notification",
    "seq",
    "feed_seq",
)
# Written with every request that writes anything.
_UNTOLD = ('UPDATE "django_session"', 'INSERT INTO "django_session"', 'INSERT INTO "inboxes"')


class Caller(Client):
    """Client that keeps nothing of how an answer was made: Django's own copies the context of each template."""

    def __init__(self, user: Any = None) -> None:
        super().__init__()
        if user is not None:
            self.force_login(user)

    def request(self, **request: Any) -> Any:
        answer = self.handler(self._base_environ(**request))  # type: ignore[attr-defined]
        self.cookies.update(answer.cookies)
        return answer


def found(client: Client, requests: Iterable[Sent]) -> list[str]:
    """Answers that are errors of the server, and pages that answer with one after something was changed.

    Each request is undone after it, in a transaction of its own inside the test's.
    """
    faults, cookies = [], client.cookies.output(header="", sep=";")
    looked_at: set[str] = set()
    for sent in requests:
        client.cookies = SimpleCookie(cookies)
        with transaction.atomic(), _Watch() as seen:
            answer = client.generic(
                sent.method.upper(), sent.path, sent.body or "", content_type=sent.content_type, headers=sent.headers
            )
            if answer.status_code >= 500:
                faults.append(f"{answer.status_code} ({seen.error!r:.100}) for {sent}")
            elif seen.has_written and client.cookies.output(header="", sep=";") == cookies:
                sweep()
                if (state := _state()) not in looked_at:
                    looked_at.add(state)
                    faults += [f"{page} after {sent}" for page in OWN_PAGES if client.get(page).status_code >= 400]
            if sent.path.startswith("/api/") and answer.status_code >= 400 and "json" not in answer["Content-Type"]:
                faults.append(f"{answer['Content-Type']} for {sent}")
            if answer.status_code == 400 and len(answer.content) > 100_000:
                faults.append(f"{len(answer.content)} bytes for {sent}")
            transaction.set_rollback(True)
    return faults


def _state() -> str:
    """Rows that pages show, as text: the same pages needn't be looked at twice."""
    models: list[Any] = [*apps.get_app_config("carillon_notifications").get_models(), Event, Address, Delivery]
    columns = {model: [one.name for one in model._meta.fields if one.name not in _OF_NOW] for model in models}
    return str([list(model.objects.values_list(*names)) for model, names in columns.items()])


class _Watch:
    """Eye on what a request writes, and on what it raises."""

    has_written = False
    error: BaseException | None = None

    def __enter__(self) -> _Watch:
        self.wrapper = connection.execute_wrapper(self)
        self.wrapper.__enter__()
        got_request_exception.connect(self.note)
        return self

    def __exit__(self, *error: Any) -> None:
        got_request_exception.disconnect(self.note)
        self.wrapper.__exit__(*error)

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        text = str(sql)
        self.has_written |= text.startswith(("INSERT", "UPDATE", "DELETE")) and not text.startswith(_UNTOLD)
        return execute(sql, params, many, context)

    def note(self, **_signal: Any) -> None:
        self.error = sys.exc_info()[1]
