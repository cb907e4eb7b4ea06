"""Requests of the pages with one thing wrong in each: every address of the site's URLs outside of API and admin."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.accounts.factory import sign_in_name
from tests.hostile import values
from tests.hostile.api_requests import Sent

ROOT = Path(__file__).resolve().parents[2]
FORM = "application/x-www-form-urlencoded"

_FEED = ("category", "unread", "before", "place", "state", "q")
# What each address reads of its query; the others get a name that they don't know.
QUERIES: dict[str, tuple[str, ...]] = {
    "inbox": _FEED,
    "feed-rows": _FEED,
    "feed-panel": _FEED,
    "summary": _FEED,
    "notifications-since": ("user", "seq"),
    "publish": ("type", "published"),
    "catalogue": ("page",),
    "channel-add": ("kind",),
    "destinations": ("project", "after"),
    "deliveries": ("state", "channel", "type", "day", "before"),
    "pulse": ("over", "category", "failed", "source"),
    "pulse-live": ("over", "category", "failed", "source"),
    "sign-in": ("next",),
    "readyz": ("exclude",),
    "entity": ("before",),
    "preferences": ("follows", "mutes"),
    "follow-control": ("of", "next"),
    "why-not": ("about",),
    "notification-open": ("own",),
}
# What a good form of each address has; every field of it is tried. The others are tried with `COMMON`.
FORMS: dict[str, dict[str, str]] = {
    "preferences": {
        "sections": "zone",
        "timezone": "Asia/Tokyo",
    },
    "preferences digest": {
        "sections": "digest",
        "digest_enabled": "on",
        "digest_interval": "weekly",
        "digest_hour": "23",
        "digest_weekday": "6",
        "digest_channels": "in_app",
    },
    "do-not-disturb": {"preset": "at", "day": "2100-01-01", "time": "00:00", "next": "/"},
    "preferences hours": {
        "sections": "hours",
        "hours-0-days": "0",
        "hours-0-start": "22:00",
        "hours-0-end": "07:00",
        "hours_removed": "1",
    },
    "preferences table": {"types": "1", "channels-1": "in_app", "scope-1": "all", "scope": "all", "scope_was": "all"},
    "preferences projects": {"project-scope-7": "all"},
    "preferences-try": {"types": "1", "channels-1": "in_app", "scope-1": "all", "project-scope-7": "all"},
    "project-defaults": {"types": "1", "channels-1": "in_app"},
    "preferences whole": {"made_from": '{"settings": {}, "types": {}}', "sections": "zone", "timezone": "UTC"},
    "sign-in": {"username": sign_in_name("owner"), "password": "x", "next": "/"},
    "read-all": {"up_to": "1", "category": "job", "next": "/"},
    "seen": {"seq": "1"},
    "undo-reading": {"batch": "1", "next": "/"},
    "notification-bulk": {"id": "1", "action": "snooze", "until": "at", "at": "2100-01-01T00:00", "next": "/"},
    "publish": {
        "event_type": "job.completed",
        "source": "job:1",
        "actor": "",
        "project_id": "1",
        "to": "",
        "payload": "{}",
    },
    "publish preview": {"event_type": "job.completed", "source": "job:1", "to": "", "payload": "{}", "part": "preview"},
    "channel-add": {"kind": "webhook", "target": "https://93.184.216.34/x", "retry": "short", "format": "standard"},
    "channel-change": {"retry": "short", "format": "standard", "next": "/"},
    "channel-recover": {"since": "2026-01-01T00:00", "next": "/"},
    "channel-switch": {"is_enabled": "true", "next": "/"},
    "destinations": {
        "kind": "webhook",
        "target": "https://93.184.216.34/x",
        "label": "x",
        "patterns": "job.*",
        "project": "",
        "rate": "1",
        "critical_only": "on",
        "digest": "daily",
    },
    "destination-change": {"label": "x", "patterns": "job.*", "rate": "1", "critical_only": "on", "digest": "hourly"},
    "destination-recover": {"since": "2026-01-01T00:00"},
    "destination-switch": {"is_enabled": "true"},
    "password-change": {"old_password": "x", "new_password1": "x", "new_password2": "x", "revoke_keys": "on"},
    "follow": {"follow": "job:42", "next": "/"},
    "mute": {"mute": "job:42", "until": "1h", "next": "/"},
    "mute no longer": {"unmute": "job:42", "next": "/"},
    "follow no longer": {"unfollow": "job:42", "next": "/"},
    "mute-link": {"until": "tomorrow", "unmute": ""},
    "unsubscribe": {"again": "1", "was": "x"},
}
COMMON = {"next": "/"}
# What answers without an account.
OPEN = ["home", "healthz", "readyz", "metrics", "sign-in", "notifications-since", "notifications-embed"]
OPEN += ["unsubscribe", "mute-link", "acknowledge-link", "confirm-address"]
_READ = re.compile(r"""(?:GET|POST|query|form)\.get(?:list)?\(f?["']([^"']+)["']""")
_PLACE = re.compile(r"\{[^}]*\}")


def names_in_code() -> set[str]:
    """Patterns of every name that a page reads from an address or a form."""
    found = set()
    for folder in ("events", "notifications", "delivery"):
        for path in [*(ROOT / folder / "pages").rglob("*.py"), *(ROOT / folder / "admin").rglob("*.py")]:
            found |= {_PLACE.sub("[^-]+", name) for name in _READ.findall(path.read_text())}
    return found


def names_tried() -> set[str]:
    return {
        *COMMON,
        *(name for query in QUERIES.values() for name in query),
        *(name for form in FORMS.values() for name in form),
    }


def addresses() -> Iterator[tuple[str, str]]:
    """Names and patterns (as in `deliveries/{}/resend/`) of all pages."""
    yield from _addresses(get_resolver().url_patterns, "")


def _addresses(patterns: list[Any], prefix: str) -> Iterator[tuple[str, str]]:
    for one in patterns:
        route = prefix + str(one.pattern)
        if route.startswith(("api/", "admin/")):
            continue
        if isinstance(one, URLResolver):
            yield from _addresses(one.url_patterns, route)
        elif isinstance(one, URLPattern):
            yield one.name or route, "/" + re.sub(r"<[^>]+>", "{}", route)


def requests(ids: Mapping[str, object], *, only: Collection[str] = ()) -> Iterator[Sent]:
    """`ids`: what stands in the address of a page, by the beginning of its name. `only`: of these pages."""
    for name, pattern in addresses():
        if only and name not in only:
            continue
        places = pattern.count("{}")
        good = pattern.format(*[next((one for begins, one in ids.items() if name.startswith(begins)), 1)] * places)
        yield Sent("head", good)
        for value in values.ENCODED:
            if "{}" in pattern:
                for method in ("get", "post"):
                    yield Sent(method, pattern.format(*[value] * places))
            for field in QUERIES.get(name, ("x",)):
                yield Sent("get", f"{good}?{field}={value}")
        forms = [form for key, form in FORMS.items() if key.partition(" ")[0] == name]
        for form in forms or [COMMON]:
            yield from _forms(good, form)


def _forms(address: str, form: dict[str, str]) -> Iterator[Sent]:
    # The answer to a script is the cheaper one; what a page shows again of a refused form is asked for as a page.
    is_long = address == "/notifications/preferences/" and "timezone" not in form
    headers = {"Accept": "application/json"} if is_long else {}
    for field in form:
        for value in (*values.ENCODED, *(values.JSON_IN_FORMS if field == "payload" else ())):
            sent = {**form, field: value}
            yield Sent("post", address, "&".join(f"{name}={text}" for name, text in sent.items()), FORM, headers)
    for value in values.ENCODED[:4]:
        yield Sent("post", address, f"{value}={value}", FORM, headers)
