"""Bearer keys: made once, shown once, found again by their digest."""

import copy
import hashlib
import re
import secrets
import time
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from events.accounts import User
from events.db import clock
from events.errors import shown
from events.models import ApiKey
from events.rules.patterns import matches
from events.transport import credentials

PREFIX = "crl_"
STAMP_EVERY = timedelta(minutes=1)
# Seconds for which a key stays known where nobody tells of its end, and how many do.
MAX_AGE, MOST_KNOWN = 5.0, 1_000
_PATTERN = re.compile(r"[a-z0-9_.*-]{1,100}")
_MEMBER_TYPE = re.compile(r"[a-z0-9_*]{1,64}")


def issue(
    user: User,
    *,
    label: str = "",
    publish_patterns: Sequence[str] | None = None,
    member_types: Sequence[str] | None = None,
    events_per_minute: int | None = None,
) -> tuple[ApiKey, str]:
    """A new key of this user and its text, which nobody can find out again. ValueError for an unusable pattern.

    `member_types`: entity types whose memberships a key with patterns may write; None: what its patterns begin with.
    `events_per_minute`: over HTTP; None: as the settings say; 0: no limit.
    """
    for pattern in publish_patterns or []:
        if not _PATTERN.fullmatch(pattern):
            raise ValueError(
                f"pattern {shown(pattern)} can't match a type name; write them like job.completed, job.* or *"
            )
    if publish_patterns is not None and not publish_patterns:
        raise ValueError("a key without any pattern could publish nothing; name one, as in job.*")
    if member_types is not None:
        _check_member_types(member_types, is_restricted=publish_patterns is not None)
    text = PREFIX + secrets.token_urlsafe(32)
    patterns = None if publish_patterns is None else list(publish_patterns)
    key = ApiKey.objects.create(
        user=user,
        digest=_digest(text),
        label=label,
        publish_patterns=patterns,
        member_types=None if member_types is None else list(member_types),
        events_per_minute=events_per_minute,
    )
    return key, text


def resolve(text: str) -> ApiKey | None:
    """The key with its user, unless it is unknown, revoked, or its user inactive. Stamps its use once a minute.

    One query, and a second one for the stamp; none for a key that was found in the last seconds (half the CPU of a
    short request). Kept only outside a transaction, which may be rolled back.
    """
    digest, known, now = _digest(text), credentials.known_keys, time.monotonic()
    read_at, key = known.get(digest, (-MAX_AGE, None))
    if key is not None and now - read_at < MAX_AGE:
        return _copy(key)
    usable = ApiKey.objects.filter(digest=digest, revoked_at=None, user__is_active=True)
    key = next(iter(usable.select_related("user")), None)
    if key is None:
        return None
    if key.last_used_at is None or key.last_used_at < clock.estimate() - STAMP_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=Now())
    if len(known) >= MOST_KNOWN:
        credentials.forget()
    elif not connection.in_atomic_block:
        known[digest] = now, _copy(key)
    return key


def still_unrestricted(ids: Collection[int], *, now: datetime) -> set[int]:
    """Find which of these keys (by id) act as their user; says nothing of the user. Stamps their use once a minute.

    One query however many they are, none for none, and one for the stamps.
    """
    if not ids:
        return set()
    living = ApiKey.objects.filter(pk__in_set=ids, revoked_at=None, publish_patterns__isnull=True)
    used = dict(living.values_list("pk", "last_used_at"))
    if stale := [pk for pk, at in used.items() if at is None or at < now - STAMP_EVERY]:
        ApiKey.objects.filter(pk__in_set=stale).update(last_used_at=Now())
    return set(used)


def revoke(keys: QuerySet[ApiKey], *, now: datetime) -> list[ApiKey]:
    """End those of these keys that aren't yet; which. The sockets they opened end after the commit. Two queries."""
    with transaction.atomic():
        ended = list(keys.filter(revoked_at=None))
        ApiKey.objects.filter(pk__in_set=[key.pk for key in ended]).update(revoked_at=now)
        credentials.changed_on_commit(key.user_id for key in ended)
    return ended


def is_restricted(key: ApiKey | None) -> bool:
    """True for a key that may only publish its types and write some memberships. A session (None) may do all."""
    return key is not None and key.publish_patterns is not None


def may_publish(key: ApiKey | None, event_type: str) -> bool:
    """True if the key's patterns cover the type, or it has none. Says nothing of its user's permissions."""
    return key is None or key.publish_patterns is None or matches(event_type, key.publish_patterns)


def member_types(key: ApiKey) -> list[str] | None:
    """Entity types whose memberships the key may write, as patterns; None: all that its user may write.

    A key that doesn't name them has what its patterns begin with: `job` of `job.*`, everything of `*`.
    """
    if key.publish_patterns is None or key.member_types is not None:
        return key.member_types
    return sorted({pattern.partition(".")[0] for pattern in key.publish_patterns})


def may_write_members(key: ApiKey | None, entity_type: str) -> bool:
    """True if the key covers the entity type, or isn't restricted. Says nothing of its user's permissions."""
    covered = None if key is None else member_types(key)
    return covered is None or matches(entity_type, covered)


def _check_member_types(types: Sequence[str], *, is_restricted: bool) -> None:
    if not is_restricted:
        raise ValueError("a key without patterns writes all memberships that its user may; name its patterns too")
    for name in types:
        if not _MEMBER_TYPE.fullmatch(name):
            raise ValueError(f"entity type {shown(name)} can't be one; write them like job, project or *")


def _copy(key: ApiKey) -> ApiKey:
    """A key and a user of one request's own: it keeps permissions in the user."""
    own = copy.copy(key)
    own.user = copy.copy(key.user)
    return own


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
