"""Grant, change and take away a person's tie to an entity."""

from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Model, Q, QuerySet

from events import accounts
from events.accounts import User
from events.entities import Entity, Source, entity_of
from events.errors import Refused, UnknownUser, shown
from events.models import ApiKey, Membership


def grant(
    entity: Model | Entity, *, user: User | int, role: str, by: User | None = None, key: ApiKey | None = None
) -> Membership:
    """The person's one role there from now on. Counts for events routed from now on.

    `by` and `key`: who writes it, and with which key; neither where the platform's own code does.
    """
    if role not in Membership.Role.values:
        known = ", ".join(Membership.Role.values)
        raise Refused(f"role {shown(role)} is not known; accepted are {known}", code="invalid_role", field="role")
    user_id = _user_id(user)
    at = entity_of(entity)
    given = {"role": role, "written_by_user": by, "written_by_key": key}
    membership, _created = Membership.objects.update_or_create(**at.columns("entity"), user_id=user_id, defaults=given)
    return membership


def follow(entity: Model | Entity, *, user: User, key: ApiKey | None = None) -> Membership:
    """The person's tie there: a watcher's by their own will, or whatever they had. `key`: with which they asked."""
    given = {"role": Membership.Role.WATCHER, "written_by_user": user, "written_by_key": key}
    at = entity_of(entity).columns("entity")
    return Membership.objects.get_or_create(**at, user=user, defaults=given)[0]


def unfollow(entity: Model | Entity, *, user: User) -> bool:
    """End a watcher's tie; False if there was none. Other roles stay: whoever gave them takes them away."""
    return members_of(entity).filter(user=user, role=Membership.Role.WATCHER).delete()[0] > 0


def followed_by(user: User) -> QuerySet[Membership]:
    return Membership.objects.filter(user=user, role=Membership.Role.WATCHER)


def revoke(entity: Model | Entity, *, user: User | int) -> bool:
    """Take the tie away; False if there was none."""
    user_id = user if isinstance(user, int) else user.pk
    return members_of(entity).filter(user_id=user_id).delete()[0] > 0


def members_of(entity: Model | Entity) -> QuerySet[Membership]:
    return Membership.objects.filter(**entity_of(entity).columns("entity")).select_related("user")


def narrowed_to(sources: Collection[Source]) -> QuerySet[Membership]:
    """Memberships of these entities, and of others that share a type and an id with two of them."""
    return Membership.objects.filter(about(sources)).order_by()


def about(sources: Collection[Source], *, prefix: str = "entity") -> Q:
    """Condition that a row's entity is one of these, or shares a type and an id with two of them."""
    ids: dict[str, set[Any]] = {}
    for _type, key in sources:
        ids.setdefault("id" if isinstance(key, int) else "key", set()).add(key)
    # Of the two columns only the one that is asked for: its index finds them.
    is_one = reduce(or_, (Q(**{f"{prefix}_{half}__in_set": found}) for half, found in ids.items()), Q())
    return is_one & Q(**{f"{prefix}_type__in_set": {kind for kind, _key in sources}})


def admins() -> list[int]:
    """Active superusers, and staff with `carillon_events.receive_system`: they hear of the system without any tie."""
    permission = Permission.objects.filter(content_type__app_label="carillon_events", codename="receive_system")
    allowed = Q(user_permissions__in=permission) | Q(groups__permissions__in=permission)
    found = accounts.active().filter(Q(is_superuser=True) | Q(allowed, is_staff=True))
    return list(found.distinct().values_list("pk", flat=True))


def _user_id(user: User | int) -> int:
    if isinstance(user, User) and not user._state.adding:
        return user.pk
    key = user.pk if isinstance(user, User) else user
    if type(key) is not int or not accounts.everyone().filter(pk=key).exists():
        raise UnknownUser(f"there is no user {shown(key)}", code="unknown_user", field="user_id")
    return key
