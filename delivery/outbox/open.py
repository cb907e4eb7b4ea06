"""Opening of deliveries: rows in the transaction of whoever decided, one for each address, however many people."""

from collections.abc import Collection, Sequence

from django.db import connection

from events.db.arrays import any_of
from events.db.rows import values_table
from notifications.channels import Opened, OpenedSummary


def open_notifications(kind: str, rows: Sequence[Opened], *, uses_account_email: bool) -> None:
    """Open a delivery for each enabled, verified address of the person on this channel. One query, at most three.

    Whoever has no address keeps an undelivered notification. Opening what is open already does nothing.
    """
    if uses_account_email:
        follow_accounts(kind, {row.user_id for row in rows})
    _insert(kind, "notification", [(row.notification_id, row.user_id) for row in rows])


def open_summaries(kind: str, summaries: Sequence[OpenedSummary], *, uses_account_email: bool) -> None:
    """Open a delivery of each summary, as for notifications. One query, at most three."""
    if uses_account_email:
        follow_accounts(kind, {summary.user_id for summary in summaries})
    _insert(kind, "summary", [(summary.summary_id, summary.user_id) for summary in summaries])


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


def _insert(kind: str, purpose: str, rows: Sequence[tuple[int, int]]) -> None:
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
