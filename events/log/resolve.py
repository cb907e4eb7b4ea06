"""Resolving: a later event about the same source ends what earlier ones said."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import F, Q

from events.db.rows import update_rows
from events.entities import Entity
from events.memberships import about
from events.models import Event

_OF_SOURCE = ("source_entity_type", "source_entity_id", "source_entity_key")


def resolve(events: Iterable[Event]) -> dict[int, Event]:
    """Mark as over what these, in log order, end of the earlier events of their sources, each by the first that ends
    it; all that are so by one of them, now or before: id -> the event that ended it.

    Two queries at most. Only events below its position: none that comes later is over by it.
    """
    enders = defaultdict[Entity | None, list[Event]](list)
    for event in events:
        if event.source and event.event_type.resolved and event.position is not None:
            enders[event.source].append(event)
    if not enders:
        return {}
    all_enders = {one.pk: one for its in enders.values() for one in its}
    names = {name for one in all_enders.values() for name in one.event_type.resolved}
    sources = {(source.type, source.id) for source in enders if source}
    found = Event.objects.filter(about(sources, prefix="source_entity"), event_type__name__in_set=names)
    is_open = Q(resolved_by=None) | Q(resolved_by__in_set=all_enders)
    last = max(one.position or 0 for one in all_enders.values())
    found = found.filter(is_open, position__lt=last, withdrawn_at=None).order_by()
    by, fresh = dict[int, Event](), list[tuple[int, int]]()
    for event in found.annotate(name=F("event_type__name")).only("position", "resolved_by", *_OF_SOURCE):
        ending = (one for one in enders[event.source] if _ends(one, event, name=event.name))
        if one := next(ending, None):
            by[event.pk] = one
            fresh += [(event.pk, one.pk)] if event.resolved_by_id is None else []
    columns = {"id": "bigint", "resolved_by_id": "bigint"}
    update_rows("events", columns=columns, rows=fresh, where=("events.resolved_by_id IS NULL", []))
    return by


def _ends(one: Event, event: Event, *, name: str) -> bool:
    is_earlier = (event.position or 0) < (one.position or 0)
    return is_earlier and name in one.event_type.resolved and event.resolved_by_id in (None, one.pk)
