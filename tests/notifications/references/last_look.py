"""The last look once more, slow and obvious: what speaks against telling one row now.

It shares the words (rows, what is present) with the real one and none of its code.
"""

from __future__ import annotations

from notifications.holds.last_look import Present, Row


def reference(row: Row, present: Present) -> str:
    if row.withdrawn_at is not None:
        return "withdrawn"
    if row.resolved_by is not None:
        return "resolved"
    kind = present.types[row.type_id]
    preference = present.preferences.get((row.user_id, row.type_id))
    default = present.project_defaults.get((row.project_id or 0, row.type_id))
    if default is not None and (preference is None or not preference.is_chosen):
        preference = default
    if preference is not None and not kind.is_locked and not kind.is_critical:
        if not preference.is_enabled:
            return "switched_off"
        if row.channel not in preference.channels:
            return "switched_off"
    if step(row, present) == "never":
        return "switched_off"
    if row.waits_until is not None and (row.user_id, row.event_id) in present.looked_at:
        return present.looked_at[row.user_id, row.event_id]
    if is_muted(row, present):
        return "muted"
    return "no_access" if has_lost_what_brought_them_in(row, present) else ""


def is_muted(row: Row, present: Present) -> bool:
    kind = present.types[row.type_id]
    if row.reason in ("mentioned", "addressed") or kind.is_locked or kind.is_critical:
        return False
    muted = [entity for entity, people in present.mutes.items() if row.user_id in people]
    return (row.source_type, row.source_id) in muted or ("project", row.project_id) in muted


def step(row: Row, present: Present) -> int | str:
    """Minutes until its channel speaks of it, or "never": as chosen for the type, else by the person, else by the type.

    A locked type's own channels can't be silenced by any of them."""
    kind = present.types[row.type_id]
    preference = present.preferences.get((row.user_id, row.type_id))
    default = present.project_defaults.get((row.project_id or 0, row.type_id))
    if default is not None and (preference is None or not preference.is_chosen):
        preference = default
    of_type, own = kind.ladder.items(), present.ladders.get(row.user_id, ())
    for ladder in (preference.ladder if preference else (), own, of_type):
        for channel, minutes in ladder:
            if channel == row.channel and not kind.is_critical:
                is_kept = kind.is_locked and channel in kind.default_channels
                return 0 if is_kept and minutes == "never" else minutes
    return 0


def has_lost_what_brought_them_in(row: Row, present: Present) -> bool:
    if row.reason not in ("owner", "member", "watcher", "project"):
        return False
    if row.reason == "project" and row.project_id is None:
        return False
    if row.reason != "project" and (row.source_type is None or row.source_id is None):
        return False
    is_tied = (row.user_id, (row.source_type, row.source_id)) in present.ties
    is_in_project = (row.user_id, ("project", row.project_id)) in present.ties
    if is_in_project if row.reason == "project" else is_tied:
        return False
    for rule in present.types[row.type_id].rules:
        if rule == "everyone":
            return False
        if rule == "project" and is_in_project:
            return False
        if rule in ("owner", "owner_or_actor", "members", "watchers") and is_tied:
            return False
        if rule == "admins" and row.user_id in present.admins:
            return False
        if rule in ("actor", "owner_or_actor") and row.actor_id == row.user_id:
            return False
    return True
