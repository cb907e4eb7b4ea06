"""Words for people: no identifier stands in what a page says, only in what is meant for programs."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config import demo
from delivery.models import Address
from events.sweep import sweep

pytestmark = pytest.mark.django_db
# What programs read or write stands in the first three; nobody reads the others.
NOT_WORDS = {"code", "kbd", "pre", "script", "style", "template"}
IDENTIFIER = re.compile(r"\b[a-z]\w*?(?:_[a-z0-9]|\.[a-z])\w*")
NOT_AN_IDENTIFIER = re.compile(
    r"https?://\S+|\S+@\S+|\S+/\S*|\b[\w-]+(\.[\w-]+)*\.(?:com|org|net|pdf|png|txt|html|json)\b"
)


class Words(HTMLParser):
    """What a page says: its text, and what is read out or shown in place of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.left_out = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.left_out += tag in NOT_WORDS
        if not self.left_out:
            self.said += [
                said for name, said in attrs if said and name in ("aria-label", "alt", "placeholder", "title")
            ]

    def handle_endtag(self, tag: str) -> None:
        self.left_out -= tag in NOT_WORDS

    def handle_data(self, data: str) -> None:
        if not self.left_out:
            self.said.append(data)


def identifiers(html: str) -> list[str]:
    return [found for said in Words(html).said for found in IDENTIFIER.findall(NOT_AN_IDENTIFIER.sub(" ", said))]


@pytest.fixture
def alice(db, _own_entities) -> Client:
    demo.enter_demo()
    demo.load()
    sweep()
    client = Client()
    client.force_login(User.objects.get(username="alice"))
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
