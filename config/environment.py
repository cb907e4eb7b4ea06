"""Reads settings from the environment; a value that can't be read stops the start with one sentence naming it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 10,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;PRAGMA cache_size=-20000;"
    ),
}


def text(name: str, *, default: str) -> str:
    return os.environ.get(name, "").strip() or default


def words(name: str, *, default: list[str]) -> list[str]:
    """Comma-separated."""
    raw = os.environ.get(name, "")
    return [word.strip() for word in raw.split(",") if word.strip()] or default


def boolean(name: str, *, default: bool) -> bool:
    raw = os.environ.get(name, "").strip().lower()
    if raw in ("", "1", "0", "true", "false", "yes", "no", "on", "off"):
        return raw in ("1", "true", "yes", "on") if raw else default
    raise ImproperlyConfigured(f"{name} is {raw!r}; it must be true or false.")


def integer(name: str, *, default: int, least: int) -> int:
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    if raw.isascii() and raw.isdigit() and int(raw) >= least:
        return int(raw)
    raise ImproperlyConfigured(f"{name} is {raw!r}; it must be a whole number of at least {least}.")


def secret_key(name: str, *, debug: bool) -> str:
    """Required unless DEBUG is on."""
    value = os.environ.get(name, "")
    if value or debug:
        return value or "only-for-development-and-tests-never-in-production"
    raise ImproperlyConfigured(f"{name} is not set; give it a long random value, or set DEBUG=true to try things out.")


def database(name: str, *, default_file: Path) -> dict[str, Any]:
    """PostgreSQL or SQLite, by URL; a SQLite file without one."""
    url = os.environ.get(name, "").strip()
    if not url:
        default_file.parent.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{default_file}"
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not a database address: {error}.") from error
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = SQLITE_OPTIONS
        config["TEST"] = {"NAME": str(default_file.parent / "test.sqlite3")}
    elif not config["ENGINE"].endswith("postgresql"):
        raise ImproperlyConfigured(f"{name} must be a postgres:// or sqlite:/// address.")
    return config
