"""Events in words, filled into their type's templates: plain text."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from events.models import Event, EventType
from events.rules.templates import context, fill


@dataclass(frozen=True, slots=True)
class RenderedEvent:
    """An event in words, plain text. `url` is a path on this site, or empty."""

    title: str
    body: str
    url: str


def render(event: Event, event_type: EventType) -> RenderedEvent:
    """The event as people read it. No query if `actor_user` was loaded with the event.

    A template that breaks on this one payload gives way to the type's description: a row is never lost over words.
    """
    if event.is_hidden:
        return RenderedEvent(title=_("You no longer have access to this."), body="", url="")
    source = event.source
    filled = context(
        name=event_type.name,
        category=event_type.category,
        payload=event.payload,
        actor=_person(event),
        source=f"{source.type.replace('_', ' ')} {source.id}" if source else "",
        source_type=source.type if source else "",
        source_id=source.id if source else "",
    )
    title = fill(event_type.title_template, filled) or event_type.description or event_type.name
    url = fill(event_type.url_template, filled) or (source.url if source else None) or ""
    return RenderedEvent(title=title, body=fill(event_type.body_template, filled), url=url if _is_path(url) else "")


def _person(event: Event) -> str:
    actor = event.actor_user
    return (actor.get_full_name() or actor.get_username()) if actor else ""


def _is_path(url: str) -> bool:
    """True for a path on this site, which alone may become a link: `//host`, `/\\host` and schemes lead elsewhere."""
    return url.startswith("/") and not url.startswith(("//", "/\\")) and not any(c <= " " for c in url)
