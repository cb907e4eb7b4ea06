"""Sockets end with the session, key, password or account they were opened with: at once where somebody tells of it, by
the look at all of them otherwise."""

from __future__ import annotations

import threading
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from events import api_keys
from events.accounts import User
from events.models import ApiKey
from events.transport import credentials
from notifications.websocket import authentication, hub
from notifications.websocket.authentication import Credentials, Identity, identify, lapsed
from tests.accounts.factory import admin_form, admin_page
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

ENDED = ("unauthenticated", 4401)
NEW = {"new_password1": "rather-a-long-one-4", "new_password2": "rather-a-long-one-4"}


@pytest.fixture
def _only_when_told(monkeypatch) -> None:
    monkeypatch.setattr(hub, "RECHECK", 3600.0)


@pytest.fixture
def _untold(monkeypatch) -> None:
    monkeypatch.setattr(hub, "RECHECK", 0.1)


@pytest.fixture
def staff(admin) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def with_key(server, user: User):
    key, text = api_keys.issue(user)
    socket = server.connect(origin=None, authorization=f"Bearer {text}")
    assert socket.frame()["type"] == "hello"
    return key, socket


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def identified(*, session: str | None = None, key: str | None = None) -> Identity:
    who = identify(Credentials(session, key))
    assert who
    return who


def form_of(user: User, **changes: object) -> dict[str, object]:
    """What the admin's page of a person sends."""
    return admin_form(user) | {"is_active": "on"} | changes


@pytest.mark.usefixtures("_only_when_told")
class TestTold:
    def test_switched_off_in_the_admin(self, server, owner, staff):
        socket = server.greeted(owner)
        page = admin_page("change", owner.pk)
        assert staff.post(page, form_of(owner, is_active="")).status_code == 302
        assert socket.closing() == ENDED

    def test_changed_in_the_admin_in_another_way_stays(self, server, owner, staff):
        socket = server.greeted(owner)
        page = admin_page("change", owner.pk)
        assert staff.post(page, form_of(owner, is_staff="on")).status_code == 302
        assert socket.has_nothing_more()

    def test_deleted_in_the_admin(self, server, owner, staff):
        sockets = [server.greeted(owner), with_key(server, owner)[1]]
        staff.post(admin_page("delete", owner.pk), {"post": "yes"})
        assert [socket.closing() for socket in sockets] == [ENDED] * 2

    def test_deleted_by_the_admins_action(self, server, owner, member, staff):
        sockets = [server.greeted(owner), server.greeted(member)]
        action = {"action": "delete_selected", "_selected_action": [owner.pk, member.pk], "post": "yes"}
        staff.post(admin_page("changelist"), action)
        assert [socket.closing() for socket in sockets] == [ENDED] * 2

    def test_a_key_revoked_in_the_admin(self, server, owner, staff):
        (key, socket), other = with_key(server, owner), with_key(server, owner)[1]
        staff.post(reverse("admin:carillon_events_apikey_changelist"), {"action": "revoke", "_selected_action": key.pk})
        assert socket.closing() == ENDED
        assert other.has_nothing_more()

    def test_a_password_changed_by_its_person(self, server, owner):
        client = signed_in(owner)
        sockets = [server.greeted(owner), server.greeted(owner)]
        client.post(reverse("carillon:password-change"), NEW | {"old_password": PASSWORD})
        assert [socket.closing() for socket in sockets] == [ENDED] * 2

    def test_the_session_that_changed_the_password_goes_on_with_its_new_cookie(self, server, owner):
        client = signed_in(owner)
        old = server.greeted(None, client=client)
        client.post(reverse("carillon:password-change"), NEW | {"old_password": PASSWORD})
        assert old.closing() == ENDED
        assert server.connect(client=client).frame()["type"] == "hello"

    def test_a_key_outlives_the_password(self, server, owner):
        socket = with_key(server, owner)[1]
        signed_in(owner).post(reverse("carillon:password-change"), NEW | {"old_password": PASSWORD})
        assert socket.has_nothing_more()

    def test_the_keys_revoked_with_the_password(self, server, owner):
        socket = with_key(server, owner)[1]
        signed_in(owner).post(
            reverse("carillon:password-change"), NEW | {"old_password": PASSWORD, "revoke_keys": "on"}
        )
        assert socket.closing() == ENDED

    def test_a_password_changed_by_the_admin(self, server, owner, staff):
        sockets = [server.greeted(owner), with_key(server, owner)[1]]
        new = {"password1": "rather-a-long-one-4", "password2": "rather-a-long-one-4", "revoke_keys": "on"}
        new |= {"usable_password": "true", "set-password": ""}
        staff.post(admin_page("password_change", owner.pk), new)
        assert [socket.closing() for socket in sockets] == [ENDED] * 2

    @pytest.mark.parametrize("page", ["/sign-in/", "/admin/login/"])
    def test_somebody_else_signed_in_over_it(self, server, owner, admin, page):
        client = signed_in(owner)
        socket, other = server.greeted(None, client=client), server.greeted(owner)
        answer = client.post(page, {"username": admin.get_username(), "password": PASSWORD})
        assert answer.status_code == 302
        assert socket.closing() == ENDED
        assert other.has_nothing_more()

    def test_what_was_rolled_back_ends_nothing(self, server, owner, staff):
        socket = server.greeted(owner)
        assert staff.post(admin_page("change", owner.pk), {}).status_code == 200
        assert socket.has_nothing_more()

    def test_whom_it_doesn_t_concern_is_not_looked_at(self, server, owner, watcher):
        other = server.greeted(watcher)
        Session.objects.all().delete()
        credentials.changed_on_commit([owner.pk])
        assert other.has_nothing_more()


def set_password(user: User) -> None:
    user.set_password("another one")
    user.save()


@pytest.mark.usefixtures("_untold")
class TestFound:
    @pytest.mark.parametrize(
        "end",
        [
            set_password,
            lambda user: get_user_model().objects.filter(pk=user.pk).update(is_active=False),
            lambda user: user.delete(),
            lambda _: Session.objects.all().delete(),
            lambda _: Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1)),
        ],
        ids=["password", "switched off", "deleted", "session deleted", "session expired"],
    )
    def test_what_ended_a_session(self, server, owner, end):
        socket = server.greeted(owner)
        end(owner)
        assert socket.closing() == ENDED

    @pytest.mark.parametrize(
        "end",
        [
            lambda _: ApiKey.objects.update(revoked_at=timezone.now()),
            lambda _: ApiKey.objects.all().delete(),
            lambda _: ApiKey.objects.update(publish_patterns=["job.*"]),
            lambda user: get_user_model().objects.filter(pk=user.pk).update(is_active=False),
        ],
        ids=["revoked", "deleted", "restricted", "switched off"],
    )
    def test_what_ended_a_key(self, server, owner, end):
        _key, socket = with_key(server, owner)
        end(owner)
        assert socket.closing() == ENDED

    def test_others_stay(self, server, owner, watcher):
        socket, other = server.greeted(owner), server.greeted(watcher)
        set_password(owner)
        assert socket.closing() == ENDED
        assert other.has_nothing_more()

    def test_a_database_that_is_away_ends_nobody(self, server, owner, monkeypatch):
        look, failures, is_back = authentication.lapsed, iter([True, True]), threading.Event()

        def away(*identities: Any, **more: Any) -> set[Identity]:
            if next(failures, False):
                raise OperationalError("the connection is gone")
            is_back.set()
            return look(*identities, **more)

        monkeypatch.setattr(authentication, "lapsed", away)
        socket = server.greeted(owner)
        assert is_back.wait(10)
        assert socket.has_nothing_more()
        set_password(owner)
        assert socket.closing() == ENDED


@pytest.mark.parametrize("people", [1, 7])
def test_a_look_is_three_queries_however_many_there_are(db, people, django_assert_num_queries):
    identities = set()
    for number in range(people):
        user = get_user_model().objects.create_user(f"person-{number}")
        session, key = signed_in(user).session, api_keys.issue(user)[1]
        identities |= {identified(session=session.session_key), identified(key=key)}
    with django_assert_num_queries(3):
        assert lapsed(identities, now=timezone.now()) == set()


def test_a_key_in_use_is_stamped_once_a_minute(owner):
    _key, text = api_keys.issue(owner)
    who = identified(key=text)
    ApiKey.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    with CaptureQueriesContext(connection) as asked:
        assert lapsed({who}, now=timezone.now()) == lapsed({who}, now=timezone.now()) == set()
    assert sum("UPDATE" in query["sql"] for query in asked) == 1


@pytest.mark.parametrize(
    "engine", ["cached_db", "cache", "file", "signed_cookies"], ids=lambda engine: f"sessions in {engine}"
)
def test_every_engine_of_sessions_is_asked(owner, settings, tmp_path, engine):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    client = signed_in(owner)
    who = identified(session=client.session.session_key)
    assert lapsed({who}, now=timezone.now()) == set()
    if engine != "signed_cookies":  # which can't be ended by us
        import_module(settings.SESSION_ENGINE).SessionStore(who.session_key).delete()
        assert lapsed({who}, now=timezone.now()) == {who}


def test_a_session_outlives_a_replaced_key_though_its_socket_comes_before_any_page(owner, settings):
    client = signed_in(owner)
    session = client.session.session_key
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key that is long enough to be one, and random"
    who = identified(session=session)
    assert not lapsed([who], now=timezone.now())
    assert client.get(reverse("carillon:inbox")).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert client.get(reverse("carillon:inbox")).status_code == 200
