"""Mail as the bytes that every attempt sends: headers, text and HTML."""

import functools
import io
import re
import secrets
from email.charset import QP, Charset
from email.generator import BytesGenerator
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import Compat32
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail.message import sanitize_address
from django.template.loader import render_to_string

from delivery.channels import Frozen, Outgoing
from delivery.channels.email.content import Content, content_of
from delivery.conf import conf

CONTENT_TYPE = "message/rfc822"
MAX_SUBJECT = 200
# RFC 5322, without its end.
MAX_LINE = 998

_LINE_ENDS = re.compile(r"\r\n?")
# Control characters but tabs and line ends; halves of characters, which no bytes can spell.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def frozen(outgoing: Outgoing) -> Frozen:
    """Pure: no query, no clock. Headers take one line of text each, wherever it comes from."""
    content = content_of(outgoing)
    subject = subject_of(content)
    shown = _shown(content)
    headers = {
        "Subject": subject if subject.isascii() else Header(subject, "utf-8").encode(),
        "From": _mailbox(settings.DEFAULT_FROM_EMAIL),
        "To": _mailbox(one_line(outgoing.address.target)),
    }
    # Not by Django, whose versions spell it differently.
    # A boundary that no text holds by chance: looking for one takes a pattern compiled for each mail.
    mime = MIMEMultipart("alternative", boundary=secrets.token_hex(16))
    for name, value in (headers | _headers(outgoing, content)).items():
        mime[name] = value
    mime.attach(_part(text_of(content), "plain"))
    mime.attach(_part(html_of(f"carillon/email/{content.template}.html", shown), "html"))
    return Frozen(_bytes(mime), CONTENT_TYPE)


def _mailbox(text: str) -> str:
    return text if text.isascii() else str(sanitize_address(parseaddr(text), "utf-8"))


def _part(text: str, subtype: str) -> Message:
    """A part of eight bits where its letters need them; of seven, where a line is longer than mail may have it."""
    is_long = any(len(line.encode()) > MAX_LINE for line in text.split("\n"))
    spelled: Any = Charset("utf-8")
    spelled.body_encoding = QP if is_long else None
    part = MIMENonMultipart("text", subtype, charset="utf-8")
    part.set_payload(text, spelled)
    return part


def _shown(content: Content) -> dict[str, Any]:
    named = {"title": content.title, "subject": subject_of(content), "unsubscribe_url": content.unsubscribe}
    return content.context | named


def text_of(content: Content) -> str:
    """The mail as plain text."""
    return _without_controls(render_to_string(f"carillon/email/{content.template}.txt", _shown(content))).strip() + "\n"


class _OneLineHeaders(Compat32):
    """Headers of ASCII stay on one line: folded, a subject with a comma would begin with the fold."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        line = f"{name}: {value}"
        # The library looks at each word of each header: a sixth of the time that a mail takes to be made.
        if isinstance(value, str) and line.isascii() and line.isprintable() and len(line) <= MAX_LINE:
            return f"{line}{self.linesep}".encode()
        return super().fold_binary(name, value)


_POLICY = _OneLineHeaders(linesep="\r\n", max_line_length=MAX_LINE, mangle_from_=False)


def _bytes(mime: Message) -> bytes:
    written = io.BytesIO()
    BytesGenerator(written, policy=_POLICY).flatten(mime)
    return written.getvalue()


def html_of(template: str, shown: dict[str, Any]) -> str:
    """Render it with every rule on its element, as mail programs want it."""
    inlined: str = _inliner().inline(_without_controls(render_to_string(template, shown)))
    return inlined


@functools.cache
def _inliner() -> Any:
    # 2 MB that only those who write mails need.
    import css_inline  # noqa: PLC0415

    # Rules for dark screens and narrow ones can't be inlined: they stay in the head.
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


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
