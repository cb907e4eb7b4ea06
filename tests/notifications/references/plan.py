"""The plan once more, slow and obvious: each person and each event by itself, nothing kept from one to the next.

It shares the words (facts, rows) with the real one and none of its code.
"""

from __future__ import annotations

from collections.abc import Sequence

from notifications.routing.plan import Fact, Known, Row

Decision = tuple[list[Row], dict[tuple[int, int], str]]


def reference(facts: Sequence[Fact], known: Known) -> Decision:
    rows: list[Row] = []
    why_not: dict[tuple[int, int], str] = {}
    for user in sorted({user for people in known.audience.values() for user in people}):
        seq = known.seqs.get(user, 0)
        for fact in facts:
            if user not in known.audience.get(fact.event_id, {}):
                continue
            for channel in ("in_app", "email", "webhook", "chat"):
                if channel not in wanted(fact, user, known) or why_nothing(fact, user, channel, facts, known):
                    continue
                seq += channel == "in_app"
                rows.append(row(fact, user, channel, known, seq=seq if channel == "in_app" else 0))
            reason = why_no_channel(fact, user, known) or (
                why_nothing(fact, user, "in_app", facts, known) if "in_app" in wanted(fact, user, known) else ""
            )
            if reason:
                why_not[fact.event_id, user] = reason
    return rows, why_not


def why_no_channel(fact: Fact, user: int, known: Known) -> str:
    choice = known.choices.get((user, fact.kind.type_id))
    if choice and not choice.is_enabled and not fact.kind.is_locked:
        return "disabled"
    if choice and not in_scope(fact, user, choice.scope, known):
        return f"scope_{choice.scope}"
    return "" if chosen(fact, user, known) else "no_channels"


def wanted(fact: Fact, user: int, known: Known) -> set[str]:
    return set() if why_no_channel(fact, user, known) else chosen(fact, user, known)


def chosen(fact: Fact, user: int, known: Known) -> set[str]:
    choice = known.choices.get((user, fact.kind.type_id))
    channels = set(choice.channels if choice else fact.kind.default_channels)
    if fact.kind.is_locked:
        channels |= set(fact.kind.default_channels)
    return channels & {"in_app", "email", "webhook", "chat"}


def in_scope(fact: Fact, user: int, scope: str, known: Known) -> bool:
    mine = fact.actor_id == user or (fact.source, user) in known.owners
    always = [
        scope == "all",
        fact.kind.is_critical,
        fact.kind.is_locked,
        known.audience[fact.event_id][user] == "mentioned",
        (fact.event_id, user) in known.unscoped,
    ]
    return any(always) or mine or (scope == "my_projects" and (fact.project_id, user) in known.project_members)


def why_nothing(fact: Fact, user: int, channel: str, facts: Sequence[Fact], known: Known) -> str:
    """Why a wanted channel gets no row."""
    if (fact.event_id, user, channel) in known.told:
        return "already_told"
    if channel != "in_app" or not fact.kind.group or fact.source is None:
        return ""
    rivals = [
        other.position
        for other in facts
        if (other.kind.group, other.source) == (fact.kind.group, fact.source)
        and user in known.audience.get(other.event_id, {})
        and "in_app" in wanted(other, user, known)
    ]
    standing = [row.position for row in known.standing.get((user, fact.group_key or ""), ())]
    newest = max(rivals) == fact.position and not any(position >= fact.position for position in standing)
    return "" if newest else "replaced"


def row(fact: Fact, user: int, channel: str, known: Known, *, seq: int) -> Row:
    hold = "none" if fact.kind.is_critical else known.holds.get(user, "none")
    unread = [one for one in known.standing.get((user, fact.group_key or ""), ()) if not one.is_read]
    old = sorted(unread, key=lambda one: one.position)[-1] if unread and channel == "in_app" else None
    return Row(
        event_id=fact.event_id,
        user_id=user,
        channel=channel,
        reason=known.audience[fact.event_id][user],
        hold=hold,
        group_key=fact.group_key,
        seq=seq,
        toast=channel == "in_app" and hold == "none" and (old is None or old.type_id != fact.kind.type_id),
        replaces=old.row_id if old else None,
    )
