"""What a tab in sight has shown counts as seen, and never goes back."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from events.bus import Entity, publish
from notifications.inbox import seen
from notifications.models import Inbox, Notification
from tests.notifications.factories.routing import route

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(owner) -> list[int]:
    """Numbers of three unread rows."""
    for number in range(3):
        route(publish("job.completed", actor=owner, source=Entity("job", number + 1)))
    return list(Notification.objects.filter(channel="in_app").order_by("seq").values_list("seq", flat=True))


def seen_seq() -> int:
    return Inbox.objects.get().seen_seq


def test_a_feed_in_sight_shows_all(owner, three):
    seen.record(owner.pk, seq=three[-1])
    assert seen_seq() == three[-1]


@pytest.mark.parametrize("seq", [1, 10_000])
def test_it_never_goes_back_nor_beyond_the_inbox(owner, three, seq):
    seen.record(owner.pk, seq=three[1])
    seen.record(owner.pk, seq=seq)
    assert seen_seq() == three[1]


def test_it_is_one_query(owner, three, django_assert_num_queries):
    with django_assert_num_queries(1):
        seen.record(owner.pk, seq=three[2])


def test_the_scripts_post_it(client: Client, owner, three):
    client.force_login(owner)
    assert client.post(reverse("carillon:seen"), {"seq": three[2]}).status_code == 204
    assert seen_seq() == three[2]
