"""Chat URLs that are accepted: an allow-list, read by patterns of our own before Apprise sees anything.

Apprise takes options in its URLs that read files (`template`), fetch pages (`avatar_url`), add recipients (`to`) or
follow redirects; none gets through. For everybody there are services whose host is written in Apprise's source, or, of
Teams, is one of Microsoft's domains. What names its own host is for staff, and is sent only where webhooks may go.
"""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from delivery.errors import AddressRefused

MAX_URL = 1000
_MICROSOFT = r"(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:logic\.azure\.com|api\.powerplatform\.com))(?::443)?"
_WORD = r"[A-Za-z0-9_-]+"


@dataclass(frozen=True, slots=True)
class Service:
    """`patterns` are the forms it is given in, Apprise's first, then the service's own web address; each names the
    parts of `url`, the one form that is kept, and that is read again before each attempt. `shown` is the part whose
    end tells two addresses apart.
    """

    name: str
    label: str
    example: str
    patterns: tuple[re.Pattern[str], ...]
    url: str
    shown: str


@dataclass(frozen=True, slots=True)
class Chat:
    """`url` is a secret: whoever has it can write there. `masked` is what may be seen of it."""

    url: str
    masked: str


def _service(name: str, label: str, example: str, *patterns: str, url: str, shown: str) -> Service:
    return Service(name, label, example, tuple(re.compile(one, re.ASCII) for one in patterns), url, shown)


OPEN = (
    _service(
        "slack",
        "Slack",
        "https://hooks.slack.com/services/T000/B000/XXXX",
        r"slack://(?P<a>[A-Z0-9]+)/(?P<b>[A-Z0-9]+)/(?P<c>[A-Za-z0-9]+)/?",
        r"https://hooks\.slack\.com/services/(?P<a>[A-Z0-9]+)/(?P<b>[A-Z0-9]+)/(?P<c>[A-Za-z0-9]+)/?",
        url="slack://{a}/{b}/{c}/",
        shown="b",
    ),
    _service(
        "discord",
        "Discord",
        "https://discord.com/api/webhooks/000/XXXX",
        rf"discord://(?P<id>[0-9]+)/(?P<token>{_WORD})/?",
        rf"https://(?:canary\.|ptb\.)?discord(?:app)?\.com/api/webhooks/(?P<id>[0-9]+)/(?P<token>{_WORD})/?",
        url="discord://{id}/{token}/",
        shown="id",
    ),
    _service(
        "workflows",
        "Teams",
        "https://….api.powerplatform.com:443/powerautomate/automations/direct/workflows/…/invoke?…&sig=…",
        rf"workflows?://{_MICROSOFT}/(?P<id>{_WORD})/(?P<sig>{_WORD})/?",
        rf"https://{_MICROSOFT}/workflows/(?P<id>{_WORD})/triggers/manual/paths/invoke/?"
        rf"\?(?:[^#]*&)?sig=(?P<sig>{_WORD})(?:&[^#]*)?",
        url="workflows://{host}/{id}/{sig}/",
        shown="id",
    ),
    _service(
        "workflows",
        "Teams",
        "",
        rf"workflows?://{_MICROSOFT}/(?P<id>{_WORD})/(?P<sig>{_WORD})/\?pa=yes",
        rf"https://{_MICROSOFT}/powerautomate/automations/direct/workflows/(?P<id>{_WORD})/triggers/manual/paths/"
        rf"invoke/?\?(?:[^#]*&)?sig=(?P<sig>{_WORD})(?:&[^#]*)?",
        url="workflows://{host}/{id}/{sig}/?pa=yes",
        shown="id",
    ),
    _service(
        "tgram",
        "Telegram",
        "tgram://123456789:XXXX/-1000000000",
        rf"tgram://(?P<bot>[0-9]+)[:/](?P<token>{_WORD})/(?P<chat>-?[0-9]+|@?[A-Za-z][A-Za-z0-9_]+)/?",
        url="tgram://{bot}:{token}/{chat}/",
        shown="chat",
    ),
    _service(
        "gchat",
        "Google Chat",
        "https://chat.googleapis.com/v1/spaces/XXXX/messages?key=…&token=…",
        rf"gchat://(?P<space>{_WORD})/(?P<key>{_WORD})/(?P<token>{_WORD})/?",
        rf"https://chat\.googleapis\.com/v1/spaces/(?P<space>{_WORD})/messages\?key=(?P<key>{_WORD})"
        rf"&token=(?P<token>{_WORD})",
        url="gchat://{space}/{key}/{token}/",
        shown="space",
    ),
    _service(
        "wxteams",
        "Webex",
        "https://webexapis.com/v1/webhooks/incoming/XXXX",
        rf"(?:wxteams|webex)://(?P<token>{_WORD})(?:/|/\?mode=webhook)?",
        rf"https://(?:webexapis|api\.ciscospark)\.com/v1/webhooks/incoming/(?P<token>{_WORD})/?",
        url="wxteams://{token}/?mode=webhook",
        shown="token",
    ),
)
# Over HTTP only, through Apprise's `requests`, which is what the guard covers.
STAFF_SCHEMES = frozenset(
    "form forms gotify gotifys json jsons mmost mmosts nctalk nctalks ntfy ntfys rocket rockets xml xmls".split()
)
_OWN_HOST = re.compile(
    r"(?P<scheme>[a-z]+)://(?:[\w.~%-]+(?::[\w.~%-]*)?@)?(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?"
    r"(?P<path>(?:/[\w.~%@#!-]*)*)",
    re.ASCII | re.IGNORECASE,
)


def read(text: str, *, is_staff: bool) -> Chat:
    """The one form of it that is kept. Raises AddressRefused; its detail repeats no token."""
    given = text.strip()
    if len(given) > MAX_URL or not given.isascii() or not given.isprintable():
        raise _refused_shape()
    for service in OPEN:
        for pattern in service.patterns:
            if match := pattern.fullmatch(given):
                return Chat(service.url.format(**match.groupdict()), _masked(service, match[service.shown]))
    scheme = given.partition(":")[0].lower()
    if scheme in STAFF_SCHEMES:
        return _own_host(given, scheme=scheme, is_staff=is_staff)
    known = {service.name for service in OPEN} | {"https", "webex", "workflow"}
    raise _refused_shape() if scheme in known else _refused_service(scheme)


def server_of(masked: str) -> str:
    """Name the service whose one host a masked chat is at; empty: it has a host of its own."""
    label = masked.partition(" …")[0]
    return next((one.name for one in OPEN if one.label == label and "{host}" not in one.url), "")


def _own_host(given: str, *, scheme: str, is_staff: bool) -> Chat:
    if not is_staff:
        raise AddressRefused(
            _("Only staff can add a chat that names its own host ({scheme}://). Use a webhook instead.").format(
                scheme=scheme
            ),
            code="unknown_service",
            field="url",
        )
    match = _OWN_HOST.fullmatch(given)
    if match is None:
        raise _refused_shape()
    return Chat(given, f"{scheme}://{match['host']}/…")


def _masked(service: Service, part: str) -> str:
    """Show so little of it that nobody can write there."""
    return f"{service.label} …{part[-4:]}" if len(part) > 6 else f"{service.label} …"


def _refused_service(scheme: str) -> AddressRefused:
    names = ", ".join(dict.fromkeys(service.label for service in OPEN))
    return AddressRefused(
        _("{scheme}:// isn't accepted here. Accepted chat services: {names}.").format(scheme=scheme[:40], names=names),
        code="unknown_service",
        field="url",
    )


def _refused_shape() -> AddressRefused:
    examples = " · ".join(service.example for service in OPEN if service.example)
    return AddressRefused(
        _("This isn't a chat service's URL; options after a ? aren't accepted. Examples: {them}").format(them=examples),
        code="invalid_chat_url",
        field="url",
    )
