"""Sentences about the things of a project: named as they are now, and linked where they are seen."""

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models

from events import accounts
from events.db.session import savepoint_if_asked
from notifications.importing.django_notifications import OldNotification, Thing


class Named(NamedTuple):
    """Name of a thing, and the path of its page or nothing; `user_id` if it is a person of the project."""

    name: str
    url: str = ""
    user_id: int | None = None


def named(things: Collection[Thing]) -> dict[Thing, Named]:
    """Name each; what is gone, or breaks when it is asked, is called as in "shot 41". One query a kind of thing."""
    keys: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for thing in things:
        keys[thing[:2]].add(thing.key)
    found = {kind: _load(*kind, keys=wanted) for kind, wanted in keys.items()}
    return {thing: _named(found[thing[:2]].get(thing.key), thing) for thing in things}


def sentence(row: OldNotification, names: dict[Thing, Named]) -> str:
    """Say who did what to what, in that package's own order of words."""
    done = [names[row.actor].name if row.actor else "", row.verb]
    if row.action_object:
        done.append(names[row.action_object].name)
    if row.target:
        done += [*(["on"] if row.action_object else []), names[row.target].name]
    return " ".join(filter(None, done))


def _load(app: str, model_name: str, *, keys: Collection[str]) -> dict[str, models.Model]:
    try:
        model = apps.get_model(app, model_name)
    except LookupError:
        return {}
    fit = [key for text in keys if (key := _key(model, text)) is not None]
    try:
        with savepoint_if_asked():
            return {str(row.pk): row for row in model._base_manager.filter(pk__in=fit)}
    except DatabaseError:
        # Its table has gone another way than its code.
        return {}


def _key(model: type[models.Model], text: str) -> Any:
    try:
        return model._meta.pk.to_python(text)
    except ValidationError:
        return None


def _named(row: models.Model | None, thing: Thing) -> Named:
    plain = f"{thing.model} {thing.key}"
    if row is None:
        return Named(plain)
    if isinstance(row, get_user_model()):
        return Named(accounts.public_name(row), user_id=row.pk)
    return Named(_asked(row.__str__) or plain, _asked(getattr(row, "get_absolute_url", str)))


def _asked(ask: Callable[[], Any]) -> str:
    try:
        with savepoint_if_asked():
            return str(ask())
    except Exception:  # noqa: BLE001  whatever a project's code does, a row is never lost over a name
        return ""
