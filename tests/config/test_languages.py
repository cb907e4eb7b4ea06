"""A page says which language it is in, and is in no other: those that are offered are those that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import NoReverseMatch, get_resolver, reverse

from tests.api_client import tell

pytestmark = pytest.mark.django_db

RESOLVER = get_resolver()
NAMES = [
    *(name for name in RESOLVER.reverse_dict if isinstance(name, str)),
    *(f"carillon:{name}" for name in RESOLVER.namespace_dict["carillon"][1].reverse_dict if isinstance(name, str)),
]
ASKED = ["fr", "ar", "de", "ar-EG;q=0.9, fr;q=0.8", "xx"]


def addresses(told) -> list[str]:
    """Every page that needs no argument, a notification's own, one that isn't there, and Django's admin."""
    found = [reverse("carillon:notification-detail", args=[told.pk]), "/nothing/", reverse("admin:index")]
    for name in NAMES:
        try:
            found.append(reverse(name))
        except NoReverseMatch:
            continue
    return found


def pages(client, told, language: str) -> dict[str, str]:
    client.cookies.pop(settings.LANGUAGE_COOKIE_NAME, None)
    answers = {path: client.get(path, headers={"Accept-Language": language}) for path in addresses(told)}
    return {path: one.content.decode() for path, one in answers.items() if b"<html" in getattr(one, "content", b"")}


@pytest.mark.parametrize("who", ["admin", None])
@pytest.mark.parametrize("language", ASKED)
def test_what_is_not_translated_is_english_and_says_so(client, admin_user, language, who):
    told = tell(admin_user)
    if who:
        client.force_login(admin_user)
    shown = pages(client, told, language)
    assert len(shown) > (8 if who else 1)
    roots = {path: re.search(r"<html[^>]*>", text)[0] for path, text in shown.items()}  # type: ignore[index]
    assert {path: root for path, root in roots.items() if 'lang="en' not in root or 'dir="rtl"' in root} == {}
    foreign = re.compile(r"Passwort|Mot de passe|Benutzername|Connexion|كلمة")
    assert [path for path, text in shown.items() if foreign.search(text)] == []


def test_what_is_offered_is_there():
    catalogs = {path.parts[-3] for root in settings.LOCALE_PATHS for path in Path(root).glob("*/LC_MESSAGES/*.mo")}
    assert {code for code, _name in settings.LANGUAGES} == {"en", *catalogs}
