"""Resolving: a later event about the same source ends what earlier ones said."""

from django.db.models import Q

from events.models import Event


def resolve(event: Event) -> list[int]:
    """Mark earlier events of its source, of the types that it resolves, as over by it; all that are so, now or before.

    Two queries at most. Only events below its position: none that comes later is over by it.
    """
    source, names = event.source, event.event_type.resolved
    if source is None or not names or event.position is None:
        return []
    earlier = Event.objects.filter(**source.columns("source_entity"), position__lt=event.position)
    mine = earlier.filter(Q(resolved_by=None) | Q(resolved_by=event), event_type__name__in=names, withdrawn_at=None)
    found = dict(mine.order_by().values_list("pk", "resolved_by_id"))
    if fresh := [pk for pk, by in found.items() if by is None]:
        Event.objects.filter(pk__in_set=fresh, resolved_by=None).update(resolved_by=event)
    return list(found)
