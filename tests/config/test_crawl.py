"""Every link of the demo leads to a page: whoever follows what they see, as Alice or as staff, finds no dead end."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config import demo
from events.sweep import sweep

pytestmark = pytest.mark.django_db
EACH_KIND = 3


class Links(HTMLParser):
    """The addresses that a page offers to follow; what is in a <template> is for scripts to fill in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.templates = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.templates += tag == "template"
        if tag == "a" and not self.templates and (href := dict(attrs).get("href")):
            self.found.append(href)

    def handle_endtag(self, tag: str) -> None:
        self.templates -= tag == "template"


@pytest.fixture
def loaded(db) -> None:
    demo.enter_demo()
    demo.load()
    sweep()


@pytest.fixture(params=["alice", "admin"])
def client(request, loaded) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=request.param))
    return client


def pages(client: Client) -> Iterator[tuple[str, Any]]:
    """Every page that links lead to, nearest first."""
    waiting, kinds = deque(["/"]), Counter({"/": EACH_KIND})
    while waiting:
        address = waiting.popleft()
        answer = client.get(address, follow=True)
        yield address, answer
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            here = answer.redirect_chain[-1][0] if answer.redirect_chain else address
            for link in Links(answer.content.decode()).found:
                parts = urlsplit(urljoin(here, link))
                most = 1 if parts.path.startswith("/admin/") else EACH_KIND
                if not parts.netloc and kinds[kind(parts)] < most and "out/" not in parts.path:
                    kinds[kind(parts)] += 1
                    waiting.append(parts._replace(fragment="").geturl())


def kind(parts: SplitResult) -> str:
    """What pages have in common that differ in numbers, or in the values of their filters, alone."""
    if parts.path.startswith("/admin/"):
        return re.sub(r"\d+", "0", parts.path)
    return re.sub(r"\d+", "0", parts.path) + "?" + "&".join(name for name, _ in parse_qsl(parts.query))


def test_every_link_of_the_demo_leads_to_a_page(client):
    dead_ends = [
        f"{address}: {answer.status_code}"
        for address, answer in pages(client)
        if answer.status_code != 200 or b'class="muted gone"' in answer.content
    ]
    assert dead_ends == []
    assert "_auth_user_id" in client.session
