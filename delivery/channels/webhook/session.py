"""Attempts of one drain over HTTP, each within one deadline."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import aiohttp
import yarl

from delivery.channels import Outcome, Outgoing, blame
from delivery.channels.network import http_outcome
from delivery.channels.network.address_policy import policy
from delivery.channels.webhook import signing
from delivery.channels.webhook.connector import Attempt, attempt_of_task, connector
from delivery.channels.webhook.url import parse
from delivery.encryption import UnreadableSecretError, unseal
from delivery.errors import AddressRefused
from delivery.models import Address
from events.db import clock

# Of an answer so much is read; what is longer is cut off, and its connection closed.
MAX_ANSWER = 64 * 1024
_HEADERS = {"User-Agent": "Carillon", "Accept": "*/*", "Accept-Encoding": "identity"}


@asynccontextmanager
async def opened(*, deadline: float) -> AsyncIterator[WebhookSession]:
    """Session on a client of its own. `deadline`: seconds for each attempt."""
    async with aiohttp.ClientSession(
        connector=connector(policy()),
        headers=_HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        trust_env=False,
        auto_decompress=False,
    ) as client:
        yield WebhookSession(client, deadline=deadline)


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
            return _failed(error)
        headers = signing.headers(body, message_id=outgoing.message_id, timestamp=int(now.timestamp()), keys=keys) | {
            "Content-Type": outgoing.delivery.content_type
        }
        headers |= {name: value for name, value in outgoing.trace._asdict().items() if value}
        attempt = Attempt()
        attempt_of_task.set(attempt)
        try:
            async with asyncio.timeout(self._deadline):
                status = await self._read(url, body, headers, attempt=attempt)
            return _judge(status, attempt)
        except Exception as error:  # noqa: BLE001  what isn't the network's doing is raised again
            failed = _failed(error, connected_to=attempt.peer)
            # The rest of an answer changes nothing of what its status line has said.
            return _judge(attempt.status, attempt, otherwise=failed.excerpt) if attempt.status else failed

    async def _read(self, url: yarl.URL, body: bytes, headers: dict[str, str], *, attempt: Attempt) -> int:
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


def _url(target: str) -> yarl.URL:
    return yarl.URL(parse(target).url, encoded=True)


def _key(sealed: str) -> bytes:
    return signing.key_of(unseal(sealed))


def _judge(status: int, attempt: Attempt, *, otherwise: str = "") -> Outcome:
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


def _failed(error: Exception, *, connected_to: str = "") -> Outcome:
    """Judge an error that came in place of an answer. Raises what is not the network's doing."""
    verdict = blame.of_error("webhook ANSWER", error)
    # An error over an answer names the whole URL.
    said = error.message if isinstance(error, aiohttp.ClientResponseError) else error
    detail = http_outcome.safe(f"{type(error).__name__}: {said}")
    return Outcome("retry", verdict.reason, whose=verdict.whose, connected_to=connected_to, excerpt=detail)
