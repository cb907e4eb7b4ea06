"""Chat services in place of the real ones: each refuses what the real one refuses, and shows the rest as it would.

Requests for any of them go to a receiver on this machine; the path there begins with the host that was asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.delivery.fakes.http_receiver import Receiver, Reply, Request


@dataclass
class Shown:
    """Message as a reader sees it. `links`: words, with where they lead; `pictures`: fetched from elsewhere."""

    text: str
    links: list[tuple[str, str]] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)


class RefusedError(Exception):
    """Refusal of a message, in the words of the service."""


def chat_services(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> list[Shown]:
    """Send all requests of plugins to the receiver; the list grows by what was accepted."""
    shown: list[Shown] = []
    to_host = requests.Session.request

    def to_receiver(self: requests.Session, method: str, url: str, **options: Any) -> requests.Response:
        asked = urlsplit(url)
        return to_host(self, method, f"{receiver.url}/{asked.hostname}{asked.path}", **options)

    def answer(request: Request) -> None:
        service = next((one for part, one in _SERVICES.items() if part in request.path), None)
        if service is None or receiver.reply != Reply():
            return
        said = json.loads(request.body)
        try:
            shown.append(service(said))
            receiver.replies.append(Reply(body=b"ok"))
        except RefusedError as refused:
            receiver.replies.append(Reply(400, body=str(refused).encode()))

    monkeypatch.setattr(requests.Session, "request", to_receiver)
    receiver.on_request = answer
    return shown


def _discord(said: dict[str, Any]) -> Shown:
    if len(said["content"]) > 2000:
        raise RefusedError('{"content": ["Must be 2000 or fewer in length."]}')
    shown = _markdown(said["content"], escapes=r"[^0-9A-Za-z\s]", pictures=[said.get("avatar_url")])
    if not said.get("flags", 0) & 4:
        shown.pictures += re.findall(r"https?://\S+", shown.text)
    return shown


def _slack(said: dict[str, Any]) -> Shown:
    (attachment,) = said["attachments"]
    text = f"{attachment['title']}\n{attachment['text']}"
    if len(text) > 40_000:
        raise RefusedError("msg_too_long")
    if re.search(r"&(?!amp;|lt;|gt;)", text):
        raise RefusedError("invalid_payload")
    links = [(words, url) for url, words in re.findall(r"<([^>|]+)\|([^>]+)>", text)]
    pictures = _only(said.get("icon_url"), attachment.get("footer_icon"), attachment.get("image_url"))
    return Shown(_entities(re.sub(r"<[^>]*>", "", text)), links, pictures)


def _telegram(said: dict[str, Any]) -> Shown:
    if said["parse_mode"] != "HTML" or not said["disable_web_page_preview"]:
        raise RefusedError('{"ok":false,"description":"Bad Request: expected HTML without a preview"}')
    page = _TelegramHtml(convert_charrefs=True)
    page.feed(said["text"])
    page.close()
    if len(page.shown.text.encode("utf-16-le")) > 2 * 4096:
        raise RefusedError('{"ok":false,"description":"Bad Request: message is too long"}')
    return page.shown


class _TelegramHtml(HTMLParser):
    shown: Shown

    def reset(self) -> None:
        super().reset()
        self.shown = Shown("")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("b", "strong", "i", "em", "u", "s", "code", "pre", "a"):
            raise RefusedError(f'{{"ok":false,"description":"can\'t parse entities: Unsupported start tag {tag}"}}')
        if tag == "a":
            self.shown.links.append(("", dict(attrs).get("href") or ""))

    def handle_data(self, data: str) -> None:
        self.shown.text += data


def _mattermost(said: dict[str, Any]) -> Shown:
    if len(said["text"]) > 16_383:
        raise RefusedError('{"id":"api.webhook.incoming.error"}')
    return _markdown(said["text"], escapes=r"[\\`*{}\[\]()#+\-.!_>~|]", pictures=[said.get("icon_url")])


def _teams(said: dict[str, Any]) -> Shown:
    if len(json.dumps(said, ensure_ascii=False).encode("utf-16-le")) > 28 * 1024:
        raise RefusedError('{"error":{"code":"RequestEntityTooLarge"}}')
    blocks = said["attachments"][0]["content"]["body"]
    text = "\n".join(block["text"] for block in blocks if block["type"] == "TextBlock")
    return _markdown(text, pictures=[block.get("url") for block in blocks])


def _webex(said: dict[str, Any]) -> Shown:
    if len(said["markdown"].encode()) > 7439:
        raise RefusedError('{"message":"Message length limited to 7439 characters."}')
    if re.search(r"(?<!\\)<", said["markdown"]):
        raise RefusedError("HTML was not expected")
    return _markdown(said["markdown"])


def _google_chat(said: dict[str, Any]) -> Shown:
    if len(said["text"]) > 4096:
        raise RefusedError('{"error":{"status":"INVALID_ARGUMENT"}}')
    links = [(words, url) for url, words in re.findall(r"<(https?:[^>|]+)\|([^>]+)>", said["text"])]
    return Shown(said["text"].replace("\u200b", ""), links)


def _rocket(said: dict[str, Any]) -> Shown:
    if len(said["text"]) > 5000:
        raise RefusedError('{"success":false,"error":"error-message-size-exceeded"}')
    shown = _markdown(said["text"].replace("**", "\u200b*\u200b*"), escapes=r"(?!)", pictures=[said.get("avatar")])
    shown.links += [(words, url) for url, words in re.findall(r"<(https?:[^>|]+)\|([^>]+)>", said["text"])]
    return shown


def _talk(said: dict[str, Any]) -> Shown:
    if len(said["message"]) > 32_000:
        raise RefusedError('{"ocs":{"meta":{"statuscode":413}}}')
    return _markdown(said["message"])


def _ntfy(said: dict[str, Any]) -> Shown:
    if len(said["message"].encode()) > 4096:
        raise RefusedError('{"code":40035,"error":"attachments not allowed"}')
    return Shown(f"{said['title']}\n{said['message']}")


_SERVICES: dict[str, Callable[[dict[str, Any]], Shown]] = {
    "/discord.com/": _discord,
    "/hooks.slack.com/": _slack,
    "/api.telegram.org/": _telegram,
    ".azure.com/": _teams,
    "/api.ciscospark.com/": _webex,
    "/chat.googleapis.com/": _google_chat,
    "/mattermost.example.org/": _mattermost,
    "/rocket.example.org/": _rocket,
    "/talk.example.org/": _talk,
    "/ntfy.example.org": _ntfy,
}


def _markdown(source: str, *, escapes: str = r"[!-/:-@\[-`{-~]", pictures: list[str | None] | None = None) -> Shown:
    """Show it as a service does that takes backslashes before `escapes`."""
    hidden = re.sub(rf"\\({escapes})", lambda match: chr(0xE000 + ord(match[1])), source)
    found = _only(*(pictures or [])) + [url for _, url in re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", hidden)]
    links = re.findall(r"\[([^\]]*)\]\(([^)]*)\)", hidden)
    text = re.sub(r"[\ue000-\ue07f]", lambda match: chr(ord(match[0]) - 0xE000), hidden.replace("**", ""))
    return Shown(text.replace("\u200b", ""), links, found)


def _entities(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _only(*pictures: str | None) -> list[str]:
    return [one for one in pictures if one]
