"""Search among a person's own notifications: by words of titles, names, payloads, and by `job:42` or `prompt:3f2c`.

A title is filled in when it is shown, so each word is looked for in what fills it: the type's template, the payload,
the name of who did it. What is read are the person's own rows, the newest first by an index, and their events by key:
LOOKED_AT of them at most, and the next page looks on from there. An index of trigrams would cost an event a
write for every few letters of its payload.
"""

import re
from collections.abc import Sequence

from django.contrib.auth import get_user_model
from django.db.models import OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from events.db.session import joined_by_index
from events.entities import Entity, parsed_entity
from events.models import Event, EventType
from notifications.models import Notification, NotificationQuerySet
from notifications.presentation import access

MOST_CHARACTERS, MOST_WORDS = 200, 8
LOOKED_AT = 5_000
_FIELD = re.compile(r"\{[^}]*\}")
_SOURCE = ("event__source_entity_type", "event__source_entity_id", "event__source_entity_key")
_NAMES = ("first_name", "last_name", "full_name", "name")


def last_looked_at(rows: NotificationQuerySet, *, text: str) -> int | None:
    """`feed_seq` of the last of these ordered rows that one search looks at; None: it looks at all. One query, and one
    for a text like `prompt:3f2c`; none for what an entity's index finds."""
    if _entity(text):
        return None
    return rows.values_list("feed_seq", flat=True)[LOOKED_AT - 1 : LOOKED_AT].first()


def narrowed(rows: NotificationQuerySet, *, text: str) -> NotificationQuerySet:
    """Narrow down to rows in which every word is found, or in one of the events that are folded into them; a text
    without words finds all. One query, for the types, and one for a text like `prompt:3f2c`."""
    if entity := _entity(text):
        return _with_heads(rows, [Q(**entity.columns("event__source_entity"))])
    words = text.replace("\0", "")[:MOST_CHARACTERS].lower().split()[:MOST_WORDS]
    if not words:
        return rows
    types = {
        pk: f"{_FIELD.sub(' ', title)} {description}".lower()
        for pk, title, description in EventType.objects.values_list("pk", "title_template", "description")
    }
    named = {word: [pk for pk, said in types.items() if word in said] for word in words}
    return _with_heads(
        rows,
        [
            Q(payload_text__icontains=word) | Q(event__event_type_id__in=kinds) | _done_by(word)
            for word, kinds in named.items()
        ],
    )


def _with_heads(rows: NotificationQuerySet, wanted: Sequence[Q]) -> NotificationQuerySet:
    """Filter rows that fit, or into which one that fits is folded: looked for by the index of each head's own."""
    folded = Notification.objects.filter(folded_into=OuterRef("pk"), withdrawn_at=None)
    if access.is_asked():
        # What a storm folds may be about another thing, which they may not see.
        same_type, same_id, same_key = (Q(**{name: OuterRef(name)}) for name in _SOURCE)
        folded = folded.filter(same_type & (same_id | same_key))
    text = Cast("event__payload", TextField())
    # By its first: whether there is any would be asked of all folded rows at once.
    first = Subquery(folded.alias(payload_text=text).filter(*wanted).values("pk")[:1])
    return rows.alias(payload_text=text, first_folded=first).filter(
        Q(*wanted) | Q(count__gt=1, first_folded__isnull=False)
    )


def read(rows: QuerySet[Notification]) -> list[Notification]:
    """Read what was narrowed down, on PostgreSQL with one query more."""
    with joined_by_index():
        return list(rows)


def _entity(text: str) -> Entity | None:
    """The entity that is meant. One whose id is text has to be there: what has a colon in it may be words."""
    entity = parsed_entity(text.strip())
    if entity is None or isinstance(entity.id, int):
        return entity
    return entity if Event.objects.filter(**entity.columns("source_entity")).exists() else None


def _done_by(word: str) -> Q:
    model = get_user_model()
    known = {field.name for field in model._meta.concrete_fields}
    is_named = Q()
    for name in (model.USERNAME_FIELD, *(name for name in _NAMES if name in known)):
        is_named |= Q(**{f"event__actor_user__{name}__icontains": word})
    return is_named
