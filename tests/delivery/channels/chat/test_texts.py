"""Texts in chats: a service takes them, whatever their length, and shows what was said and nothing else."""

from __future__ import annotations

import json

import pytest

from delivery.channels import Held
from delivery.channels.chat import message
from notifications.models import Notification, Summary
from tests.delivery.factories.chat_messages import outgoing, send
from tests.delivery.factories.emails import THEN, event
from tests.delivery.fakes.chat_service import chat_services

TOKEN = "3ccdd113474722377935511fc85d3dd4"
SERVICES = {
    "Slack": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    "Discord": "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
    "Teams": "workflows://prod-14.westus.logic.azure.com/abcd1234/SiGn-ature_1",
    "Telegram": "tgram://123456789:abcdefg_hijklmnop/-1001234567",
    "Google Chat": "gchat://AAAAspace/key-1/token_2",
    "Webex": f"wxteams://{'a' * 80}/?mode=webhook",
    "Mattermost": f"mmosts://mattermost.example.org/{TOKEN}",
    "Rocket.Chat": f"rockets://{TOKEN}/{TOKEN}@rocket.example.org/room",
    "Nextcloud Talk": "nctalks://user:pass@talk.example.org/room",
    "ntfy": "ntfys://ntfy.example.org/topic",
}
LINK = "http://localhost:8000/notifications/11/open/"
HOSTILE = [
    "vector<int> & Map<K, V>",
    '<a href="http://evil.example">sign in</a>',
    "[sign in](http://evil.example)",
    "![x](http://evil.example/seen.png)",
    "<http://evil.example|sign in>",
    "&lt;b&gt; &amp;amp;",
    "snake_case_name *args **kwargs ~x~ `code` a|b",
    "# not a title\n- no list\n1. nor this",
    "back\\slash \\[x](http://evil.example) \\\\[x](http://evil.example)",
    "<b>unclosed",
    "https://ci.example/a_b_c?x=1&y=2#z",
]


@pytest.fixture
def shown(receiver, monkeypatch):
    return chat_services(receiver, monkeypatch)


def failed(url: str, *, name: str = "Shot 039", error: str = "CUDA"):
    return outgoing(url, of=event(payload={"name": name, "error": error}))


@pytest.mark.parametrize("url", SERVICES.values(), ids=SERVICES.keys())
@pytest.mark.parametrize("text", HOSTILE)
def test_a_payload_says_what_it_says_and_is_no_markup(shown, url, text):
    outcome = send(failed(url, error=text))
    assert outcome.state == "sent", outcome.excerpt
    (seen,) = shown
    assert "".join(text.split()) in "".join(seen.text.split())
    assert (seen.links, seen.pictures) == ([], [])


@pytest.mark.parametrize("url", SERVICES.values(), ids=SERVICES.keys())
@pytest.mark.parametrize("title", ["<b>x</b> & [x](http://evil.example)", "<http://evil.example|x> *y* _z_"])
def test_nor_is_it_in_a_title(shown, url, title):
    outcome = send(failed(url, name=title))
    assert outcome.state == "sent", outcome.excerpt
    assert "".join(title.split()) in "".join(shown[0].text.split())
    assert shown[0].links == []


@pytest.mark.parametrize("url", SERVICES.values(), ids=SERVICES.keys())
@pytest.mark.parametrize("unit", ["x", "<", "_", "🎬", "é", "&*"])
def test_what_is_too_long_is_cut_and_keeps_its_link(shown, url, unit):
    made = failed(url)
    form = message.form_for(made.address.target)
    written = message.write(form, title=unit * 40_000, text=unit * 40_000, link=LINK)
    made.delivery.body = json.dumps(written).encode()
    outcome = send(made)
    assert outcome.state == "sent", outcome.excerpt
    assert shown[0].text.endswith(f"…\n{LINK}")


def test_a_long_summary_goes_to_discord(shown):
    held = [Held(Notification(pk=number), event(payload={"name": f"{number} " * 200})) for number in range(50)]
    summary = Summary(pk=2, kind="digest", count=300, by_type={"job.failed": 300}, created_at=THEN)
    assert send(outgoing(SERVICES["Discord"], summary=summary, held=held)).state == "sent"
    assert shown[0].text.endswith("/notifications/summaries/2/")


@pytest.mark.parametrize("service", ["json", "ntfy", "gotify"])
def test_who_takes_plain_text_gets_it_as_it_is(service):
    made = message.write(message.form_for(f"{service}s://host/…"), title="a_b", text="<int> & [x](y)", link=LINK)
    assert made == {"title": "a_b", "body": f"<int> & [x](y)\n{LINK}"}


@pytest.mark.parametrize("whole", ["é", "👩\u200d🚀", "👍🏽", "🇨🇭", "☂️"])
@pytest.mark.parametrize("before", ["", "x", "xx", "🇫🇷"])
def test_a_cut_goes_through_no_character(whole, before):
    text = before + whole * 20
    for room in range(1, 60):
        cut = message.fitted(text, room=room, escape=str, size=len)
        kept = cut.removesuffix("…").removeprefix(before)
        assert len(cut) <= room
        assert kept == whole * kept.count(whole) or kept in before


def test_a_cut_text_is_as_long_as_there_is_room():
    assert message.fitted("abc_def", room=6, escape=lambda text: text.replace("_", "\\_"), size=len) == "abc\\_…"


def test_where_there_is_no_room_there_is_no_text():
    assert [message.fitted("abc", room=room, escape=str, size=len) for room in (-5, 0, 1, 3)] == ["", "", "…", "abc"]
