"""Events in words, filled into their type's templates: plain text."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from events import accounts
from events.models import Event, EventType
from events.rules.templates import context, fill, line


@dataclass(frozen=True, slots=True)
class RenderedEvent:
    """An event in words, plain text. `url` is a path on this site, or empty.

    `shown_title` and `shown_body` are for pages and HTML alone: values isolated where directions mix, long addresses
    shortened. `person` is whom the title names as the one who did it, or empty.
    """

    title: str
    body: str
    url: str
    shown_title: str
    shown_body: str
    person: str


def render(event: Event, event_type: EventType) -> RenderedEvent:
    """The event as people read it. No query if `actor_user` was loaded with the event.

    A template that breaks on this one payload gives way to the type's description: a row is never lost over words.
    """
    if event.is_hidden:
        gone = _("You no longer have access to this.")
        return RenderedEvent(title=gone, body="", url="", shown_title=gone, shown_body="", person="")
    source, person = event.source, _person(event)
    filled = context(
        name=event_type.name,
        category=event_type.category,
        payload=event.payload,
        actor=person,
        source=source.words if source else "",
        source_type=source.type if source else "",
        source_id=source.id if source else "",
    )
    title = line(event_type.title_template, filled)
    body = line(event_type.body_template, filled)
    url = fill(event_type.url_template, filled) or (source.url if source else None) or ""
    plain = event_type.description or event_type.name
    return RenderedEvent(
        title=title.text or plain,
        body=body.text,
        url=url if _is_path(url) else "",
        shown_title=title.shown or plain,
        shown_body=body.shown,
        person=person if "actor" in event_type.title_template else "",
    )


def _person(event: Event) -> str:
    actor = event.actor_user
    return accounts.full_name(actor) if actor else ""


def _is_path(url: str) -> bool:
    """True for a path on this site, which alone may become a link: `//host`, `/\\host` and schemes lead elsewhere."""
    return url.startswith("/") and not url.startswith(("//", "/\\")) and not any(c <= " " for c in url)
