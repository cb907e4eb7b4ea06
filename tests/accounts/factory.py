"""Makes people of whatever user model the tests run with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.urls import reverse

if TYPE_CHECKING:
    from events.accounts import User


def new_person(name: str = "somebody", **fields: Any) -> User:
    """A person who isn't saved."""
    model = get_user_model()
    return model(**{"email": f"{name}@example.com", name_field(): name} | fields)


def saved_person(name: str = "somebody", **fields: Any) -> User:
    person = new_person(name, **fields)
    person.save()
    return person


def name_field() -> str:
    """The field with the names of the cast."""
    return "username" if get_user_model().USERNAME_FIELD == "username" else "name"


def name_of(user: User) -> str:
    return str(getattr(user, name_field()))


def named(name: str) -> User:
    """The person of this name."""
    found: User = get_user_model()._default_manager.get(**{name_field(): name})
    return found


def sign_in_name(name: str) -> str:
    """Name with which the person of this name signs in."""
    return new_person(name).get_username()


def admin_page(page: str, *args: Any) -> str:
    """Address of a page of people in the admin: `change`, `delete`, `changelist`."""
    meta = get_user_model()._meta
    # Django's UserAdmin names that page by its own model, whatever the model is.
    owner = "auth_user" if page == "password_change" else f"{meta.app_label}_{meta.model_name}"
    return reverse(f"admin:{owner}_{page}", args=args)


def admin_form(user: User) -> dict[str, object]:
    """Fields that the admin's page of a person can't do without."""
    if name_field() == "name":
        return {"email": user.email, "name": name_of(user)}
    joined = user.date_joined
    return {"username": user.username, "date_joined_0": joined.date(), "date_joined_1": joined.strftime("%H:%M:%S")}


def rename(user: User, full_name: str) -> None:
    """Give them a full name, whatever fields that has."""
    first, _, last = full_name.partition(" ")
    names = {"name": full_name} if name_field() == "name" else {"first_name": first, "last_name": last}
    get_user_model()._default_manager.filter(pk=user.pk).update(**names)
