"""DELETE /events/{id}: publishers take back what is their own, staff whatever there is."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from events import api_keys
from events.bus import publish, withdraw
from events.log.publish import NewEvent, accept
from events.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _publishers(owner, member) -> None:
    for user in (owner, member):
        user.user_permissions.add(Permission.objects.get(codename="publish_event"))


@pytest.fixture
def event(owner) -> Event:
    return accept([NewEvent("job.completed")], publisher=f"user:{owner.pk}")[0].event


def take_back(client, user, event_id: int, query: str = ""):
    client.force_login(user)
    return client.delete(f"/api/v1/events/{event_id}{query}")


def test_a_publisher_takes_back_its_own_with_a_reason(client, owner, event):
    assert take_back(client, owner, event.pk, "?reason=Wrong+shot").status_code == 204
    taken = Event.objects.get(event_type__name="event.withdrawn")
    assert taken.payload["reason"] == "Wrong shot"
    assert (taken.actor_user_id, taken.publisher) == (owner.pk, f"user:{owner.pk}")


def test_a_second_time_it_is_the_same(client, owner, event):
    assert [take_back(client, owner, event.pk).status_code for _ in range(2)] == [204, 204]
    assert Event.objects.filter(event_type__name="event.withdrawn").count() == 1


@pytest.mark.parametrize("number", [99_999, 2**62])
def test_one_that_is_not_there_is_a_404(client, owner, number):
    assert take_back(client, owner, number).status_code == 404


def test_another_publishers_is_a_404_but_for_staff(client, member, event):
    assert take_back(client, member, event.pk).status_code == 404
    member.is_staff = True
    member.save()
    assert take_back(client, member, event.pk).status_code == 204


def test_a_withdrawal_can_not_be_taken_back(client, owner, event):
    take_back(client, owner, event.pk)
    answer = take_back(client, owner, Event.objects.get(event_type__name="event.withdrawn").pk)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_withdrawable")


def test_a_key_takes_back_only_what_it_may_publish(client, owner, event):
    secret = api_keys.issue(owner, publish_patterns=["review.*"])[1]
    answer = client.delete(f"/api/v1/events/{event.pk}", headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "key_restricted")


def test_in_python_one_that_is_gone_does_not_exist():
    with pytest.raises(Event.DoesNotExist):
        withdraw(99_999)


def test_a_reason_is_short_text():
    event = publish("job.completed")
    with pytest.raises(ValueError, match="at most 500"):
        withdraw(event, reason="x" * 501)
