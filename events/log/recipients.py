"""Recipients whom a publisher names, beside the people whom the rules of the type find."""

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import QuerySet

from events import accounts
from events.accounts import User
from events.errors import Refused, UnknownUser, shown

MOST = 10_000
ACCEPTED = f"accepted are a list of users or of their ids, a Group, or a queryset of users, of at most {MOST:,} people"

Recipients = Collection[User | int] | Group | QuerySet[User]


def ids_of(to: Recipients | None) -> list[int] | None:
    """Ids, sorted, each once; None for nobody. One query for a group or a queryset, none for a list.

    Raises Refused. Of a list the ids may be nobody's yet: `unchecked` names those to look for.
    """
    if to is None:
        return None
    ids = _listed(to) if isinstance(to, Collection) and not isinstance(to, str | bytes | Mapping) else _found(to)
    if len(ids) > MOST:
        detail = f"to names more than {MOST:,} people; {ACCEPTED}"
        raise Refused(detail, code="too_many_recipients", field="to")
    return sorted(ids) or None


def unchecked(to: Recipients | None) -> set[int]:
    """Ids of a list that came as such."""
    return {one for one in to if type(one) is int} if isinstance(to, Collection) else set()


def unknown(ids: Collection[int]) -> UnknownUser:
    detail = f"to names ids that no user has: {shown(sorted(ids))}; {ACCEPTED}"
    return UnknownUser(detail, code="unknown_user", field="to")


def _listed(to: Collection[Any]) -> set[int]:
    ids = [one.pk if isinstance(one, User) and not one._state.adding else one for one in to]
    if wrong := [one for one in ids if type(one) is not int]:
        raise _refused(wrong[0])
    return set(ids)


def _found(to: object) -> set[int]:
    """Read whom a group or a queryset has; one more than are accepted are enough."""
    if isinstance(to, Group) and to.pk is not None:
        people = accounts.everyone().filter(groups=to)
    elif isinstance(to, QuerySet) and issubclass(to.model, get_user_model()):
        people = accounts.everyone().filter(pk__in=to.values("pk"))
    else:
        raise _refused(to)
    return set(people.values_list("pk", flat=True)[: MOST + 1])


def _refused(value: object) -> Refused:
    return Refused(f"to has {shown(value)} in it; {ACCEPTED}", code="invalid_recipients", field="to")
