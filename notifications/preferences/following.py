"""Following: people make themselves watchers of what they may see."""

from events import memberships
from events.accounts import User
from events.entities import Entity
from events.models import ApiKey, Membership
from notifications.inbox import timeline
from notifications.presentation import access


def may_follow(user: User, *, entity: Entity) -> bool:
    """Tell whether they may see it: the host says so or, where none is asked, whether the entity's page has anything
    for them. False where nobody knows."""
    return bool(access.visible(user.pk, [entity]) if access.is_asked() else timeline.read(user, entity=entity))


def follow(user: User, *, entity: Entity, key: ApiKey | None = None) -> None:
    """Tie the person to the entity from now on. Membership.DoesNotExist where they may not."""
    if not may_follow(user, entity=entity):
        raise Membership.DoesNotExist
    memberships.follow(entity, user=user, key=key)
