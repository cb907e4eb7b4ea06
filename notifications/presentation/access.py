"""Access to entities, where the host of Carillon decides it: `CARILLON["MAY_SEE"]` names its `may_see(user, entity)`.

Without one everybody sees all. It is asked anew each time, and never while rows are locked.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from importlib import import_module
from typing import Any

from django.core import checks
from django.utils.module_loading import import_string

from events import accounts
from events.accounts import User
from events.entities import Entity
from events.models import Event
from events.transport import outages
from notifications.conf import conf
from notifications.models import Notification

# A person and an entity.
Pair = tuple[int, Entity]
Ask = Callable[[Sequence[tuple[User, Entity]]], Iterable[object]]


def is_asked() -> bool:
    return bool(conf.MAY_SEE)


def answers(pairs: Collection[Pair]) -> dict[Pair, bool]:
    """Ask who may see what; a pair without an answer is one for which the host failed. One query.

    A `may_see_many(pairs)` beside the host's function is asked in its place, once for all: a list of booleans.
    """
    known = accounts.everyone().in_bulk({user_id for user_id, _entity in pairs})
    asked = [(known[user_id], entity) for user_id, entity in pairs if user_id in known]
    try:
        said = [bool(answer) for answer in _host()(asked)]
        return {(user.pk, entity): answer for (user, entity), answer in zip(asked, said, strict=True)}
    except Exception as error:  # noqa: BLE001  whatever the host's code raises, nothing is told without its answer
        outages.note(__name__, "CARILLON['MAY_SEE'] failed, so nothing is told of what it was asked about", error)
        return {}


def seen(found: Iterable[Notification]) -> list[Notification]:
    """Take text and payload from those rows whose person may not see what they are about, or of whom nobody knows."""
    rows = list(found)
    if is_asked():
        pairs = {(row.user_id, row.event.source) for row in rows if row.event.source}
        known = answers(pairs)
        for row in rows:
            if row.event.source and not known.get((row.user_id, row.event.source)):
                hide(row.event)
    return rows


def visible(user_id: int, entities: Collection[Entity]) -> set[Entity]:
    """Entities among these that the person may see, as far as anybody knows; all where no host is asked."""
    if not is_asked():
        return set(entities)
    known = answers({(user_id, entity) for entity in entities})
    return {entity for entity in entities if known.get((user_id, entity))}


def hide(event: Event) -> Event:
    """Leave of the event what it is, not what it says."""
    event.is_hidden, event.payload, event.actor_user = True, {}, None
    return event


def _host() -> Ask:
    may_see = import_string(conf.MAY_SEE)
    many: Ask | None = getattr(import_module(conf.MAY_SEE.rpartition(".")[0]), "may_see_many", None)
    return many or (lambda pairs: [may_see(user, entity) for user, entity in pairs])


@checks.register
def may_see_is_there(**_more: Any) -> list[checks.CheckMessage]:
    """Error where the function can't be imported: nothing would be told any more."""
    try:
        why = "" if not is_asked() or callable(import_string(conf.MAY_SEE)) else "it is no function"
    except ImportError as error:
        why = str(error)
    path = conf.MAY_SEE
    detail = f"CARILLON['MAY_SEE'] is {path!r}, the dotted path of a may_see(user, entity), and can't be used: {why}."
    return [checks.Error(detail, id="carillon.E003")] if why else []
