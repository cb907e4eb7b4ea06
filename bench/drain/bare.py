"""Statements without which no log of one-person events is drained, as one would write them by hand: the limit."""

from __future__ import annotations

from django.db import connection, transaction

BATCH = 500
_NUMBER = """
WITH head AS (SELECT position FROM log_head WHERE id = 1 FOR UPDATE), numbered AS (
    UPDATE events SET position = head.position + fresh.place FROM head, (
        SELECT id, row_number() OVER (ORDER BY id) AS place FROM (
            SELECT id FROM events WHERE position IS NULL ORDER BY publisher, id LIMIT %s
        ) AS first
    ) AS fresh WHERE events.id = fresh.id RETURNING events.position
) UPDATE log_head SET position = last FROM (SELECT max(position) AS last FROM numbered) AS moved
WHERE last IS NOT NULL RETURNING last
"""
_NOTIFY = """
INSERT INTO notifications (
    event_id, user_id, channel, reason, hold, group_key, seq, feed_seq, created_at, is_delivered, delivered_at
) SELECT id, user_id, 'in_app', 'actor', 'none', group_key, number, number, now(), true, now() FROM (
    SELECT events.id, actor_user_id AS user_id, replaces || '|job|' || source_entity_id AS group_key,
    inboxes.seq + row_number() OVER (PARTITION BY actor_user_id ORDER BY position) AS number
    FROM events JOIN event_types ON event_types.id = event_type_id JOIN inboxes ON inboxes.user_id = actor_user_id
    WHERE position > %s AND position <= %s
) AS new
"""
_COUNT = """
UPDATE inboxes SET seq = seq + news, unread_count = unread_count + news FROM (
    SELECT actor_user_id, count(*) AS news FROM events WHERE position > %s AND position <= %s GROUP BY 1
) AS new WHERE user_id = actor_user_id
"""
_MOVE = "UPDATE subscribers SET position = %s"


def drain(*, after: int) -> None:
    """Number what waits behind this position, write its rows and count them, batch by batch, in the commits that the
    pump and the router make."""
    with connection.cursor() as cursor:
        while True:
            with transaction.atomic():
                cursor.execute(_NUMBER, [BATCH])
                numbered = cursor.fetchone()
            if numbered is None:
                return
            with transaction.atomic():
                cursor.execute(_NOTIFY, [after, *numbered])
                cursor.execute(_COUNT, [after, *numbered])
                cursor.execute(_MOVE, numbered)
            [after] = numbered
