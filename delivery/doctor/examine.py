"""The examination: every check in turn, each within five seconds."""

import threading
from collections.abc import Iterator, Sequence

from django.db import DatabaseError

from delivery.doctor import counts, database, machine, outside, processes
from delivery.doctor.check import Check, Finding, warn, wrong
from events.db.session import limited

# For each check.
SECONDS = 5.0
REACHED = Check("database", database.answers, asks_database=False)
CHECKS = (
    Check("migrations", database.migrations),
    Check("writes", database.writes),
    Check("database rules", database.rules),
    Check("constraints and indexes", database.constraints),
    Check("log", counts.log),
    Check("deliveries", counts.deliveries),
    Check("secrets", counts.secrets),
    Check("badges", lambda: counts.badges(seconds=SECONDS - 1)),
    Check("schedules", processes.schedules),
    Check("processes", processes.heartbeats),
    Check("clocks", machine.clocks),
    Check("files", machine.files, asks_database=False),
    Check("mail", outside.mail, asks_database=False),
    Check("broker", outside.broker, asks_database=False),
    Check("layer", outside.layer, asks_database=False),
)


def examine(checks: Sequence[Check] = CHECKS, *, seconds: float = SECONDS) -> Iterator[tuple[str, Finding]]:
    """Make the checks one after another, each outcome as it comes. Those that ask a database which doesn't answer are
    left out, and say so."""
    reached = _in_thread(REACHED, seconds=seconds)
    yield REACHED.name, reached
    for check in checks:
        if not check.asks_database:
            yield check.name, _in_thread(check, seconds=seconds)
        elif reached.do:
            yield check.name, warn("Not looked at: the database doesn't answer.", do="Mend the database first.")
        else:
            yield check.name, _in_transaction(check, seconds=seconds)


def _in_transaction(check: Check, *, seconds: float) -> Finding:
    try:
        with limited(seconds=seconds):
            return check.look()
    except (DatabaseError, TimeoutError) as error:
        return wrong(f"It can't be looked at: {_first_line(error)}.", do="Mend that, and run this again.")


def _in_thread(check: Check, *, seconds: float) -> Finding:
    found: list[Finding] = []

    def look() -> None:
        try:
            found.append(check.look())
        except Exception as error:  # noqa: BLE001  whatever a backend of the project's own raises
            said = f"It can't be looked at: {type(error).__name__}: {_first_line(error)}."
            found.append(wrong(said, do="Mend that, and run this again."))

    # A daemon: no end of the command waits for what hangs.
    looking = threading.Thread(target=look, name=f"doctor-{check.name}", daemon=True)
    looking.start()
    looking.join(seconds)
    late = wrong(f"No answer within {seconds:g} s.", do="Look whether it hangs, or the network between.")
    return found[0] if found else late


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
