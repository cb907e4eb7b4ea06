"""Words of a row that shows several events: who did them, and how many they are."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.utils.translation import gettext as _

from events import accounts
from notifications.models import Notification

# Actors that a row has for the API; a fourth that it keeps says that there were more.
MOST_NAMED = 3


def body(text: str, *, total: int, names: Sequence[str]) -> str:
    """Body of a row for a page: of one that shows several events it begins with `Bob and 2 others · 30 times`."""
    if total < 2:
        return text
    return f"{_who(names, total=total)} — {text}" if text else _who(names, total=total)


def names_of(actors: Collection[int]) -> dict[int, str]:
    """Map people to their names. One query, none for nobody."""
    return (
        {pk: accounts.public_name(user) for pk, user in accounts.everyone().in_bulk(actors).items()} if actors else {}
    )


def name_actors(rows: Iterable[Notification]) -> None:
    """Put into rows that show several events who did them, unless it is hidden. One query, none without such rows."""
    several = [row for row in rows if row.count > 1 and not row.event.is_hidden]
    known = names_of({actor for row in several for actor in row.actors or ()})
    for row in several:
        row.actor_names = named(row.actors or (), known)


def named(actors: Iterable[int], known: Mapping[int, str]) -> list[str]:
    return [known[actor] for actor in actors if actor in known]


def _who(names: Sequence[str], *, total: int) -> str:
    match len(names):
        case 0:
            return _("{n} times").format(n=total)
        case 1:
            return _("{name} · {n} times").format(name=names[0], n=total)
        case 2:
            return _("{name} and {other} · {n} times").format(name=names[0], other=names[1], n=total)
        case 3:
            return _("{name} and 2 others · {n} times").format(name=names[0], n=total)
    return _("{name} and others · {n} times").format(name=names[0], n=total)
