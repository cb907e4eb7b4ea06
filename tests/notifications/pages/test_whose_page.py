"""A page asks for its own person: once somebody else has signed in, its scripts get 401 and nothing of theirs."""

from __future__ import annotations

import re

import pytest
from django.urls import URLPattern

from events.pages.decorators import WHOSE_PAGE
from notifications.pages.urls import urlpatterns

pytestmark = pytest.mark.django_db

# Sign-in pages and what is embedded are for everybody; /since/ has an answer of its own.
OPEN = {"sign-in", "sign-out", "password-change", "notifications-embed", "notifications-since", "notification-open"}
ADDRESSES = {one.name: one for one in urlpatterns if one.name not in OPEN}


def address(pattern: URLPattern) -> str:
    return "/" + re.sub(r"<bigint:\w+>", "1", str(pattern.pattern)).replace("<str:entity_type>", "job")


@pytest.fixture(params=ADDRESSES)
def url(request) -> str:
    return address(ADDRESSES[request.param])


def statuses(client, url: str, *, whose: object) -> set[int]:
    return {ask(url, headers={WHOSE_PAGE: str(whose)}).status_code for ask in (client.get, client.post)}


def test_a_page_of_another_gets_401(client, member, outsider, url):
    client.force_login(outsider)
    assert statuses(client, url, whose=member.pk) == {401}


def test_a_page_whose_person_has_signed_out_gets_401(client, member, url):
    assert statuses(client, url, whose=member.pk) == {401}


def test_a_page_of_the_person_who_is_signed_in_is_served(client, member, url):
    client.force_login(member)
    assert 401 not in statuses(client, url, whose=member.pk)
