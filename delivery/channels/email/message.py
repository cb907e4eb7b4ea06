"""Mail as the bytes that every attempt sends: headers, text and HTML."""

import re
import secrets
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.core.mail.message import sanitize_address
from django.template.loader import render_to_string

from delivery.channels import Frozen, Outgoing
from delivery.channels.email import mime
from delivery.channels.email.content import Content, content_of
from delivery.conf import conf

CONTENT_TYPE = "message/rfc822"
MAX_SUBJECT = 200

_LINE_ENDS = re.compile(r"\r\n?")
# Control characters but tabs and line ends; halves of characters, which no bytes can spell.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

# Rules for dark screens and narrow ones can't be inlined: they stay in the head.
_inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def frozen(outgoing: Outgoing) -> Frozen:
    """Pure: no query, no clock. Headers take one line of text each, wherever it comes from."""
    content = content_of(outgoing)
    subject = subject_of(content)
    headers = {
        "Subject": subject if subject.isascii() else Header(subject, "utf-8").encode(),
        "From": _mailbox(settings.DEFAULT_FROM_EMAIL),
        "To": _mailbox(one_line(outgoing.address.target)),
    }
    # No text holds it by chance, and looking for one takes a pattern compiled for each mail.
    boundary = secrets.token_hex(16)
    html = html_of(f"carillon/email/{content.template}.html", _shown(content))
    body = mime.written(headers | _headers(outgoing, content), text=text_of(content), html=html, boundary=boundary)
    return Frozen(body, CONTENT_TYPE)


def _mailbox(text: str) -> str:
    return text if text.isascii() else str(sanitize_address(parseaddr(text), "utf-8"))


def _shown(content: Content) -> dict[str, Any]:
    named = {"title": content.title, "subject": subject_of(content), "unsubscribe_url": content.unsubscribe}
    return content.context | named


def text_of(content: Content) -> str:
    """The mail as plain text."""
    return _without_controls(render_to_string(f"carillon/email/{content.template}.txt", _shown(content))).strip() + "\n"


def html_of(template: str, shown: dict[str, Any]) -> str:
    """Render it with every rule on its element, as mail programs want it."""
    return _inliner.inline(_without_controls(render_to_string(template, shown)))


def _without_controls(text: str) -> str:
    """Take out what no mail may hold (RFC 5321 knows no NUL) and no terminal should see; line ends are all alike."""
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))


def one_line(text: str) -> str:
    """Take out line ends and other control characters: nothing in it can begin a header."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def subject_of(content: Content) -> str:
    subject = one_line(f"[{content.tag}] {content.title}")
    return subject if len(subject) <= MAX_SUBJECT else f"{subject[: MAX_SUBJECT - 1]}…"


def _headers(outgoing: Outgoing, content: Content) -> dict[str, str]:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {
        "Date": format_datetime(outgoing.delivery.created_at),
        "Message-ID": f"<{outgoing.message_id}@{domain}>",
        # RFC 3834: no vacation notice shall answer this. Exchange wants it said its own way.
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if content.stream:
        headers["List-Id"] = _list_id(content.stream, words=content.stream_words)
    if content.thread:
        # A message that never was: the root that all about one entity answer to, whichever came or was kept first.
        root = f"<thread.{content.thread}@{domain}>"
        headers |= {"In-Reply-To": root, "References": root}
    if content.unsubscribe:
        headers["List-Unsubscribe"] = f"<{content.unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _list_id(stream: str, *, words: str) -> str:
    """Spell a List-Id (RFC 2919): words, encoded if they have to be, and outside of that a name below this site's."""
    phrase = re.sub(r"[^\w .,-]", "", one_line(words))[:80].strip()
    host = urlsplit(conf.BASE_URL).hostname or ""
    named = re.sub(r"[^a-z0-9.-]", "-", f"{stream}.{host}".lower()).strip(".-")
    if not phrase.isascii():
        return f"{Header(phrase, 'utf-8', maxlinelen=75).encode(linesep='')} <{named}>"
    return formataddr((phrase, named)) if phrase else f"<{named}>"
