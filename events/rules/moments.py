"""Moments that are taken from outside: years that every time zone, database and page can show."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db.models import CheckConstraint, Q
from django.utils.translation import gettext as _

from events.errors import MomentRefused

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
ACCEPTED = f"from {EARLIEST:%Y-%m-%d} to {LATEST:%Y-%m-%d}"


def checked(at: datetime, *, field: str) -> datetime:
    """The moment, in UTC; `at` has an offset. MomentRefused beyond what is accepted."""
    try:
        moment = at.astimezone(UTC)
    except OverflowError:
        moment = None
    if moment is None or not EARLIEST <= moment <= LATEST:
        detail = _("that's too far away; accepted are times {accepted}").format(accepted=ACCEPTED)
        raise MomentRefused(detail, code="out_of_range", field=field)
    return moment


def on_wall_clock(text: str, *, zone: ZoneInfo, field: str) -> datetime:
    """The moment at which a clock there shows what a form has, `2026-11-24T08:00`. MomentRefused for what is none."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        detail = _("choose a date and a time, as in 2026-11-24 08:00")
        raise MomentRefused(detail, code="invalid", field=field) from error
    return checked(local.replace(tzinfo=zone), field=field)


def constraint(columns: Sequence[str], *, name: str) -> CheckConstraint:
    """Rule of a table: each of these columns is empty, or holds a moment that is accepted."""
    within = Q(**{f"{column}__range": (EARLIEST, LATEST) for column in columns})
    text = f"{', '.join(columns)}: accepted are times {ACCEPTED}"
    return CheckConstraint(condition=within, name=name, violation_error_message=text)
