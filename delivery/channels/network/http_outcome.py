"""Outcomes of attempts over HTTP, by a receiver's answer."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from delivery.channels import Outcome, blame
from delivery.models.addresses import masked

EXCERPT = 500
# Whoever asks for more is asked again after a day.
LONGEST_WAIT = timedelta(hours=24)
_ASKS_TO_WAIT = frozenset({429, 503})


def judge(
    status: int, headers: Mapping[str, str], *, excerpt: str = "", connected_to: str = "", now: datetime
) -> Outcome:
    """Judge an answer: 2xx is success and nothing else. `now`: when it came; waiting times are counted from it."""
    verdict = blame.of_answer("webhook ANSWER", str(status))
    state, reason = "dead" if verdict.is_final else "retry", _reason(status)
    if 200 <= status < 300:
        state = "sent"
    elif 300 <= status < 400:
        excerpt = safe(f"Location: {masked(headers.get('Location', ''))} {excerpt}")
    return Outcome(
        state,
        reason,
        http_status=status,
        retry_at=retry_at(headers, now=now) if status in _ASKS_TO_WAIT else None,
        disables=status == 410,
        whose=verdict.whose,
        connected_to=connected_to,
        excerpt=excerpt,
    )


def _reason(status: int) -> str:
    special = {410: "gone", 429: "too_many_requests"}.get(status)
    families = {2: "", 3: "http_3xx", 4: "http_4xx", 5: "http_5xx"}
    return special or families.get(status // 100, "not_http")


def retry_at(headers: Mapping[str, str], *, now: datetime) -> datetime | None:
    """Return the moment that `Retry-After` asks for, a day ahead at most. None: it asks for nothing that can be read.

    A date counts from the answer's own `Date`, so that a receiver whose clock is wrong gets the wait that it meant.
    """
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        wait = timedelta(seconds=int(asked)) if len(asked) < 7 else LONGEST_WAIT
    elif (until := _date(asked)) is None:
        return None
    else:
        wait = until - (_date(headers.get("Date", "")) or now)
    return now + min(wait, LONGEST_WAIT) if wait > timedelta() else None


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def safe(text: str) -> str:
    """Make it fit for a page, a log and the database: one line, no control characters, not longer than an excerpt."""
    shown = "".join(character if character.isprintable() else " " for character in text[: 4 * EXCERPT])
    return " ".join(shown.split())[:EXCERPT]
