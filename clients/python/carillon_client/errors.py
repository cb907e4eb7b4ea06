"""Errors of the client."""

from typing import Any


class CarillonError(Exception):
    """Every error of this package."""


class RefusedError(CarillonError):
    """An answer that says no. `code` is stable (Carillon's docs/errors.md), `errors` names the fields."""

    def __init__(self, status: int, *, code: str, detail: str, errors: list[dict[str, Any]]) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail, self.errors = status, code, detail, errors


class UnavailableError(CarillonError):
    """No answer before the deadline; what was sent may have arrived."""
