"""Carillon's pages in the base template of a project: its frame, its title, its head, and the page in its content."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import reverse

from tests.api_client import tell
from tests.own_settings import own

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[3]
THEIRS = """<!doctype html><html lang="en" class="studio"><head><title>{% block title %}{% endblock %} - Studio</title>
{% block head %}<link rel="stylesheet" href="/studio.css">{% endblock %}</head>
<body><nav class="studio-bar">Studio</nav><main>{% block content %}{% endblock %}</main></body></html>"""
PAGES = ("inbox", "preferences", "deliveries", "channels", "channel-add", "catalogue", "publish", "pulse")


@pytest.fixture
def _framed(settings, tmp_path) -> None:
    (tmp_path / "studio.html").write_text(THEIRS)
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [engine | {"DIRS": [tmp_path, *engine["DIRS"]]}]
    own(settings, BASE_TEMPLATE="studio.html")


def shown(client, name: str) -> str:
    text: str = client.get(reverse(f"carillon:{name}")).content.decode()
    return text


@pytest.mark.usefixtures("_framed")
@pytest.mark.parametrize("name", PAGES)
def test_a_page_stands_in_the_project_s_frame(client, admin_user, name):
    client.force_login(admin_user)
    page = shown(client, name)
    assert page.startswith('<!doctype html><html lang="en" class="studio">')
    assert page.count("<html") == page.count("<main") == page.count('id="carillon-bell"') == 1
    assert re.search(r"<title>[^<]+ - Studio</title>", page)
    head = page.partition("</head>")[0]
    assert [head.count(sheet) for sheet in ("/studio.css", "pages/site.css", "carillon/embed.css")] == [1, 1, 1]
    assert '<div class="carillon-site carillon-page">' in page


@pytest.mark.usefixtures("_framed")
def test_the_feed_is_the_same(client, admin_user, settings):
    tell(admin_user)
    client.force_login(admin_user)
    framed = shown(client, "inbox")
    own(settings, BASE_TEMPLATE="carillon/base.html")
    alone = shown(client, "inbox")
    assert feed(framed) == feed(alone) != ""
    assert "studio" not in alone


def feed(page: str) -> str:
    found = re.search(r"<ol\b.*?</ol>", page, re.DOTALL)
    return re.sub(r'value="[^"]*"', "", found[0]) if found else ""


def test_without_the_setting_it_is_carillon_s_own(client, admin_user):
    client.force_login(admin_user)
    page = shown(client, "inbox")
    assert 'class="carillon-site"' in page
    assert "carillon-site carillon-page" not in page


def test_every_page_can_be_framed():
    texts = {path.name: path.read_text() for path in (ROOT / "templates" / "carillon").rglob("*.html")}
    framed = {name for name, text in texts.items() if "carillon/page.html" in text.partition("\n")[0]}
    assert {name for name, text in texts.items() if '{% extends "carillon/base.html"' in text} == set()
    assert {name for name in framed if "{% block content %}" in texts[name]} == set()
