"""Connections of webhooks: to vetted addresses alone, each telling its attempt where it led to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

from aiohttp import ClientTimeout
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import AddrInfoType, Connection
from aiohttp.tracing import Trace

from delivery.channels.network import resolver, tls
from delivery.channels.network.address_policy import Policy
from delivery.channels.webhook import status_line
from delivery.channels.webhook.status_line import StatusKeeper

# An address that was checked is connected to for so long without asking again.
DNS_SECONDS = 10
# Shorter than common servers keep an idle connection: who sends into one that just closes has failed for nothing.
KEEP_ALIVE_SECONDS = 1.5


@dataclass(slots=True)
class Attempt:
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
attempt_of_task: ContextVar[Attempt] = ContextVar("attempt")


class Resolver(AbstractResolver):
    """Resolver of aiohttp: everything it gives has been vetted."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await asyncio.wrap_future(resolver.looking_up(host))
        resolver.vet(host, addresses, policy=self._policy)
        return [_result(host, address, port) for address in addresses]

    async def close(self) -> None:
        """Leave lookups that still hang: they end by themselves."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    version = ipaddress.ip_address(address.partition("%")[0]).version
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET if version == 4 else socket.AF_INET6,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST,
    )


class Connector(status_line.Connector):
    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:
        """Connect, and tell the attempt where to and over what: the answer no longer knows when it has ended."""
        connection = await super().connect(req, traces, timeout)
        attempt = attempt_of_task.get()
        if isinstance(connection.protocol, StatusKeeper):
            attempt.connection = connection.protocol
        if connection.transport is not None and (name := connection.transport.get_extra_info("peername")):
            attempt.peer = name[0]
        return connection


def connector(policy: Policy) -> Connector:
    def opened(address: AddrInfoType) -> socket.socket:
        """Open a socket for the very address that is connected to next: also one that no name led to."""
        family, kind, protocol, _canonical, place = address
        resolver.vet("the URL", [str(place[0])], policy=policy)
        attempt_of_task.get().peer = str(place[0])
        return socket.socket(family, kind, protocol)

    return Connector(
        # The number of attempts at once is the outbox's matter.
        limit=0,
        ssl=tls.context(),
        resolver=Resolver(policy),
        socket_factory=opened,
        ttl_dns_cache=DNS_SECONDS,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
    )
