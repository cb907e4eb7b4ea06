"""Opening of deliveries: rows in the transaction of whoever decided, one for each address, however many people."""

from collections.abc import Collection, Sequence

from django.db import connection

from events.db.arrays import any_of
from events.db.rows import values_table


def open_to_addresses(kind: str, purpose: str, rows: Sequence[tuple[int, int]], *, uses_account_email: bool) -> None:
    """Open a delivery for each enabled, verified address of the person on this channel. One query, at most three.

    `rows`: id of a notification or summary, as `purpose` says, and its person's. Whoever has no address keeps an
    undelivered row. Opening what is open already does nothing.
    """
    if uses_account_email:
        follow_accounts(kind, {user_id for _subject_id, user_id in rows})
    opened, params = values_table({"subject_id": "bigint", "user_id": "bigint"}, rows)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO deliveries (purpose, {purpose}_id, channel_id, kind) "
            f"SELECT %s, opened.subject_id, a.id, a.kind FROM {opened} AS opened "
            "JOIN notification_channels a ON a.user_id = opened.user_id "
            "WHERE a.kind = %s AND a.is_enabled AND a.verified_at IS NOT NULL "
            # One of the account that the account has no more is nobody's.
            "AND (NOT a.is_account OR a.target = (SELECT u.email FROM auth_user u WHERE u.id = a.user_id)) "
            "ORDER BY opened.subject_id, a.id ON CONFLICT DO NOTHING",
            [purpose, *params, kind],
        )


def follow_accounts(kind: str, users: Collection[int]) -> None:
    """Give these people the address of their account, unless they have it; one whose account changed follows it.

    An address that its person switched off stays off. Two queries. Needs the inbox locks of these people.
    """
    is_theirs, params = any_of("u.id", users)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notification_channels SET target = u.email, verified_at = CURRENT_TIMESTAMP "
            f"FROM auth_user u WHERE {is_theirs} AND u.id = notification_channels.user_id AND kind = %s "
            "AND is_account AND u.email <> '' AND target <> u.email "
            # Added by hand before: that one is enough.
            "AND NOT EXISTS (SELECT 1 FROM notification_channels a WHERE a.user_id = u.id AND a.kind = %s "
            "AND a.target = u.email)",
            [*params, kind, kind],
        )
        cursor.execute(
            "INSERT INTO notification_channels (user_id, kind, target, is_account, verified_at) "
            "SELECT u.id, %s, u.email, true, CURRENT_TIMESTAMP "
            f"FROM auth_user u WHERE {is_theirs} AND u.email <> '' "
            "AND NOT EXISTS (SELECT 1 FROM notification_channels a WHERE a.user_id = u.id "
            "AND a.kind = %s AND (a.is_account OR a.target = u.email)) "
            "ORDER BY u.id ON CONFLICT DO NOTHING",
            [kind, *params, kind],
        )
