"""Opening of deliveries: rows in the transaction of whoever decided, one for each address, however many people."""

from collections.abc import Sequence

from django.db import connection

from delivery.models import Delivery, Destination
from delivery.outbox.account_addresses import follow_accounts
from delivery.outbox.digest import IN_DIGEST
from events import accounts
from events.db.rows import insert_rows, values_table
from events.models import Event


def open_to_addresses(kind: str, purpose: str, rows: Sequence[tuple[int, int]], *, uses_account_email: bool) -> None:
    """Open a delivery for each enabled, verified address of the person on this channel. One query, at most three.

    `rows`: id of a notification or summary, as `purpose` says, and its person's. Whoever has no address keeps an
    undelivered row. Opening what is open already does nothing.
    """
    if uses_account_email:
        follow_accounts(kind, {user_id for _subject_id, user_id in rows})
    their = accounts.columns()
    opened, params = values_table({"subject_id": "bigint", "user_id": "bigint"}, rows)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO deliveries (purpose, {purpose}_id, channel_id, kind) "
            f"SELECT %s, opened.subject_id, a.id, a.kind FROM {opened} AS opened "
            "JOIN notification_channels a ON a.user_id = opened.user_id "
            "WHERE a.kind = %s AND a.is_enabled AND a.verified_at IS NOT NULL "
            # One of the account that the account has no more is nobody's.
            f"AND (NOT a.is_account OR a.target = (SELECT u.{their['email']} FROM {their['table']} u "
            f"WHERE u.{their['id']} = a.user_id)) "
            "ORDER BY opened.subject_id, a.id ON CONFLICT DO NOTHING",
            [purpose, *params, kind],
        )


def open_to_destinations(events: Sequence[Event]) -> int:
    """Open a delivery of each event to each destination that covers it; how many, those that were open included.

    One look, by an index that holds nothing where there is no destination; one insert where any covers one, and
    one for those that gather them for a digest.
    """
    projects = {event.project_id for event in events if event.project_id is not None}
    listening = list(Destination.objects.listening(projects))
    at_once, later = [], []
    for event, one in ((event, one) for event in events for one in listening if one.covers(event)):
        row = (Delivery.Purpose.EVENT.value, event.pk, one.address_id, one.address.kind)
        if due_at := one.due_at(event):
            later.append((*row, due_at, IN_DIGEST))
        else:
            at_once.append(row)
    columns = {"purpose": "text", "event_id": "bigint", "channel_id": "bigint", "kind": "text"}
    insert_rows("deliveries", columns=columns, rows=at_once, on_conflict="DO NOTHING")
    columns |= {"due_at": "timestamptz", "reason": "text"}
    insert_rows("deliveries", columns=columns, rows=later, on_conflict="DO NOTHING")
    return len(at_once) + len(later)
