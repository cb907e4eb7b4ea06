"""Checks of what the tables say: the log, deliveries, secrets, and what badges count."""

import time

from django.db.models import Max, Q

from delivery.doctor.check import Finding, named, ok, warn, wrong
from delivery.encryption import UnreadableSecretError, unseal
from delivery.models import Address
from delivery.monitoring.backlog import backlog
from events.db import clock
from events.models import Event, LogHead
from notifications.inbox import recount

# Seconds, as the alerts have them.
LATE = 60
UNNUMBERED = 30
MOST_LAG = 1000
# Badges that are named.
MOST = 5


def log() -> Finding:
    head = LogHead.objects.filter(pk=1).values_list("position", flat=True).first()
    last = Event.objects.aggregate(last=Max("position"))["last"] or 0
    if head is None or head < last:
        return wrong(
            f"Its head is at {head}, an event at {last}: the next one can't be numbered.",
            do=f"Stop the workers, then UPDATE log_head SET position = {last} WHERE id = 1 (insert it if missing).",
        )
    now = backlog(now=clock.now())
    if now.oldest_unnumbered_seconds > UNNUMBERED:
        said = f"An event waits for its number since {now.oldest_unnumbered_seconds:.0f} s."
        return wrong(said, do="See that a worker runs, and which transaction is open for long.")
    if behind := [f"{one.name} ({one.lag} events)" for one in now.subscribers if one.lag > MOST_LAG]:
        return warn(f"Behind: {named(behind)}.", do="See Subscribers in the admin: paused, or slow?")
    if failed := [one.name for one in now.subscribers if one.parked or one.set_aside]:
        return warn(f"Events are parked or set aside: {named(failed)}.", do="See Parked events in the admin.")
    return ok(f"{head} events are numbered, and every subscriber is near.")


def deliveries() -> Finding:
    now = backlog(now=clock.now())
    if now.failing_servers:
        return warn(
            f"Nothing gets further over {named(now.failing_servers)}.", do="See that server, and the check mail."
        )
    if now.oldest_undelivered_seconds > LATE:
        said = f"One is due since {now.oldest_undelivered_seconds:.0f} s."
        return wrong(said, do="See that a worker runs; then Pulse in the admin.")
    return ok("None is late.")


def secrets() -> Finding:
    unreadable = 0
    sealed = Address.objects.filter(~Q(secret="") | ~Q(previous_secret=""))
    for secret, former in sealed.values_list("secret", "previous_secret").iterator(chunk_size=500):
        unreadable += not all(_is_readable(one) for one in (secret, former) if one)
    if unreadable:
        return wrong(
            f"Of {unreadable} addresses the secret can't be read under this SECRET_KEY.",
            do="Put the key from before into SECRET_KEY_FALLBACKS and run `manage.py reseal`.",
        )
    return ok("All can be read.")


def badges(*, seconds: float) -> Finding:
    """Recount what people have unread, as many as there is time for."""
    end, counted = time.monotonic() + seconds, 0
    found: list[recount.Wrong] = []
    for users in recount.everybody():
        found += recount.wrong_among(users)
        counted += len(users)
        if time.monotonic() > end:
            break
    if found:
        badly = [f"The badge of user {one.user_id} says {one.said}; {one.counted} are unread." for one in found[:MOST]]
        return wrong(f"Wrong badges: {len(found)}. {' '.join(badly)}", do="Run `manage.py doctor --fix`.")
    return ok(f"{counted} people's say what is unread.")


def _is_readable(sealed: str) -> bool:
    try:
        return bool(unseal(sealed))
    except UnreadableSecretError:
        return False
