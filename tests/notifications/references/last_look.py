"""The last look once more, slow and obvious: what speaks against telling one row now.

It shares the words (rows, what is present) with the real one and none of its code.
"""

from __future__ import annotations

from notifications.holds.last_look import Present, Row


def reference(row: Row, present: Present) -> str:
    kind = present.types[row.type_id]
    preference = present.preferences.get((row.user_id, row.type_id))
    if preference is not None and not kind.is_locked and not kind.is_critical:
        if not preference.is_enabled:
            return "switched_off"
        if row.channel not in preference.channels:
            return "switched_off"
    return "no_access" if has_lost_what_brought_them_in(row, present) else ""


def has_lost_what_brought_them_in(row: Row, present: Present) -> bool:
    if row.reason not in ("owner", "member", "watcher"):
        return False
    if row.source_type is None or row.source_id is None:
        return False
    if (row.user_id, (row.source_type, row.source_id)) in present.ties:
        return False
    for rule in present.types[row.type_id].rules:
        if rule == "everyone":
            return False
        if rule == "admins" and row.user_id in present.admins:
            return False
        if rule in ("actor", "owner_or_actor") and row.actor_id == row.user_id:
            return False
    return True
