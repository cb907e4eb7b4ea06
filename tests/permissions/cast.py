"""People who may come, each with nothing, a session or a key."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from events import api_keys
from events.accounts import User
from events.models import ApiKey
from tests.conftest import person

if TYPE_CHECKING:
    from django.http import HttpResponse

SESSIONS = ("owner", "member", "outsider", "inactive", "staff", "with", "without", "admin")
KEYS = ("key", "restricted", "dead")
ROLES = ("anonymous", *SESSIONS, *KEYS)


@dataclass
class Cast:
    """The people, and what each shows: a session's cookie or a key.

    `with` is staff that has one permission of a route and no other, `without` has every other. `key` may all that the
    owner may, `restricted` publishes for somebody with leave to, `dead` was the owner's.
    """

    people: dict[str, User] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    bearers: dict[str, str] = field(default_factory=dict)

    def client(self, role: str, **options: Any) -> Client:
        headers = {"authorization": f"Bearer {self.bearers[role]}"} if role in self.bearers else {}
        client = Client(raise_request_exception=False, headers=headers, **options)
        if role in self.cookies:
            client.cookies["sessionid"] = self.cookies[role]
        return client

    def permit(self, permission: str) -> None:
        """Let `with` have it and nothing else, and `without` everything but it."""
        app, _, name = permission.partition(".")
        # Whoever may change a row may look at it.
        implied = {name, name.replace("view_", "change_", 1)}
        every = Permission.objects.all()
        one = every.filter(content_type__app_label=app, codename=name)
        assert not permission or one.count() == 1, f"there is no permission {permission!r}"
        self.people["with"].user_permissions.set(one)
        self.people["without"].user_permissions.set(
            every.exclude(content_type__app_label=app, codename__in=implied) if permission else every
        )


def gather() -> Cast:
    cast = Cast()
    for role in SESSIONS:
        staff = {"is_staff": role in ("staff", "with", "without", "admin"), "is_superuser": role == "admin"}
        cast.people[role] = person(role, **staff)
        client = Client()
        client.force_login(cast.people[role])
        cast.cookies[role] = client.cookies["sessionid"].value
    get_user_model().objects.filter(pk=cast.people["inactive"].pk).update(is_active=False)
    farm = person("farm")
    farm.user_permissions.add(Permission.objects.get(codename="publish_event"))
    cast.bearers["key"] = api_keys.issue(cast.people["owner"])[1]
    cast.bearers["restricted"] = api_keys.issue(farm, publish_patterns=["job.*"])[1]
    dead, cast.bearers["dead"] = api_keys.issue(cast.people["owner"])
    ApiKey.objects.filter(pk=dead.pk).update(revoked_at=datetime(2026, 3, 4, tzinfo=UTC))
    return cast


def outcome(response: HttpResponse) -> str:
    """The status, or where an anonymous one is sent."""
    where = response.headers.get("Location", "")
    is_sent_away = response.status_code == 302 and where.startswith(("/sign-in/", "/admin/login/"))
    return "sign-in" if is_sent_away else str(response.status_code)
