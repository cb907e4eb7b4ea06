"""Takes notifications without deliveries, which is most: the database counts for itself what each feed loses."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import connection

from delivery.retention import rows
from delivery.retention.batches import Share
from delivery.retention.pace import Pace
from delivery.retention.rows import Gone
from delivery.retention.rules import Limits
from events.db import arrays
from notifications.inbox import removal
from notifications.inbox.removal import Left
from notifications.models import Hold


def take(shares: Sequence[Share], *, limits: Limits, pace: Pace) -> Gone:
    """These in one short transaction; what really went. Constant queries.

    Whoever opens a delivery has the person's inbox row, so none can come meanwhile. People whom somebody else is busy
    with are left out.
    """
    with pace.transaction():
        unread = removal.lock({share.user_id for share in shares})
        free = [share for share in shares if share.user_id in unread]
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                return _taken_at_once(cursor, free, limits=limits)
            cursor.execute(*_delete(free, limits=limits, are_deliveries=True))
            gone = cursor.fetchall()
        shown = [(user, pk, bool(is_read)) for pk, user, channel, is_read in gone if channel == "in_app"]
        removal.leave(rows.lost(shown), unread_before=unread)
    return Counter({"notifications": len(gone)})


def _delete(shares: Sequence[Share], *, limits: Limits, are_deliveries: bool) -> tuple[str, list[Any]]:
    # The people aren't asked for here: an index by person would read all that they have.
    ids = arrays.Once.of_joined(",".join([share.ids for share in shares]))
    # Of the column itself PostgreSQL's planner would weigh each id, which takes it longer than finding the rows.
    is_one, params = arrays.within("(id + 0)" if connection.vendor == "postgresql" else "id", ids)
    if connection.vendor == "postgresql":
        # Read where they lay, page by page, without an index. What was changed since lies elsewhere and stays for the
        # next run. As a subquery: else the planner weighs each place.
        is_one += " AND ctid = ANY(ARRAY(SELECT unnest(string_to_array(%s, ' ')::tid[])))"
        params.append(" ".join([share.places for share in shares]))
    if are_deliveries:
        is_one += " AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.notification_id = notifications.id)"
    delete = (
        f"DELETE FROM notifications WHERE {is_one} AND hold = %s AND created_at < %s "
        "RETURNING id, user_id, channel, is_read"
    )
    return delete, [*params, Hold.NONE, connection.ops.adapt_datetimefield_value(limits.cutoff)]


def _taken_at_once(cursor: Any, shares: Sequence[Share], *, limits: Limits) -> Gone:
    """The delete and what it does to inboxes in one statement: rows that nobody is told of never come here."""
    cursor.execute(_PLANNED_ANEW)
    [is_read_whole] = cursor.fetchone()
    delete, params = _delete(shares, limits=limits, are_deliveries=is_read_whole == "off")
    cursor.execute(
        f"WITH gone AS ({delete}), {_LOST}, raised AS ({removal.RAISE.format(fewer='lost')} "
        "AND fewer.ids IS NOT NULL RETURNING inboxes.user_id, inboxes.seq, inboxes.unread_count, fewer.ids) "
        "SELECT lost_in_all.size, user_id, seq, unread_count, "
        "CASE WHEN cardinality(ids) <= %s THEN array_to_string(ids, ',') END "
        "FROM (SELECT sum(size)::bigint AS size FROM lost) AS lost_in_all LEFT JOIN raised ON true",
        [*params, removal.MOST_IDS],
    )
    people = cursor.fetchall()
    removal.tell(
        Left(user, seq, unread_count, None if ids is None else json.loads(f"[{ids}]"))
        for _, user, seq, unread_count, ids in people
        if seq is not None
    )
    return Counter({"notifications": people[0][0] or 0})


# The database itself looks for deliveries of each row that goes, by a plan that the session keeps from when it first
# did: by an index, however few there were then. Only where there is none at all is reading that nothing cheaper, and
# nothing to be asked for each row: whoever adds the first one waits for the inbox.
_PLANNED_ANEW = (
    "SELECT set_config('enable_seqscan', CASE WHEN pg_relation_size('deliveries') = 0 THEN 'on' ELSE 'off' END, true); "
    "DISCARD PLANS"
)

_LOST = (
    "lost AS (SELECT user_id, count(*) AS size, count(*) FILTER (WHERE channel = 'in_app' AND NOT is_read) AS unread, "
    "array_agg(id) FILTER (WHERE channel = 'in_app') AS ids FROM gone GROUP BY user_id)"
)
