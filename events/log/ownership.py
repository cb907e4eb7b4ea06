"""Ownership by publishing: the actor of a type with `actor_becomes_owner` owns its source, exactly once per event."""

from collections.abc import Iterable, Sequence

from django.db import OperationalError, connection, transaction

from events.db.arrays import any_of
from events.db.errors import is_lock_timeout
from events.db.session import set_local
from events.entities import Source
from events.models import Event

# How long numbering waits, holding the log's head, for a transaction that ties the same person to the same source;
# and then for each event alone, to find out which it is. After so many, the others count as held up unasked.
WAIT, WAIT_ALONE = "100ms", "10ms"
MOST_HELD = 20

# Half of the entity's columns that has its id -> which rows its unique index is of.
_WHICH = {"id": "", "key": " WHERE entity_key IS NOT NULL"}
_OWN = """
INSERT INTO memberships (entity_type, entity_{half}, user_id, role)
SELECT DISTINCT e.source_entity_type, e.source_entity_{half}, e.actor_user_id, 'owner'
FROM events e JOIN event_types t ON t.id = e.event_type_id
WHERE {is_one} AND t.actor_becomes_owner
  AND e.actor_user_id IS NOT NULL AND e.source_entity_type IS NOT NULL AND e.source_entity_{half} IS NOT NULL
ON CONFLICT (entity_type, entity_{half}, user_id){which} DO UPDATE
SET role = 'owner', written_by_user_id = NULL, written_by_key_id = NULL
"""


def give(ids: Sequence[int], *, half: str, wait: str = WAIT) -> None:
    """Make these events' actors owners, where their types say so, in the caller's transaction.

    `half`: `id` for events whose source is in that column, `key` for those in the other.

    Raises a lock timeout if another transaction is about one of these ties for longer than `wait`.
    """
    set_local(lock_timeout=wait)
    is_one, params = any_of("e.id", ids)
    with connection.cursor() as cursor:
        cursor.execute(_OWN.format(is_one=is_one, half=half, which=_WHICH[half]), params)


def blocked_sources(events: Iterable[Event]) -> set[Source]:
    """The sources that open transactions tie to these events' actors, tried one by one."""
    blocked: set[Source] = set()
    for event in events:
        source = event.source
        if source and (len(blocked) >= MOST_HELD or not _is_free(event)):
            blocked.add((source.type, source.id))
    return blocked


def _is_free(event: Event) -> bool:
    try:
        with transaction.atomic():
            give([event.pk], half="key" if isinstance(event.source_id, str) else "id", wait=WAIT_ALONE)
    except OperationalError as error:
        if not is_lock_timeout(error):
            raise
        return False
    return True
