"""Text of summaries: in the feed, in frames, and in what is sent out."""

from collections.abc import Iterable, Mapping

from django.urls import reverse
from django.utils.translation import gettext as _

from events import event_type_cache
from events.models import EventType
from notifications.models import Summary

MOST_TYPES = 8


def title(kind: str) -> str:
    titles = {
        Summary.Kind.DND: _("While do not disturb was on"),
        Summary.Kind.QUIET: _("During your quiet hours"),
        Summary.Kind.DIGEST: _("Your digest"),
        Summary.Kind.BURST: _("More that came at once"),
    }
    return titles.get(Summary.Kind(kind), kind)


def url(summary_id: int) -> str:
    return reverse("carillon:summary", args=[summary_id])


def counts(by_type: Mapping[str, int], *, types: Iterable[EventType] | None = None) -> str:
    """`3 jobs completed, 1 failed, 2 awaiting review`. A type that is gone is called by its name.

    No query with `types`; without, at most one, and none for types that were just read.
    """
    known = event_type_cache.by_name(by_type) if types is None else {row.name: row for row in types}
    parts, named = [], set[str]()
    for name in sorted(by_type, key=lambda name: (known[name].pk if name in known else 0, name)):
        n, event_type = by_type[name], known.get(name)
        text = (event_type.digest_one if n == 1 else event_type.digest_many) if event_type else ""
        text = text.replace("{n}", str(n)) or f"{n} × {name}"
        category = event_type.category if event_type else ""
        parts.append(_without_noun(text, category=category) if category in named else text)
        named.add(category)
    more = len(parts) - MOST_TYPES
    return ", ".join([*parts[:MOST_TYPES], *([_("and {n} other types").format(n=more)] if more > 0 else [])])


def _without_noun(text: str, *, category: str) -> str:
    """`1 job failed` as `1 failed` after `3 jobs completed`."""
    number, _space, rest = text.partition(" ")
    noun, _space, rest = rest.partition(" ")
    return f"{number} {rest}" if rest and noun in (category, f"{category}s") else text
