"""URL of a webhook as a person may give it, in the one spelling that is stored, shown and connected to."""

import ipaddress
import re
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import SplitResult, quote, urlsplit

import idna
from django.utils.translation import gettext as _

from delivery.conf import conf
from delivery.errors import AddressRefused

MAX_LENGTH = 2000
DEFAULT_PORTS = {"http": 80, "https": 443}
# What listens there on many hosts is no web server and would take a POST for something else.
_OTHER_SERVICES = frozenset(
    {1433, 1521, 1719, 1720, 1723, 2049, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5672, 6000, 6379, 6566}
    | set(range(6665, 6670))
    | {6679, 6697, 10080, 11211, 27017}
)
# Never delegated, or kept for inner networks (RFC 6761, 6762, 8375, ICANN's .internal).
_INNER = ("localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan", "home.arpa")
# What no URL may contain; a backslash is read as a slash by some and as a letter by others.
_UNFIT = re.compile(r'[\x00-\x20\x7f"<>\\^`{|}]|[^\S\n]|\ufffd')
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# Some libraries read a name that ends so as an IPv4 address: 2130706433, 0x7f.1, 0177.0.0.1.
_NUMERIC_END = re.compile(r"(?:^|\.)(?:0x[0-9a-f]*|[0-9]+)$")
_PATH = "%/:?#[]@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True)
class WebhookUrl:
    """`host` is ASCII: a name without a dot at its end, or an address without brackets (then `is_address`)."""

    url: str
    host: str
    is_address: bool


def parse(text: str) -> WebhookUrl:
    """Read a URL. Pure but for WEBHOOK_ALLOWED_NETWORKS, which lets names of an intranet in. Raises AddressRefused."""
    given = text.strip()
    if len(given) > MAX_LENGTH:
        _refuse(
            code="url_too_long",
            detail=_("This URL is longer than %(n)d characters. Use a shorter one.") % {"n": MAX_LENGTH},
        )
    if unfit := _UNFIT.search(given):
        _malformed(_("it contains %(character)a") % {"character": unfit[0]})
    parts = _split(given)
    if parts.scheme not in DEFAULT_PORTS:
        _refuse(code="unsupported_scheme", detail=_("A webhook's URL begins with https:// (or http://)."))
    if "@" in parts.netloc:
        _refuse(
            code="credentials_in_url",
            detail=_(
                "Leave the user name and password out of the URL: every request is signed, check its signature instead."
            ),
        )
    if "#" in given:
        _refuse(code="fragment_in_url", detail=_("Leave out the part from # on: it never reaches a server."))
    host, is_address = _host(parts.hostname or "", in_brackets="[" in parts.netloc)
    return WebhookUrl(_spelled(parts, host, port=_port(parts)), host, is_address)


def _split(given: str) -> SplitResult:
    try:
        return urlsplit(given)
    except ValueError as error:
        _malformed(str(error))


def _port(parts: SplitResult) -> int:
    default = DEFAULT_PORTS[parts.scheme]
    try:
        port = default if parts.port is None else parts.port
    except ValueError:
        _malformed(_("its port is not a number from 1 to 65535"))
    if port not in (80, 443) and (port < 1024 or port in _OTHER_SERVICES):
        _refuse(
            code="port_not_allowed",
            detail=_(
                "Port %(port)d belongs to another kind of service. Use 443, 80 or a web server's port from 1024 on."
            )
            % {"port": port},
        )
    return port


def _host(given: str, *, in_brackets: bool) -> tuple[str, bool]:
    if not given:
        _malformed(_("it names no host"))
    if in_brackets:
        return _literal(ipaddress.IPv6Address, given), True
    host = _ascii(given).rstrip(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        _refuse(
            code="invalid_host",
            detail=_("“%(host)s” isn't a host name. Write it like hooks.example.com.") % {"host": given},
        )
    if _NUMERIC_END.search(host):
        return _literal(ipaddress.IPv4Address, host), True
    is_inner = "." not in host or host.endswith(tuple(f".{name}" for name in _INNER))
    if is_inner and not conf.WEBHOOK_ALLOWED_NETWORKS:
        _refuse(
            code="inner_name",
            detail=_("This name only works inside a network. Use a public one (hooks.example.com)."),
        )
    return host, False


def _ascii(host: str) -> str:
    """Spell it as the DNS has it, in lower case: wide digits, circled ones and the like become what they mean."""
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError as error:
        _refuse(code="invalid_host", detail=_("“%(host)s” isn't a host name (%(why)s).") % {"host": host, "why": error})


def _literal(kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address], host: str) -> str:
    """Read an address. Decimal, octal, hexadecimal and short forms are refused: readers differ on what they mean."""
    try:
        if "%" in host:
            raise ValueError("%")
        return str(kind(host))
    except ValueError:
        _refuse(
            code="invalid_host",
            detail=_("“%(host)s” isn't an address. Write IPv4 as four numbers (192.0.2.1), IPv6 like [2001:db8::1].")
            % {"host": host},
        )


def _spelled(parts: SplitResult, host: str, *, port: int) -> str:
    shown = f"[{host}]" if ":" in host else host
    if port != DEFAULT_PORTS[parts.scheme]:
        shown += f":{port}"
    query = f"?{quote(parts.query, safe=_PATH)}" if parts.query else ""
    return f"{parts.scheme}://{shown}{quote(parts.path or '/', safe=_PATH)}{query}"


def _malformed(why: str) -> NoReturn:
    _refuse(
        code="invalid_url",
        detail=_("This isn't a URL: %(why)s. Write it like https://hooks.example.com/carillon.") % {"why": why},
    )


def _refuse(*, code: str, detail: str) -> NoReturn:
    raise AddressRefused(detail, code=code, field="url")
