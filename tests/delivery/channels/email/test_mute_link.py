"""The link in a mail's footer mutes what the mail is about: no sign-in, shown on GET, done on POST."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from delivery import signed_links
from delivery.channels.email import content
from delivery.signed_links import Muting
from events.bus import publish
from events.entities import Entity
from events.memberships import grant, revoke
from events.models import EventType
from notifications.holds import rules
from notifications.models import Mute, Notification
from tests.notifications.factories.routing import JOB, change_type, mute, route

pytestmark = pytest.mark.django_db


def mail_about(owner, *, entity: Entity | None = JOB, flag: str = "") -> dict[str, Any]:
    """Footer of the mail that the owner gets of a finished job."""
    flags: dict[str, Any] = {flag: True} if flag else {}
    change_type("job.completed", audience=["actor"], **flags)
    route(event := publish("job.completed", source=entity, actor=owner, payload={"name": "Shot 042"}))
    row = Notification.objects.get(user=owner, channel="in_app")
    event.event_type = EventType.objects.get(pk=event.event_type_id)
    return content.of_notification(row, event, user=owner, zone=rules.UTC_ZONE).context


@pytest.fixture
def path(owner) -> str:
    grant(JOB, user=owner, role="owner")
    return signed_links.mute_url(Muting(owner.pk, JOB, "Shot 042")).removeprefix("http://localhost:8000")


def provider() -> Client:
    return Client(enforce_csrf_checks=True)


def test_a_mail_has_a_link_to_mute_what_it_is_about(owner):
    shown = mail_about(owner)
    assert shown["mute_words"] == "Mute Shot 042"
    assert signed_links.read_mute(str(shown["mute_url"]).split("/")[-2]) == Muting(owner.pk, JOB, "Shot 042")


@pytest.mark.parametrize("flag", ["is_critical", "is_locked"])
def test_a_mail_that_no_mute_would_stop_has_none(owner, flag):
    assert "mute_url" not in mail_about(owner, flag=flag)


def test_a_mail_about_nothing_has_none(owner):
    assert "mute_url" not in mail_about(owner, entity=None)


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_mutes_nothing(path, method):
    response = getattr(provider(), method)(path)
    assert (response.status_code, response["X-Robots-Tag"], Mute.objects.exists()) == (200, "noindex", False)


@pytest.mark.parametrize("until", ["", "tomorrow"])
def test_it_is_muted_by_its_button_and_unmuted_by_the_next(path, until):
    said = provider().post(path, {"until": until}).content.decode()
    assert ("Unmute" in said, bool(Mute.objects.get().until)) == (True, bool(until))
    assert "Mute Shot 042?" in provider().post(path, {"unmute": "1"}).content.decode()
    assert not Mute.objects.exists()


def test_what_is_muted_already_is_shown_so(owner, path):
    mute(owner, of=JOB)
    assert "Unmute" in provider().get(path).content.decode()


def test_a_link_that_was_not_made_here_is_not_found(path):
    assert provider().post(f"{path[:-4]}xxx/").status_code == 404


def test_who_may_not_see_it_any_more_can_t_mute_it(owner, path):
    revoke(JOB, user=owner)
    assert (provider().post(path).status_code, Mute.objects.exists()) == (410, False)


def test_the_link_of_somebody_who_is_gone_no_longer_works(owner, path):
    owner.delete()
    assert provider().get(path).status_code == 410
