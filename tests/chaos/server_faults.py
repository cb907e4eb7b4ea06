"""Faults of our own servers: PostgreSQL and Redis."""

from __future__ import annotations

import time

from tests.chaos.faults import fault
from tests.chaos.stack import Stack
from tests.delivery.fakes.http_receiver import Reply

# Errors of the server that say nothing against what was tried; the issue of a full disk is one of them.
ODD_STATES = ("53100", "57014", "58030", "53200", "XX000")
_RAISING = """
CREATE OR REPLACE FUNCTION chaos_fail() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'made by the harness' USING ERRCODE = '%s'; END $$
"""
_TRIGGER = "CREATE TRIGGER chaos_fail BEFORE INSERT ON notifications EXECUTE FUNCTION chaos_fail()"


@fault("nothing")
def nothing(_stack: Stack, seconds: float) -> None:
    time.sleep(seconds)


@fault("database restarted")
def database_restarted(stack: Stack, _seconds: float) -> None:
    stack.postgres.stop()
    stack.postgres.start()


@fault("database away", is_short=True)
def database_away(stack: Stack, seconds: float) -> None:
    """Connections are refused."""
    stack.postgres.stop()
    time.sleep(seconds)
    stack.postgres.start()


@fault("database away for longer than a lease")
def database_away_for_long(stack: Stack, _seconds: float) -> None:
    """Take it away while receivers ponder: what they answer meanwhile is written later, and nothing goes out again."""
    stack.http.reply, stack.mail.slow = Reply(delay=1.2), 1.2
    time.sleep(2)
    database_away(stack, 25.0)
    stack.http.reply, stack.mail.slow = Reply(), 0.0


@fault("database crashed")
def database_crashed(stack: Stack, seconds: float) -> None:
    for _ in range(3):
        stack.postgres.kill_backends()
        time.sleep(seconds / 3)


@fault("database frozen")
def database_frozen(stack: Stack, seconds: float) -> None:
    stack.postgres.freeze()
    time.sleep(seconds)
    stack.postgres.thaw()


@fault("database takes no connections")
def database_takes_no_connections(stack: Stack, seconds: float) -> None:
    stack.postgres.administrate("ALTER DATABASE carillon ALLOW_CONNECTIONS false")
    stack.postgres.administrate("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'carillon'")
    time.sleep(seconds)
    stack.postgres.administrate("ALTER DATABASE carillon ALLOW_CONNECTIONS true")


@fault("database read-only", is_short=True)
def database_read_only(stack: Stack, seconds: float) -> None:
    _set(stack, "default_transaction_read_only", "on")
    time.sleep(seconds)
    _set(stack, "default_transaction_read_only", "off")


@fault("database cancels statements")
def database_cancels(stack: Stack, seconds: float) -> None:
    _set(stack, "statement_timeout", "1ms")
    time.sleep(seconds)
    _set(stack, "statement_timeout", "0")


@fault("database disk full", needs_small_disk=True, is_short=True)
def database_full(stack: Stack, seconds: float) -> None:
    stack.postgres.fill_disk()
    time.sleep(3 * seconds)
    stack.postgres.free_disk()


@fault("database answers with odd errors")
def odd_errors(stack: Stack, seconds: float) -> None:
    """Each of ODD_STATES for long enough that three tries fail."""
    stack.postgres.sql((_RAISING % ODD_STATES[0]).encode())
    stack.postgres.sql(_TRIGGER.encode())
    for state in ODD_STATES:
        stack.postgres.sql((_RAISING % state).encode())
        time.sleep(max(seconds, 8.0))
    stack.postgres.sql("DROP TRIGGER chaos_fail ON notifications")


@fault("Redis emptied")
def redis_emptied(stack: Stack, seconds: float) -> None:
    for _ in range(10):
        stack.redis.flush()
        time.sleep(seconds / 10)


@fault("Redis restarted")
def redis_restarted(stack: Stack, _seconds: float) -> None:
    stack.redis.stop()
    stack.redis.start()


@fault("Redis killed")
def redis_killed(stack: Stack, seconds: float) -> None:
    stack.redis.kill()
    time.sleep(seconds)
    stack.redis.start()


@fault("Redis frozen")
def redis_frozen(stack: Stack, seconds: float) -> None:
    stack.redis.freeze()
    time.sleep(seconds)
    stack.redis.thaw()


def _set(stack: Stack, name: str, value: str) -> None:
    stack.postgres.administrate(f"ALTER SYSTEM SET {name} = '{value}'")
    stack.postgres.administrate("SELECT pg_reload_conf()")
