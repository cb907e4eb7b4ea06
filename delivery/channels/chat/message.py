"""Messages as each chat service takes them: short enough for it, and marked up so that a text says what it says.

What a payload says is somebody else's. Nothing in it is markup: no link under other words, no picture, no HTML. Where a
service knows no escapes, a zero-width space breaks what would be a link.
"""

import bisect
import html
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

ELLIPSIS = "…"
# Left as they are: a backslash would become a part of them.
_URL = r"(?P<url>https?://[\w\-./?=&%#:+~@]+)"
_LINE_START = r"(?m:^)[ \t]*(?:[#+>-]|[0-9]+[.)])"
_JOINER = "\u200d"


def _utf16(text: str) -> int:
    """Count code units; that is never fewer than the characters that a service counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _utf8(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _json(text: str) -> int:
    return len(json.dumps(text)) - 2


def _as_it_is(text: str) -> str:
    return text


def _markdown(marks: str) -> Callable[[str], str]:
    """Make the escape of a service that takes backslashes before these, and at the start of a line."""
    pattern = re.compile(rf"{_URL}|[{re.escape(marks)}]|{_LINE_START}", re.ASCII)
    return partial(pattern.sub, lambda match: match[0] if match["url"] else f"{match[0][:-1]}\\{match[0][-1]}")


_without_links: Callable[[str], str] = partial(re.compile(r"<|\](?=\()").sub, lambda match: f"{match[0]}\u200b")
_without_tags: Callable[[str], str] = partial(html.escape, quote=False)
_commonmark = _markdown(r"\`*_~|[]<>&")


@dataclass(frozen=True, slots=True)
class Form:
    """Form of a service's messages. `limit` and `title_limit` count the text as it is sent, by `size`.

    `title_limit`: 0 where a message has no title of its own; then it is the first line, written as `heading` says.
    `markup`: Apprise's name of what the text is written in. `options`: what its plugin is told beside the text.
    """

    limit: int
    title_limit: int = 0
    escape: Callable[[str], str] = _as_it_is
    escape_title: Callable[[str], str] = _as_it_is
    heading: str = "{}"
    size: Callable[[str], int] = _utf16
    markup: str = "text"
    options: Mapping[str, object] = field(default_factory=dict)


_PLAIN = Form(limit=32_768, title_limit=1_000)
_FORMS = {
    # Apprise escapes the title itself.
    "Slack": Form(limit=35_000, title_limit=250, escape=_without_tags),
    # 4: no previews of what is linked to.
    "Discord": Form(limit=2_000, escape=_markdown(r"\`*_~|[]<>"), options={"flags": 4}),
    # 28 KB in all, as JSON, which doubles each backslash.
    "Teams": Form(limit=8_000, title_limit=250, escape=_commonmark, escape_title=_commonmark),
    "Telegram": Form(limit=4_096, escape=_without_tags, heading="<b>{}</b>", markup="html"),
    "Google Chat": Form(limit=4_000, escape=_without_links, heading="*{}*"),
    "Webex": Form(limit=7_439, size=_utf8, escape=_commonmark, heading="**{}**"),
    # Its escapes are fewer: a backslash before < or & would be seen.
    "mmost": Form(limit=16_383, escape=_markdown(r"\`*_~|[]")),
    "rocket": Form(limit=5_000, escape=_without_links),
    "nctalk": Form(limit=31_000, title_limit=250, escape=_commonmark, escape_title=_commonmark),
    # What is longer as JSON, Apprise makes a file of.
    "ntfy": Form(limit=4_096, size=_json, title_limit=200),
}


def form_for(shown: str) -> Form:
    """Find the form by what is shown of the address: it can be read whether its secret can or not."""
    name = shown.partition(f" {ELLIPSIS}")[0].partition("://")[0]
    return _FORMS.get(name) or _FORMS.get(name.lower().removesuffix("s"), _PLAIN)


def write(form: Form, *, title: str, text: str, link: str) -> dict[str, str]:
    """Write `title` and `body`; of what is too long the text is cut, then the title, never the link."""
    first, own_title = "", ""
    if form.title_limit:
        own_title = fitted(title, room=form.title_limit, escape=form.escape_title, size=form.size)
    else:
        first = form.heading.format(fitted(title, room=form.limit // 4, escape=form.escape, size=form.size))
    last = form.escape(link)
    room = form.limit - form.size(f"{first}\n\n{last}")
    parts = (first, fitted(text, room=room, escape=form.escape, size=form.size), last)
    return {"title": own_title, "body": "\n".join(part for part in parts if part)}


def fitted(text: str, *, room: int, escape: Callable[[str], str], size: Callable[[str], int]) -> str:
    """Escape a text; what is too long ends between two characters, with an ellipsis. Empty where not even that fits."""

    def until(length: int) -> str:
        return escape(text[:length].rstrip() + ELLIPSIS)

    if len(text) <= room and size(escape(text)) <= room:
        return escape(text)
    # A character is never shorter than one unit, so what lies beyond is not looked at.
    text = text[: max(room, 0) + 1]
    length = bisect.bisect_right(range(len(text)), room, key=lambda length: size(until(length))) - 1
    while length > 0 and (_is_inside(text, length) or size(until(length)) > room):
        length -= 1
    return until(length) if length >= 0 else ""


def _is_inside(text: str, at: int) -> bool:
    """True: what a reader sees as one character (an accent, a flag, an emoji of several) goes on here."""
    before, after = text[at - 1], text[at]
    if unicodedata.category(after).startswith("M") or _JOINER in (before, after) or "🏻" <= after <= "🏿":
        return True
    if not ("🇦" <= before <= "🇿" and "🇦" <= after <= "🇿"):
        return False
    letters = re.search("[🇦-🇿]+$", text[:at])
    return letters is not None and len(letters[0]) % 2 == 1
