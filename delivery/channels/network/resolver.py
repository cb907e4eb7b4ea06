"""Resolver of names to addresses that may be connected to.

The one place where names are looked up, so that what was checked is what is connected to; nothing asks for a name a
second time between the two.
"""

import socket
import threading
from concurrent.futures import Future

from delivery.channels.network.address_policy import Policy
from delivery.conf import conf

# Lookups can't be interrupted; so many may hang at once, each in a thread that no shutdown waits for.
MAX_LOOKUPS = 256
_free = threading.BoundedSemaphore(MAX_LOOKUPS)
# Answers, if only that there is no such name or that its servers refuse.
_NOT_FOUND = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME), socket.EAI_FAIL}
# A name server of the root.
ALWAYS_THERE = "a.root-servers.net."


class BlockedAddressError(Exception):
    """Address that the policy forbids. The text is for the operator alone: it names addresses."""


class NameLookupError(Exception):
    """Failure of the receiver's domain: there is no such name, or its name servers fail."""


class ResolverError(Exception):
    """Failure of our own resolver, which doesn't answer: nobody's address is to blame."""


def vet(host: str, addresses: list[str], *, policy: Policy) -> None:
    """Raise BlockedAddressError if any of them is forbidden: a name with a mix of addresses plays games."""
    for address in addresses:
        if why := policy.forbids(address):
            raise BlockedAddressError(f"{host} leads to {address} ({why})")


def looking_up(host: str, *, free: threading.Semaphore | None = None) -> Future[list[str]]:
    """Look a name up in a thread: IPv6 and IPv4 addresses, in the order of preference of this machine.

    The future has at least one, or raises NameLookupError or ResolverError. `free`: how many more may hang, where the
    caller's are counted apart.
    """
    future: Future[list[str]] = Future()
    free = _free if free is None else free
    if not free.acquire(blocking=False):
        future.set_exception(ResolverError("as many lookups as may hang do already"))
        return future
    threading.Thread(target=_run, args=(host, future, free), name=f"lookup {host[:40]}", daemon=True).start()
    return future


def _run(host: str, future: Future[list[str]], free: threading.Semaphore) -> None:
    try:
        if future.set_running_or_notify_cancel():
            future.set_result(lookup(host))
    except Exception as error:  # noqa: BLE001  it is raised where the future is waited for
        future.set_exception(error)
    finally:
        free.release()


def lookup(host: str) -> list[str]:
    """Look a name up, as long as the machine's resolver lets it. Raises NameLookupError, ResolverError."""
    # Search domains would turn a public name into one of the inner network; an intranet's own names may need them.
    name = host if conf.WEBHOOK_ALLOWED_NETWORKS else f"{host}."
    try:
        infos = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise _blamed(host, error) from error
    except UnicodeError as error:
        raise NameLookupError(f"{host}: {error}") from error
    except OSError as error:
        raise ResolverError(f"{host}: {error}") from error
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


def _blamed(host: str, error: socket.gaierror) -> NameLookupError | ResolverError:
    """Tell whose failure it is. EAI_AGAIN stands for both: the domain's servers failed, or ours gave no answer."""
    detail = f"{host}: {error.strerror}"
    if error.errno in _NOT_FOUND or (error.errno == socket.EAI_AGAIN and _knows_others()):
        return NameLookupError(detail)
    return ResolverError(f"{detail}; our resolver doesn't answer")


def _knows_others() -> bool:
    """Tell whether our resolver looks up anything, by a name that is always there. That there is none will do too."""
    try:
        socket.getaddrinfo(ALWAYS_THERE, None)
    except socket.gaierror as error:
        return error.errno in _NOT_FOUND
    return True
