"""People of a soak: each with a key and a session; the first publishes."""

from __future__ import annotations

import hashlib

from django.contrib.auth.models import Permission, User

from bench.sessions import session_of
from events.models import ApiKey

# Sessions that read pages; sockets and calls have keys.
READERS = 20


def main(count: int) -> dict[str, list[object]]:
    """Make them; ids and keys, and cookies of those who read pages."""
    people = User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(count)])
    people[0].user_permissions.add(Permission.objects.get(codename="publish_event"))
    keys = {user.pk: f"crl_soak{user.pk}" for user in people}
    ApiKey.objects.bulk_create(
        [ApiKey(user=user, digest=hashlib.sha256(keys[user.pk].encode()).hexdigest()) for user in people]
    )
    return {
        "people": [{"id": user.pk, "key": keys[user.pk]} for user in people],
        "sessions": [session_of(user) for user in people[:READERS]],
    }
