"""Words of a page, and the identifiers among them that no person should have to read."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# What programs read or write stands in the first four; nobody reads the others.
NOT_WORDS = {"code", "kbd", "pre", "textarea", "script", "style", "template"}
IDENTIFIER = re.compile(r"\b[a-z]\w*?(?:_[a-z0-9]|\.[a-z])\w*")
NOT_AN_IDENTIFIER = re.compile(
    r"https?://\S+|\S+@\S+|\S+/\S*|\b[\w-]+(\.[\w-]+)*\.(?:com|org|net|pdf|png|txt|html|json)\b"
)


class Words(HTMLParser):
    """Text of a page, and what is read out or shown in place of it."""

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
