"""Guarded `requests` for Apprise's plugins: the same calls, kept to the house's rules for what goes out.

Nothing from proxy variables or .netrc, no redirects, certificates checked, so much of an answer and no more, and every
connection goes to an address that the policy allows: it is looked up once, vetted, and connected to. What happened is
written down, because Apprise itself only says yes or no. Plugins neither sleep nor try again: when to is the outbox's
matter, and their threads are few.
"""

import contextlib
import ipaddress
import socket
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import requests
from apprise import NotifyBase
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from delivery.channels.chat.trace import Trace
from delivery.channels.network import resolver, tls
from delivery.channels.network.address_policy import policy

MAX_ANSWER = 64 * 1024
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")

_trace: ContextVar[Trace] = ContextVar("chat_trace")


@contextlib.contextmanager
def traced(trace: Trace) -> Iterator[None]:
    """Write down what this thread sends."""
    token = _trace.set(trace)
    try:
        yield
    finally:
        _trace.reset(token)


def guard(plugin: NotifyBase) -> None:
    """Let the plugin send through here, without pauses. LookupError for one that wouldn't: it is never used."""
    module = sys.modules[type(plugin).__module__]
    if not isinstance(getattr(module, "requests", None), type(requests) | _Requests):
        raise LookupError(f"{module.__name__} does not send through requests")
    module.requests = _guarded  # type: ignore[attr-defined]
    plugin.throttle = _no_pause  # type: ignore[method-assign]


def _no_pause(last_io: object = None, wait: float | None = None) -> None:
    """Pause of no length, where Apprise would sleep as long as the service asked for, however long."""


class _Requests:
    def __getattr__(self, name: str) -> Any:
        if name in _METHODS:
            return lambda url, *args, **options: self.request(name, url, *args, **options)
        return getattr(requests, name)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        trace = _trace.get()
        if trace.is_over:
            raise requests.RequestException("the attempt is over")
        options |= {"allow_redirects": False, "verify": True, "stream": True}
        trace.status, trace.error = None, None
        try:
            with requests.Session() as session:
                session.trust_env = False
                session.mount("http://", _Adapter())
                session.mount("https://", _Adapter())
                return _read(session.request(method, url, **options), trace)
        except Exception as error:
            trace.error = error
            raise


_guarded = _Requests()


def _read(response: requests.Response, trace: Trace) -> requests.Response:
    body = b""
    for chunk in response.iter_content(4096):
        body += chunk
        if len(body) >= MAX_ANSWER:
            break
    response.close()
    # What `content` and `json()` give from now on.
    response._content = body[:MAX_ANSWER]
    # The headers as they are: a dict of them would tell `retry-after` from `Retry-After`.
    trace.status, trace.headers, trace.body = response.status_code, response.headers, body[:2000]
    return response


def _addresses(host: str) -> list[str]:
    bare = host.strip("[]")
    try:
        return [str(ipaddress.ip_address(bare))]
    except ValueError:
        return resolver.lookup(bare)


class _Vetted:
    """Connection that looks its name up here and goes to what was vetted. TLS still asks for the name."""

    _dns_host: str

    def _new_conn(self) -> socket.socket:
        host, trace = self._dns_host, _trace.get()
        addresses = _addresses(host)
        resolver.vet(host, addresses, policy=policy())
        self._dns_host = addresses[0]
        try:
            made: socket.socket = super()._new_conn()  # type: ignore[misc]
        finally:
            self._dns_host = host
        trace.sockets.append(made)
        trace.peer = "{}:{}".format(*made.getpeername()[:2])
        if trace.is_aborted:
            made.close()
            raise TimeoutError("out of time before the connection was there")
        return made


class _Http(_Vetted, HTTPConnection):
    pass


class _Https(_Vetted, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=tls.context())
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Trust what the machine trusts, and not the authorities that `requests` would bring along."""
        conn.cert_reqs = "CERT_REQUIRED"
