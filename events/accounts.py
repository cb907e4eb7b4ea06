"""People of the platform: its user model, by that model's own names of table, key, name and e-mail."""

from functools import cache
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.core import checks
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models import Max, Model, Q, QuerySet

from events.db.rows import quoted

__all__ = ["User", "active", "columns", "email_field", "email_of", "everyone"]
__all__ += ["full_name", "largest_id", "largest_used_id", "matching", "name_field", "named", "public_name"]

if TYPE_CHECKING:
    # Types of this project's own model; nothing below asks more of one than every user model has.
    from django.contrib.auth.models import User
else:
    # What isinstance can tell of any user model.
    User = AbstractBaseUser


def everyone() -> "QuerySet[User]":
    return get_user_model()._default_manager.all()


def active() -> "QuerySet[User]":
    return everyone().filter(is_active=True)


def named(*names: str) -> "QuerySet[User]":
    """Find the people who sign in by these names, of which some may be nobody's."""
    return everyone().filter(**{f"{name_field()}__in_set": names})


def matching(text: str) -> Q:
    """Condition that the sign-in name has this in it, or that it is the e-mail address."""
    return Q(**{f"{name_field()}__icontains": text}) | Q(**{f"{email_field()}__iexact": text})


def name_field() -> str:
    return str(get_user_model().USERNAME_FIELD)


def email_field() -> str:
    return str(get_user_model().get_email_field_name())


def email_of(user: "User") -> str:
    return getattr(user, email_field(), "") or ""


def full_name(user: "User") -> str:
    """Full name, where the model has one and the person has given it; else the name for signing in."""
    known = getattr(user, "get_full_name", str)()
    return known.strip() or user.get_username()


def public_name(user: "User") -> str:
    """Name for people who may be strangers: never an e-mail address."""
    return full_name(user).partition("@")[0]


def _has_number() -> bool:
    return get_user_model()._meta.pk.get_internal_type() in BaseDatabaseOperations.integer_field_ranges


def largest_used_id() -> int:
    """Largest key of a person that there is; 0 without people. One query."""
    last: int | None = everyone().aggregate(last=Max("pk"))["last"]
    return last or 0


@cache
def largest_id() -> int:
    """Largest number that a person's key can be."""
    return BaseDatabaseOperations.integer_field_ranges[get_user_model()._meta.pk.get_internal_type()][1]


@cache
def columns() -> dict[str, str]:
    """Names for SQL, quoted: of the `table`, its `id` and its `email`."""
    meta: Any = get_user_model()._meta
    names = {"table": meta.db_table, "id": meta.pk.column, "email": meta.get_field(email_field()).column}
    return {name: quoted(column) for name, column in names.items()}


@checks.register(checks.Tags.models)
def people_can_be_told(**_of_check: Any) -> list[checks.CheckMessage]:
    """An error for each thing that Carillon asks of a user model and AUTH_USER_MODEL hasn't."""
    model = get_user_model()
    key = type(model._meta.pk).__name__
    lacking = {
        "carillon.E005": (
            None if _has_number() else f"its key is a {key}; the key must be a number, as BigAutoField gives"
        ),
        "carillon.E006": (
            None
            if _has_field(model, "is_active")
            else "it has no field is_active, which says who is told no more; add BooleanField(default=True)"
        ),
        "carillon.E007": (
            None
            if _has_field(model, email_field())
            else f"it has no field {email_field()}, where mail goes to; EMAIL_FIELD names another"
        ),
        "carillon.E008": (
            None
            if issubclass(model, PermissionsMixin) and _has_field(model, "is_staff")
            else "it has no permissions or no field is_staff; derive it from django.contrib.auth.models."
            "PermissionsMixin and add BooleanField(default=False)"
        ),
    }
    hint = "Or write to people of another kind over HTTP, with Carillon as a service beside your project."
    return [
        checks.Error(f"AUTH_USER_MODEL is {model._meta.label}: {wrong}.", hint=hint, id=code)
        for code, wrong in lacking.items()
        if wrong
    ]


def _has_field(model: type[Model], name: str) -> bool:
    return any(field.name == name for field in model._meta.get_fields())
