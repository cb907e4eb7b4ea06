"""The link in a mail of a critical event acknowledges it: no sign-in, shown on GET, done on POST."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from delivery import signed_links
from delivery.channels.email import content
from delivery.signed_links import Acknowledging
from events.bus import publish, withdraw
from events.memberships import grant
from events.models import Event
from notifications.holds import rules
from notifications.models import Escalation, Notification
from tests.accounts.factory import name_of
from tests.notifications.factories.routing import JOB, NOON, change_type, define, route
from tests.own_settings import own

pytestmark = pytest.mark.django_db


@pytest.fixture
def alarm(owner) -> Event:
    grant(JOB, user=owner, role="owner")
    escalates = {"is_critical": True, "acknowledge_minutes": 5, "escalates_to": ["watchers"]}
    define("odd.fire", category="odd", audience=["owner"], title_template="Fire", **escalates)
    route(event := publish("odd.fire", source=JOB))
    return event


@pytest.fixture
def path(alarm, owner) -> str:
    row = Notification.objects.get(user=owner, channel="in_app")
    return signed_links.acknowledge_url(Acknowledging(owner.pk, row.pk)).removeprefix("http://localhost:8000")


def mail_of(event: Event, *, user: Any) -> dict[str, Any]:
    row = Notification.objects.select_related("event__event_type").get(user=user, channel="in_app", event=event)
    return content.of_notification(row, row.event, user=user, zone=rules.UTC_ZONE).context


def provider() -> Client:
    return Client(enforce_csrf_checks=True)


def said(response: Any) -> str:
    text: str = response.content.decode()
    return text


def test_a_mail_of_what_waits_for_somebody_has_a_link(alarm, owner, path):
    assert mail_of(alarm, user=owner)["acknowledge_url"].endswith(path)


def test_a_mail_of_what_is_over_or_waits_for_nobody_has_none(alarm, owner):
    withdraw(alarm, reason="a drill")
    assert "acknowledge_url" not in mail_of(alarm, user=owner)
    route(other := publish("job.completed", source=JOB, actor=owner))
    change_type("job.completed", audience=["owner"])
    assert "acknowledge_url" not in mail_of(other, user=owner)


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_acknowledges_nothing(path, method):
    response = getattr(provider(), method)(path)
    assert (response.status_code, response["X-Robots-Tag"]) == (200, "noindex")
    assert Escalation.objects.get().acknowledged_at is None


def test_its_button_acknowledges_and_twice_is_as_good_as_once(owner, path):
    assert "Nobody is on it yet" in said(provider().get(path))
    for response in (provider().post(path), provider().post(path), provider().get(path)):
        assert f"{name_of(owner)} is on it" in said(response)
    assert Escalation.objects.get().acknowledged_by == owner


def test_what_is_over_is_said_to_be(path):
    Event.objects.filter(event_type__name="odd.fire").update(resolved_by=Event.objects.latest("pk"))
    for response in (provider().get(path), provider().post(path)):
        assert (response.status_code, "There is nothing left to acknowledge" in said(response)) == (409, True)


def test_what_was_withdrawn_is_gone(alarm, path):
    Notification.objects.filter(event=alarm).update(withdrawn_at=NOON)
    assert provider().get(path).status_code == 410


def test_who_may_not_see_it_any_more_can_t_acknowledge_it(owner, path, settings):
    own(settings, MAY_SEE="tests.delivery.channels.email.test_acknowledge_link.nothing")
    assert provider().post(path).status_code == 410
    assert Escalation.objects.get().acknowledged_at is None


def nothing(user: Any, entity: Any) -> bool:
    """Let nobody see anything."""
    return False


def test_the_link_of_somebody_who_is_gone_no_longer_works(owner, path):
    owner.delete()
    assert provider().get(path).status_code == 410


def test_a_link_that_was_not_made_here_is_not_found(path):
    assert provider().post(f"{path[:-4]}xxx/").status_code == 404
