"""Which chat URLs are accepted, and what of them is seen."""

from __future__ import annotations

from typing import NoReturn
from urllib.parse import urlsplit

import pytest
import requests

from delivery.channels.chat import guarded_requests
from delivery.errors import AddressRefused
from tests.delivery.factories.chat_messages import ANYBODY, CHAT, STAFF, outgoing, send

SLACK = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
DISCORD = "4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"
AZURE = "prod-14.westus.logic.azure.com"
POWER = "default1.aa.environment.api.powerplatform.com"
INVOKE = "triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=SiGn-ature_1"
WEBEX = "a" * 80

OPEN = [
    (f"slack://{SLACK}", "hooks.slack.com"),
    (f"https://hooks.slack.com/services/{SLACK}", "hooks.slack.com"),
    (f"discord://{DISCORD}", "discord.com"),
    (f"https://discord.com/api/webhooks/{DISCORD}", "discord.com"),
    (f"https://canary.discord.com/api/webhooks/{DISCORD}", "discord.com"),
    (f"workflows://{AZURE}:443/abcd1234/SiGn-ature_1", AZURE),
    (f"https://{AZURE}:443/workflows/abcd1234/{INVOKE}", AZURE),
    (f"https://{POWER}:443/powerautomate/automations/direct/workflows/abcd1234/{INVOKE}", POWER),
    ("tgram://123456789:abcdefg_hijklmnop/-1001234567", "api.telegram.org"),
    ("gchat://AAAAspace/key-1/token_2", "chat.googleapis.com"),
    ("https://chat.googleapis.com/v1/spaces/AAAAspace/messages?key=key-1&token=token_2", "chat.googleapis.com"),
    (f"https://webexapis.com/v1/webhooks/incoming/{WEBEX}", "api.ciscospark.com"),
]

HOSTS_OF_THEIR_OWN = [
    "json://intranet/x", "jsons://user:pass@intranet:8443/x", "xml://127.0.0.1", "form://intranet",
    "mmosts://chat.example.org/token", "rocket://user:pass@chat.example.org/room", "ntfy://ntfy.example.org/topic",
    "gotify://gotify.example.org/token", "json://[::1]:8000/",
]  # fmt: skip

REFUSED = [
    "", "slack", "slack://", "slack:///", "https://example.com/hook", "http://hooks.slack.com/services/" + SLACK,
    f"https://hooks.slack.com.evil.example/services/{SLACK}", f"https://hooks.slack.com@evil.example/services/{SLACK}",
    f"https://hooks.slack.com:8443/services/{SLACK}", f"https://hooks.slack.com/services/{SLACK}/../../x",
    f"slack://{SLACK}/#general", f"slack://{SLACK}?template=/etc/passwd", f"slack://{SLACK}?to=%23other",
    f"slack://bot@{SLACK}", f"slack://{SLACK}\nx", f"slack://{SLACK}#x", "slack://xoxb-1234-1234-abc/general",
    f"discord://{DISCORD}?avatar_url=http://169.254.169.254/", f"discord://{DISCORD}?template=file:///etc/passwd",
    f"discord://{DISCORD}?redirect=yes", f"discord://{DISCORD}?verify=no", f"discord://{DISCORD}/x/../..",
    f"workflows://evil.example/abcd1234/{'s' * 20}", f"workflows://{AZURE}.evil.example/abcd1234/sig",
    f"workflows://evil.example/.{AZURE}/sig", f"workflows://user@{AZURE}/abcd1234/sig",
    f"workflows://{AZURE}:8080/abcd1234/sig", f"workflows://{AZURE}/abcd1234/sig?template=/etc/passwd",
    f"workflows://evil.example#.{AZURE}/a/b", "tgram://123456789:abcdefg_hijklmnop", "tgram://123456789:abc/1/2",
    "tgram://123456789:abcdefg_hijklmnop/1?to=2", "tgram://123456789:abcdefg_hijklmnop/1?template=/etc/passwd",
    "mailto://user:pass@example.org", "mailtos://user:pass@example.org", "apprise://intranet/token", "syslog://intranet",
    "mqtt://intranet/x", "irc://irc.example.org/x", "dbus://", "windows://", "macosx://", "file:///etc/passwd",
    "matrix://token@intranet/room", "schan://x", "smpp://u:p@intranet/1/2", "aprs://u:p@x", "xmpp://u:p@intranet",
    "javascript://x", f"slack://{'A' * 2000}/B/C", "slack://Ｔ000/B000/XXXX", f"x{SLACK}", f"slack://{SLACK}, json://intranet",
]  # fmt: skip


@pytest.mark.parametrize(("url", "host"), OPEN)
def test_a_service_is_open_to_everybody_and_leads_to_its_own_host(url, host, monkeypatch):
    """By what Apprise really asks for, and over TLS."""
    asked = []

    def request(_self: object, _method: str, url: str, **_options: object) -> NoReturn:
        asked.append(urlsplit(url))
        raise requests.ConnectionError

    monkeypatch.setattr(guarded_requests._Requests, "request", request)
    kept = CHAT.check(url, user=ANYBODY).secret
    send(outgoing(kept, user=ANYBODY))
    assert {(one.scheme, one.hostname, one.port or 443) for one in asked} == {("https", host, 443)}


@pytest.mark.parametrize("url", REFUSED)
@pytest.mark.parametrize("user", [ANYBODY, STAFF], ids=["anybody", "staff"])
def test_what_is_no_service_or_takes_options_is_refused(url, user):
    with pytest.raises(AddressRefused) as refused:
        CHAT.check(url, user=user)
    assert refused.value.code in ("unknown_service", "invalid_chat_url")
    assert refused.value.field == "url"


@pytest.mark.parametrize("url", HOSTS_OF_THEIR_OWN)
def test_what_names_its_own_host_is_for_staff(url):
    with pytest.raises(AddressRefused, match="Only staff") as refused:
        CHAT.check(url, user=ANYBODY)
    assert refused.value.code == "unknown_service"
    assert CHAT.check(url, user=STAFF).secret == url


@pytest.mark.parametrize(
    "options",
    ["?template=/etc/passwd", "?:x=1", "?+Host=x", "?method=GET", "?verify=no", "?redirect=yes", "?attach=/etc/passwd"],
)
@pytest.mark.parametrize("url", HOSTS_OF_THEIR_OWN)
def test_staff_has_no_options_either(url, options):
    with pytest.raises(AddressRefused):
        CHAT.check(url + options, user=STAFF)


@pytest.mark.parametrize(("url", "_host"), OPEN)
def test_what_is_seen_of_it_is_no_secret(url, _host):
    kept = CHAT.check(url, user=ANYBODY)
    assert kept.is_verified
    secrets = (SLACK.rpartition("/")[2], DISCORD.rpartition("/")[2], "SiGn-ature_1", "abcdefg_hijklmnop", "token_2")
    assert not [secret for secret in (*secrets, WEBEX) if secret in kept.target]


@pytest.mark.parametrize("url", HOSTS_OF_THEIR_OWN)
def test_of_one_with_its_own_host_the_host_is_seen(url):
    shown = CHAT.check(url, user=STAFF).target
    assert "pass" not in shown
    assert urlsplit(shown).hostname == urlsplit(url).hostname


def test_a_refusal_repeats_no_token():
    with pytest.raises(AddressRefused) as refused:
        CHAT.check(f"slack://{SLACK}?to=x", user=ANYBODY)
    assert "TIiajk" not in refused.value.detail
