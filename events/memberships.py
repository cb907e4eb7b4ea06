"""Grant, change and take away a person's tie to an entity."""

from django.contrib.auth.models import Permission
from django.db.models import Model, Q, QuerySet

from events import accounts
from events.accounts import User
from events.entities import Entity, entity_of
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
    membership, _created = Membership.objects.update_or_create(
        entity_type=at.type, entity_id=at.id, user_id=user_id, defaults=given
    )
    return membership


def revoke(entity: Model | Entity, *, user: User | int) -> bool:
    """Take the tie away; False if there was none."""
    user_id = user if isinstance(user, int) else user.pk
    return members_of(entity).filter(user_id=user_id).delete()[0] > 0


def members_of(entity: Model | Entity) -> QuerySet[Membership]:
    at = entity_of(entity)
    return Membership.objects.filter(entity_type=at.type, entity_id=at.id).select_related("user")


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
