"""A resolver of another app that fails costs its own row the link, and nobody anything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from events import entities
from events.bus import Entity, publish
from events.entities import register_entity
from notifications.inbox import feed
from notifications.websocket import snapshot
from tests.api_client import as_
from tests.notifications.factories.routing import route

pytestmark = pytest.mark.django_db


class Unready:
    def __str__(self) -> str:
        raise ValueError("not translated yet")


def raising(_key: int) -> str:
    raise KeyError("gone")


ANSWERS: dict[str, Any] = {
    "raising": raising,
    "number": lambda _: 5,
    "bytes": lambda _: b"/bytes/",
    "nothing": lambda _: None,
    "object": lambda _: Unready(),
}


@pytest.fixture(autouse=True)
def _told(owner, monkeypatch) -> None:
    """The owner is told of one entity of each app, and last of one whose app behaves."""
    monkeypatch.setattr(entities, "_resolvers", {})
    for name, resolver in (ANSWERS | {"well": lambda key: f"/well/{key}/"}).items():
        register_entity(name, url=resolver)
        route(publish("job.completed", actor=owner, source=Entity(name, 7)))


URLS = ["/well/7/", *[""] * len(ANSWERS)]


def test_the_feed_has_every_row(owner):
    assert [feed.as_json(row)["url"] for row in feed.page(owner.pk)] == URLS


def test_so_have_the_api_and_the_greeting(owner):
    assert [row["url"] for row in as_(owner).get("/api/v1/notifications").json()] == URLS
    [hello] = snapshot.since(owner.pk, seq=0, now=timezone.now())
    assert sorted(row["url"] for row in hello["notifications"]) == sorted(URLS)
    assert json.dumps(hello)


@pytest.mark.parametrize("name", ["inbox", "feed-panel", "feed-rows"])
def test_so_have_the_pages(client, owner, name):
    client.force_login(owner)
    assert client.get(reverse(f"carillon:{name}")).content.count(b"data-feed-seq=") >= len(URLS)


def test_every_row_can_be_opened(client, owner):
    client.force_login(owner)
    for row in feed.page(owner.pk):
        assert client.get(reverse("carillon:notification-open", args=[row.pk])).status_code == 302
        assert client.get(reverse("carillon:notification-detail", args=[row.pk])).status_code == 200
