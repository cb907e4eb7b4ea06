"""Search among a person's own notifications: by words of titles, names, payloads, and by `job:42`.

A title is filled in when it is shown, so each word is looked for in what fills it: the type's template, the payload,
the name of who did it. What is read are the person's own rows, found by an index, and their events by key.
"""

import re

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from events.db.session import joined_by_index
from events.entities import parse_entity
from events.errors import Refused
from events.models import EventType
from notifications.models import Notification, NotificationQuerySet

MOST_CHARACTERS, MOST_WORDS = 200, 8
_FIELD = re.compile(r"\{[^}]*\}")
_NAMES = ("first_name", "last_name", "full_name", "name")


def narrowed(rows: NotificationQuerySet, *, text: str) -> NotificationQuerySet:
    """Narrow down to rows in which every word is found; one query, for the types. A text without words finds all."""
    try:
        entity = parse_entity(text.strip())
    except Refused:
        words = text.replace("\0", "")[:MOST_CHARACTERS].lower().split()[:MOST_WORDS]
    else:
        return rows.filter(event__source_entity_type=entity.type, event__source_entity_id=entity.id)
    if not words:
        return rows
    rows = rows.annotate(payload_text=Cast("event__payload", TextField()))
    types = {
        pk: f"{_FIELD.sub(' ', title)} {description}".lower()
        for pk, title, description in EventType.objects.values_list("pk", "title_template", "description")
    }
    for word in words:
        named = [pk for pk, said in types.items() if word in said]
        rows = rows.filter(Q(payload_text__icontains=word) | Q(event__event_type_id__in=named) | _done_by(word))
    return rows


def read(rows: QuerySet[Notification]) -> list[Notification]:
    """Read what was narrowed down, on PostgreSQL with one query more."""
    with joined_by_index():
        return list(rows)


def _done_by(word: str) -> Q:
    model = get_user_model()
    known = {field.name for field in model._meta.concrete_fields}
    is_named = Q()
    for name in (model.USERNAME_FIELD, *(name for name in _NAMES if name in known)):
        is_named |= Q(**{f"event__actor_user__{name}__icontains": word})
    return is_named
