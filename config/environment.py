"""Reads settings from the environment; a value that can't be read stops the start with one sentence naming it."""

import ipaddress
import math
import os
import re
from collections import ChainMap
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import idna
from dotenv import dotenv_values

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 10,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;PRAGMA cache_size=-20000;"
    ),
}


_ORIGIN = re.compile(r"https?://(\*\.)?[\w.-]+(:\d+)?|https?://\[[0-9a-fA-F:]+\](:\d+)?")
_MAILBOX = re.compile(
    r"""(?:(?P<words>[^<>]*)<)?(?P<local>[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+)@(?P<domain>[\w.-]+|\[[0-9A-Za-z.:]+\])(?(words)>)"""
)
_ADDRESSES = "it must read as in postgres://user:password@host:5432/name or sqlite:////folder/file.sqlite3"


# The environment, and behind it what the checkout's .env says: children inherit the first only, and read the second.
_given: ChainMap[str, str] = ChainMap(os.environ)


class UnreadableSettingError(SystemExit):
    """A setting that can't be read. manage.py, celery and daphne end with its sentence alone, exit code 1.

    A plain exception would reach them as a traceback through the frames of whatever first looked at the settings.
    """


def read_file(path: Path) -> None:
    """Take what a .env file sets (none where it is missing) where the environment doesn't say otherwise.

    `make run` writes one with DEBUG, which is not to be found again in production: it is refused beside an environment
    that has a SECRET_KEY of its own or says that DEBUG is off.
    """
    values = {name: value for name, value in dotenv_values(path).items() if value is not None}
    _given.maps[1:] = [values]
    said = os.environ.get("DEBUG", "").strip()
    in_production = not boolean("DEBUG", default=True) if said else bool(os.environ.get("SECRET_KEY"))
    if in_production and (found := values.get("DEBUG", "")).lower() not in ("", "0", "false", "no", "off"):
        raise UnreadableSettingError(
            f"DEBUG is {found!r} in {path}, which is for development, while the environment is of production; "
            "remove the line or the file."
        )


def text(name: str, *, default: str) -> str:
    return _given.get(name, "").strip() or default


def choice(name: str, accepted: list[str]) -> str:
    """Read one of these words; the first where there is none."""
    raw = _given.get(name, "").strip().lower() or accepted[0]
    if raw in accepted:
        return raw
    raise UnreadableSettingError(f"{name} is {raw!r}; it must be one of {', '.join(accepted)}.")


def words(name: str, *, default: list[str]) -> list[str]:
    raw = _given.get(name, "")
    return [word.strip() for word in raw.split(",") if word.strip()] or default


def boolean(name: str, *, default: bool) -> bool:
    raw = _given.get(name, "").strip().lower()
    if raw in ("", "1", "0", "true", "false", "yes", "no", "on", "off"):
        return raw in ("1", "true", "yes", "on") if raw else default
    raise UnreadableSettingError(f"{name} is {raw!r}; it must be true or false.")


def integer(name: str, *, default: int, least: int, most: int = 2**31 - 1) -> int:
    raw = _given.get(name, "").strip()
    if not raw:
        return default
    if raw.isascii() and raw.isdigit() and len(raw) <= 12 and least <= int(raw) <= most:
        return int(raw)
    raise UnreadableSettingError(f"{name} is {raw!r}; it must be a whole number from {least} to {most}.")


def delays(name: str, *, default: list[float]) -> list[float]:
    """Comma-separated seconds, each more than 0 and at most a week."""
    values = []
    for word in words(name, default=[]):
        try:
            seconds = float(word)
        except ValueError:
            seconds = math.nan
        if not 0 < seconds <= 604_800:
            raise UnreadableSettingError(f"{name} has {word!r}; each must be a number of seconds, as in 1,2,4.")
        values.append(seconds)
    return values or default


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        return [ipaddress.ip_network(word) for word in words(name, default=[])]
    except ValueError as error:
        raise UnreadableSettingError(
            f"{name} has what is no network ({error}); each must read as in 10.1.0.0/16."
        ) from error


def folder(name: str) -> Path | None:
    raw = text(name, default="")
    if not raw:
        return None
    path = Path(raw)
    if not path.is_dir() or not os.access(path, os.W_OK):
        raise UnreadableSettingError(f"{name} is {raw!r}, which is not a folder that can be written to; make it first.")
    return path


def base_url(name: str, *, default: str) -> str:
    """Read the address under which people reach the site, for the links in what goes out of it."""
    url = text(name, default=default).rstrip("/")
    if not _ORIGIN.fullmatch(url) or "*" in url:
        raise UnreadableSettingError(f"{name} is {url!r}; it must be a scheme and a host, as in https://example.com.")
    if url.isascii():
        return url
    scheme, _, rest = url.partition("://")
    host, colon, port = rest.partition(":")
    if not (spelled := _ascii_host(host)):
        raise UnreadableSettingError(
            f"{name} is {url!r}, whose host is no name; it must read as in https://example.com."
        )
    return f"{scheme}://{spelled}{colon}{port}"


def mailbox(name: str, *, default: str) -> str:
    """Read one address, with or without a name before it; a domain of other letters is spelled as servers know it."""
    given = text(name, default=default)
    found = _MAILBOX.fullmatch(given) if given.isprintable() else None
    host = _ascii_host(found["domain"]) if found else ""
    if found is None or not host:
        raise UnreadableSettingError(
            f"{name} is {given!r}; it must be one address, as in Carillon <carillon@example.com>, "
            "with no letters before the @ but those of ASCII."
        )
    words = (found["words"] or "").strip().removeprefix('"').removesuffix('"').replace("\\", "").replace('"', "")
    address = f"{found['local']}@{host}"
    return f'"{words}" <{address}>' if words else address


def _ascii_host(host: str) -> str:
    """Spell a name in ASCII (IDNA); empty for what is none."""
    try:
        return host if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return ""


def smtp() -> dict[str, Any]:
    """Django's EMAIL_ settings. Without SMTP_HOST mail goes to the console; 465 is TLS, 587 STARTTLS."""
    host, user, password = (text(name, default="") for name in ("SMTP_HOST", "SMTP_USER", "SMTP_PASSWORD"))
    if not host:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    port = integer("SMTP_PORT", default=25, least=1, most=65_535)
    if bool(user) != bool(password):
        raise UnreadableSettingError("SMTP_USER and SMTP_PASSWORD belong together; set both or neither.")
    if user and port not in (465, 587) and not _is_loopback(host):
        raise UnreadableSettingError(
            f"SMTP_PORT is {port}, over which SMTP_PASSWORD would travel in plain text; it must be 465 or 587."
        )
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": host,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": user,
        "EMAIL_HOST_PASSWORD": password,
        "EMAIL_USE_SSL": port == 465,
        "EMAIL_USE_TLS": port == 587,
    }


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def origins(name: str) -> list[str]:
    """Comma-separated `https://host[:port]`; a leading `*.` in the host stands for its subdomains."""
    values = words(name, default=[])
    for origin in values:
        if not _ORIGIN.fullmatch(origin):
            raise UnreadableSettingError(
                f"{name} has {origin!r}; each must be a scheme and a host, as in https://example.com."
            )
    return values


def redis(name: str) -> str:
    url = text(name, default="")
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("redis", "rediss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if url and not is_address:
        raise UnreadableSettingError(f"{name} is not a Redis address; it must read as in redis://localhost:6379/0.")
    return url


def demo(name: str, *, debug: bool) -> bool:
    if (is_on := boolean(name, default=False)) and not debug:
        raise UnreadableSettingError(
            f"{name} is on, which makes accounts with a published password; it needs DEBUG=true."
        )
    return is_on


def secret_key(name: str, *, debug: bool) -> str:
    value = _given.get(name, "")
    if value or debug:
        return value or "only-for-development-and-tests-never-in-production"
    raise UnreadableSettingError(
        f"{name} is not set; give it a long random value, or set DEBUG=true to try things out."
    )


def database(name: str, *, default_file: Path) -> dict[str, Any]:
    url = _given.get(name, "").strip()
    if not url:
        default_file.parent.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{default_file}"
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError as error:
        # Its own message may repeat the password.
        raise UnreadableSettingError(f"{name} is not a database address; {_ADDRESSES}.") from error
    engine = str(config["ENGINE"]).rpartition(".")[2]
    if engine not in ("sqlite3", "postgresql") or not config["NAME"]:
        raise UnreadableSettingError(f"{name} is not an address of a database that Carillon knows; {_ADDRESSES}.")
    return _sqlite(name, config) if engine == "sqlite3" else _postgresql(config)


def _sqlite(name: str, config: dict[str, Any]) -> dict[str, Any]:
    path = Path(config["NAME"])
    if not path.parent.is_dir():
        raise UnreadableSettingError(f"{name} names a file in {path.parent}, which is not a folder; make it first.")
    config["OPTIONS"] = SQLITE_OPTIONS
    config["TEST"] = {"NAME": str(path.with_name("test.sqlite3"))}
    return config


def _postgresql(config: dict[str, Any]) -> dict[str, Any]:
    # Threads come and go with requests, so a connection each would not be reused: none is kept, and a pooled one is
    # tried before use.
    config["CONN_MAX_AGE"], config["CONN_HEALTH_CHECKS"] = 0, True
    config["OPTIONS"] = {"connect_timeout": 5, **config.get("OPTIONS", {})}
    return config
