"""Webhooks: signed POST requests to URLs that people give, as Standard Webhooks or CloudEvents.

The URLs are a stranger's. Nothing is sent to an address that the policy forbids, names are looked up here and only
here, redirects are not followed, proxies of the environment are not used, and one deadline covers an attempt from the
first lookup to the last byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import resource
import socket
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp
import yarl
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import AddrInfoType, Connection
from aiohttp.tracing import Trace
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from delivery import channels, reasons
from delivery.channels import Channel, Checked, Frozen, Outcome, Outgoing
from delivery.channels.network import http_outcome, resolver, tls
from delivery.channels.network.address_policy import Policy, policy
from delivery.channels.webhook import signing, status_line
from delivery.channels.webhook.body import frozen
from delivery.channels.webhook.status_line import StatusKeeper
from delivery.channels.webhook.url import parse
from delivery.conf import conf
from delivery.encryption import UnreadableSecretError, unseal
from delivery.errors import AddressRefused
from delivery.models import Address
from events.accounts import User
from events.db import clock

# Of an answer so much is read; what is longer is cut off, and its connection closed.
MAX_ANSWER = 64 * 1024
# How long saving waits for a resolver, in seconds: whoever saves holds one of the few turns of a web process. Whatever
# comes of it, each attempt asks again.
LOOKUP_ON_SAVE = 0.5
# Lookups for who saves may hang too, and must leave room for those of attempts in the same process.
_lookups_on_save = threading.BoundedSemaphore(16)
# An address that was checked is connected to for so long without asking again.
DNS_SECONDS = 10
# Shorter than common servers keep an idle connection: who sends into one that just closes has failed for nothing.
KEEP_ALIVE_SECONDS = 1.5
_HEADERS = {"User-Agent": "Carillon", "Accept": "*/*", "Accept-Encoding": "identity"}


@dataclass(slots=True)
class _Attempt:
    """Facts of an attempt while it runs, and still when it fails."""

    # The address that it is connected to, or tried last.
    peer: str = ""
    connection: StatusKeeper | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    # Of the answer's body.
    start: bytearray = field(default_factory=bytearray)

    @property
    def status(self) -> int:
        return self.connection.status if self.connection is not None else 0


# The attempt of this task.
_attempt: ContextVar[_Attempt] = ContextVar("attempt")


def _slots() -> int:
    """Count the attempts that one loop makes use of. With those that hang they take half of the files of a process."""
    return min(512, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 4)


class Webhook(Channel):
    name = "webhook"
    label = gettext_lazy("Webhook")
    target_field = "url"
    slots = _slots()
    per_address = 8
    most_hanging = slots
    deadline = float(conf.WEBHOOK_TIMEOUT_SECONDS)

    def check(self, target: str, *, user: User) -> Checked:
        """Ask the resolver, for LOOKUP_ON_SAVE seconds at most. Raises AddressRefused."""
        url = parse(target)
        try:
            addresses = [url.host] if url.is_address else _lookup(url.host)
            resolver.vet(url.host, addresses, policy=policy())
        except resolver.BlockedAddressError:
            raise AddressRefused(reasons.sentence("blocked_address"), code="blocked_address", field="url") from None
        except resolver.NameLookupError:
            detail = _("We couldn't find %(host)s. Check its spelling.") % {"host": url.host}
            raise AddressRefused(detail, code="unknown_host", field="url") from None
        except (resolver.ResolverError, TimeoutError):
            # Not the owner's fault, and nothing is sent without the same check.
            pass
        secret = self.new_secret()
        return Checked(target=url.url, secret=secret, shown_once=secret)

    def new_secret(self) -> str:
        return signing.new_secret()

    def freeze(self, outgoing: Outgoing) -> Frozen:
        return frozen(outgoing)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[WebhookSession]:
        async with aiohttp.ClientSession(
            connector=_connector(policy()),
            headers=_HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            trust_env=False,
            auto_decompress=False,
        ) as client:
            yield WebhookSession(client, deadline=self.deadline)


class WebhookSession:
    def __init__(self, client: aiohttp.ClientSession, *, deadline: float) -> None:
        self._client, self._deadline = client, deadline
        # One drain sees the same addresses again and again: opening a secret costs as much as sending.
        self._url = functools.lru_cache(maxsize=4096)(_url)
        self._key = functools.lru_cache(maxsize=4096)(_key)

    async def send(self, outgoing: Outgoing) -> Outcome:
        now, body = clock.known(), bytes(outgoing.delivery.body or b"")
        try:
            url = self._url(outgoing.address.target)
            keys = self._keys(outgoing.address, now=now)
        except AddressRefused as error:
            return Outcome("dead", "invalid_url", excerpt=http_outcome.safe(error.detail))
        except UnreadableSecretError as error:
            return http_outcome.failed(error)
        headers = signing.headers(body, message_id=outgoing.message_id, timestamp=int(now.timestamp()), keys=keys) | {
            "Content-Type": outgoing.delivery.content_type
        }
        if outgoing.traceparent:
            headers["traceparent"] = outgoing.traceparent
        attempt = _Attempt()
        _attempt.set(attempt)
        try:
            async with asyncio.timeout(self._deadline):
                status = await self._read(url, body, headers, attempt=attempt)
            return _judge(status, attempt)
        except Exception as error:  # noqa: BLE001  what isn't the network's doing is raised again
            failed = http_outcome.failed(error, connected_to=attempt.peer)
            # The rest of an answer changes nothing of what its status line has said.
            return _judge(attempt.status, attempt, otherwise=failed.excerpt) if attempt.status else failed

    async def _read(self, url: yarl.URL, body: bytes, headers: dict[str, str], *, attempt: _Attempt) -> int:
        async with self._client.post(url, data=body, headers=headers, allow_redirects=False) as response:
            attempt.headers = response.headers
            while chunk := await response.content.readany():
                attempt.start += chunk
                if len(attempt.start) >= MAX_ANSWER:
                    response.close()
                    break
            return response.status

    def _keys(self, address: Address, *, now: datetime) -> list[bytes]:
        """Return the present secret, and the one before while it is valid. Raises UnreadableSecretError."""
        keys = [self._key(address.secret)]
        if address.previous_secret and address.previous_secret_until and address.previous_secret_until > now:
            # The owner made another because this one can't be read: what waited for that goes.
            with contextlib.suppress(UnreadableSecretError):
                keys.append(self._key(address.previous_secret))
        return keys


def _lookup(host: str) -> list[str]:
    return resolver.looking_up(host, free=_lookups_on_save).result(LOOKUP_ON_SAVE)


def _url(target: str) -> yarl.URL:
    return yarl.URL(parse(target).url, encoded=True)


def _key(sealed: str) -> bytes:
    return signing.key_of(unseal(sealed))


def _judge(status: int, attempt: _Attempt, *, otherwise: str = "") -> Outcome:
    """Judge an answer. `otherwise`: shown where nothing of its body was read."""
    start = bytes(attempt.start[: 4 * http_outcome.EXCERPT])
    return http_outcome.judge(
        status,
        attempt.headers,
        excerpt=_excerpt(start, attempt.headers.get("Content-Encoding", "")) or otherwise,
        connected_to=attempt.peer,
        now=clock.known(),
    )


def _excerpt(start: bytes, encoding: str) -> str:
    """Show the start. Nothing is unpacked: a few bytes of it may be a gigabyte."""
    if start and encoding not in ("", "identity"):
        return http_outcome.safe(f"({encoding}, not unpacked)")
    return http_outcome.safe(start.decode(errors="replace")) if start else ""


class _Connector(status_line.Connector):
    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout) -> Connection:
        """Connect, and tell the attempt where to and over what: the answer no longer knows when it has ended."""
        connection = await super().connect(req, traces, timeout)
        attempt = _attempt.get()
        if isinstance(connection.protocol, StatusKeeper):
            attempt.connection = connection.protocol
        if connection.transport is not None and (name := connection.transport.get_extra_info("peername")):
            attempt.peer = name[0]
        return connection


def _connector(policy: Policy) -> _Connector:
    def opened(address: AddrInfoType) -> socket.socket:
        """Open a socket for the very address that is connected to next: also one that no name led to."""
        family, kind, protocol, _canonical, place = address
        resolver.vet("the URL", [str(place[0])], policy=policy)
        _attempt.get().peer = str(place[0])
        return socket.socket(family, kind, protocol)

    return _Connector(
        # The number of attempts at once is the outbox's matter.
        limit=0,
        ssl=tls.context(),
        resolver=resolver.Resolver(policy),
        socket_factory=opened,
        ttl_dns_cache=DNS_SECONDS,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
    )


channels.register(Webhook())
