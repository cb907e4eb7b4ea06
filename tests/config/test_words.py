"""Words for people: no identifier stands in what a page says, only in what is meant for programs."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config import demo
from delivery.models import Address
from events.models import EventType
from events.sweep import sweep
from tests.page_words import identifiers

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(db) -> Client:
    demo.enter_demo()
    demo.load()
    sweep()
    client = Client()
    client.force_login(User.objects.get(username="alice"))
    return client


@pytest.fixture
def publisher(alice) -> Client:
    client = Client()
    client.force_login(User.objects.get(username="admin"))
    return client


PAGES = [
    "/notifications/",
    "/notifications/?state=done",
    "/notifications/preferences/",
    "/channels/",
    "/channels/add/?kind=webhook",
    "/deliveries/",
    "/entities/job/42/",
    "/entities/project/1/",
]


def test_no_page_for_people_says_an_identifier(alice):
    channels = [
        f"/channels/{pk}/" for pk in Address.objects.filter(user__username="alice").values_list("pk", flat=True)
    ]
    answers = {page: alice.get(page, follow=True) for page in (*PAGES, *channels)}
    assert {page: answer.status_code for page, answer in answers.items() if answer.status_code != 200} == {}
    said = {page: identifiers(answer.content.decode()) for page, answer in answers.items()}
    assert {page: found for page, found in said.items() if found} == {}


PUBLISHED = {"event_type": "job.completed", "source": "job:42", "actor": "alice", "payload": '{"name": "Shot 042"}'}


@pytest.mark.parametrize(
    "changes",
    [
        {"part": "preview"},
        {"preview": "true"},
        {"dry_run": "true"},
        {"payload": "{", "source": "job", "actor": "nobody", "project_id": "-1"},
        {"payload": "[]"},
        {"payload": "{", "part": "preview"},
        {"event_type": "no", "payload": ""},
    ],
)
def test_publish_says_no_identifier_whatever_it_answers(publisher, changes):
    assert identifiers(publisher.post("/events/publish/", PUBLISHED | changes).content.decode()) == []


def test_publish_says_no_identifier_before_and_after(publisher):
    # Operators are told of a stuck event by its type's name, which they look for.
    types = EventType.objects.exclude(name="system.event_set_aside")
    pages = [f"/events/publish/?type={name}" for name in types.values_list("name", flat=True)]
    pages.append(publisher.post("/events/publish/", PUBLISHED)["Location"])
    said = {page: identifiers(publisher.get(page).content.decode()) for page in pages}
    sweep()
    said["routed"] = identifiers(publisher.get(pages[-1]).content.decode())
    assert {page: found for page, found in said.items() if found} == {}


def test_the_catalogue_keeps_identifiers_for_developers(alice):
    # Operators are told of a stuck event by its type's name, which they look for.
    EventType.objects.filter(name="system.event_set_aside").update(sample={})
    assert identifiers(alice.get("/catalogue/").content.decode()) == []


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<p>It is http_5xx of job.completed", ["http_5xx", "job.completed"]),
        ('<a title="in_app">Told</a>', ["in_app"]),
        ("<p>Write to a.b@example.com, read https://a.b/c_d. Then <code>job.completed</code>", []),
        ("<p>3.5 s of 1.2 GB. Next", []),
    ],
)
def test_an_identifier_is_told_from_words(html, found):
    assert identifiers(html) == found
