"""One click in a mail program stops one kind of mail: no sign-in, no cookie, nothing else changed."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from delivery import signed_links
from delivery.signed_links import Subscription
from events.models import EventType
from notifications.inbox import marking
from notifications.models import Inbox, NotificationPreference, UserNotificationSettings
from tests.notifications.factories.routing import define, store_preference, store_settings

pytestmark = pytest.mark.django_db

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
FORM = "application/x-www-form-urlencoded"


def provider() -> Client:
    """No cookies, no token, as a mail provider comes."""
    return Client(enforce_csrf_checks=True)


def path_of(url: str) -> str:
    return url.removeprefix("http://localhost:8000")


@pytest.fixture
def path(owner) -> str:
    """Of the owner's e-mail about finished jobs, which they have chosen beside others."""
    store_preference(owner, "job.completed", channels=["in_app", "email", "webhook"], scope="my_jobs")
    store_preference(owner, "job.failed", channels=["in_app", "email"])
    return path_of(signed_links.unsubscribe_url(Subscription(owner.pk, EventType.objects.get(name="job.completed").pk)))


def chosen(user, name: str = "job.completed") -> list[str]:
    return list(NotificationPreference.objects.get(user=user, event_type__name=name).channels)


@pytest.fixture
def digest(owner) -> str:
    return path_of(signed_links.unsubscribe_url(Subscription(owner.pk, None)))


def digest_channels(user) -> list[str]:
    return list(UserNotificationSettings.objects.get(user=user).digest_channels)


@pytest.mark.parametrize(
    "body", [{"data": ONE_CLICK}, {"data": "List-Unsubscribe=One-Click", "content_type": FORM}], ids=["parts", "form"]
)
def test_one_click_takes_e_mail_off_that_rule(owner, path, body):
    response = provider().post(path, **body)
    assert (response.status_code, chosen(owner)) == (200, ["in_app", "webhook"])


def test_everything_else_stays(owner, path):
    before = list(NotificationPreference.objects.exclude(event_type__name="job.completed").values())
    provider().post(path, ONE_CLICK)
    assert list(NotificationPreference.objects.exclude(event_type__name="job.completed").values()) == before
    row = NotificationPreference.objects.get(event_type__name="job.completed")
    assert (row.is_enabled, row.scope) == (True, "my_jobs")


def test_twice_is_as_good_as_once(owner, path):
    assert [provider().post(path, ONE_CLICK).status_code for _ in range(2)] == [200, 200]
    assert chosen(owner) == ["in_app", "webhook"]


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(owner, path, method):
    response = getattr(provider(), method)(path)
    assert (response.status_code, chosen(owner)) == (200, ["in_app", "email", "webhook"])


def test_the_page_asks_and_stays_out_of_caches_and_search(path):
    response = provider().get(path)
    assert "Stop these e-mails" in response.content.decode()
    assert response["X-Robots-Tag"] == "noindex"
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"


def fields(response) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', response.content.decode()))


def test_undo_puts_it_back_as_it_was(owner, path):
    undo = fields(provider().post(path, ONE_CLICK))
    assert provider().post(path, undo).status_code == 200
    assert chosen(owner) == ["in_app", "email", "webhook"]


def test_undo_overrides_no_later_choice(owner, path):
    undo = fields(provider().post(path, ONE_CLICK))
    store_preference(owner, "job.completed", channels=["in_app"])
    provider().post(path, undo)
    assert chosen(owner) == ["in_app", "email"]


def test_undo_of_another_rule_is_none(owner, path, digest):
    undo = fields(provider().post(digest, ONE_CLICK))
    provider().post(path, ONE_CLICK)
    provider().post(path, undo)
    assert chosen(owner) == ["in_app", "webhook", "email"]


def test_a_person_who_never_chose_has_the_default_without_e_mail(owner):
    kind = define("bench.done", category="bench", default_channels=["in_app", "email"])
    provider().post(path_of(signed_links.unsubscribe_url(Subscription(owner.pk, kind.pk))), ONE_CLICK)
    assert chosen(owner, "bench.done") == ["in_app"]


def test_a_locked_type_says_why_not(owner):
    kind = define("bench.lock", category="bench", default_channels=["in_app", "email"], is_locked=True)
    response = provider().post(path_of(signed_links.unsubscribe_url(Subscription(owner.pk, kind.pk))), ONE_CLICK)
    assert response.status_code == 409
    assert "An admin keeps these e-mails on." in response.content.decode()


def test_the_digest_s_default_gives_way_to_the_inbox(owner, digest):
    provider().post(digest, ONE_CLICK)
    assert digest_channels(owner) == ["in_app"]


def test_of_a_chosen_digest_only_e_mail_goes(owner, digest):
    store_settings(owner, digest_channels=["email", "webhook"], digest_enabled=True)
    undo = fields(provider().post(digest, ONE_CLICK))
    assert digest_channels(owner) == ["webhook"]
    provider().post(digest, undo)
    assert digest_channels(owner) == ["email", "webhook"]


def test_undo_of_a_digest_by_default_is_the_default_again(owner, digest):
    provider().post(digest, fields(provider().post(digest, ONE_CLICK)))
    assert digest_channels(owner) == []


@pytest.mark.parametrize("token", ["x", "WzcsNV0:forged", "WzcsNV0", "%FF", "a" * 5000])
def test_a_link_of_somebody_else_s_making_is_none(token):
    assert provider().post(f"/unsubscribe/{token}/", ONE_CLICK).status_code == 404


def test_a_link_is_for_one_person_and_one_type(owner, member, path):
    store_preference(member, "job.completed", channels=["in_app", "email"])
    provider().post(path, ONE_CLICK)
    assert (chosen(member), chosen(owner, "job.failed")) == (["in_app", "email"], ["in_app", "email"])


def test_whose_account_is_gone_there_is_nothing_to_stop(owner, path):
    owner.delete()
    assert provider().post(path, ONE_CLICK).status_code == 410


def test_it_takes_the_inbox_lock(owner, path, monkeypatch):
    """So that a batch of the router comes before or after it, never in between."""
    taken: list[int] = []
    locked = marking.lock

    def noting(user_id: int) -> Inbox:
        taken.append(user_id)
        return locked(user_id)

    monkeypatch.setattr(marking, "lock", noting)
    provider().post(path, ONE_CLICK)
    assert set(taken) == {owner.pk}
