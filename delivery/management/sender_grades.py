"""Grades for any sender of Standard Webhooks 1.0: what its attempts are answered, and what they show of it. Pure."""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from delivery.channels.webhook import signing

# Answers to the attempts of the first message and of the second, HANG for none at all; GONE to all that comes later.
HANG = 0
FAILING = ((500, HANG, 200), (302, 503, 200))
GONE = (410,)
ELSEWHERE = "/elsewhere"
RETRY_AFTER = 2
# Seconds that a timestamp may be off, that one of a retry may be older than the first one's was, that clocks round.
TOLERANCE, STALE, ROUNDING = 300, 2.0, 0.1


@dataclass(slots=True)
class Attempt:
    """Request that came. `headers`: names in lower case; `at`, `ended`: seconds since 1970."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float
    answer: int = 200
    ended: float = 0.0

    @property
    def message_id(self) -> str:
        return self.headers.get("webhook-id", "")

    @property
    def timestamp(self) -> int:
        """Seconds since 1970; 0 for what is no whole number of them."""
        text = self.headers.get("webhook-timestamp", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0

    @property
    def signatures(self) -> list[str]:
        return self.headers.get("webhook-signature", "").split(" ")

    def is_json(self) -> bool:
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            json.loads(self.body)
        except ValueError:
            return False
        return kind == "application/json" or kind.endswith("+json")

    def is_signed(self, key: bytes) -> bool:
        headers = signing.headers(self.body, message_id=self.message_id, timestamp=self.timestamp, keys=[key])
        expected = headers["webhook-signature"].encode()
        return any(hmac.compare_digest(one.encode(), expected) for one in self.signatures)


@dataclass(slots=True)
class Examination:
    """Messages with what their attempts are to be answered; what followed the redirect; what came after 410."""

    messages: list[tuple[tuple[int, ...], list[Attempt]]] = field(default_factory=list)
    followed: list[Attempt] = field(default_factory=list)
    unwanted: list[Attempt] = field(default_factory=list)

    def note(self, attempt: Attempt) -> None:
        """Note an attempt, and how it is to be answered."""
        if attempt.path == ELSEWHERE:
            self.followed.append(attempt)
        elif self.is_through:
            self.unwanted.append(attempt)
            attempt.answer = GONE[0]
        else:
            script, attempts = self._message_of(attempt)
            attempts.append(attempt)
            attempt.answer = script[min(len(attempts), len(script)) - 1]

    @property
    def is_through(self) -> bool:
        return any(script == GONE for script, _attempts in self.messages)

    def grades(self, key: bytes) -> dict[str, bool]:
        """Each rule, and whether it was kept; what nothing showed was not."""
        every = [one for _script, attempts in self.messages for one in attempts]
        again = [(attempts[0], later) for _script, attempts in self.messages for later in attempts[1:]]
        after = {one.answer: (one, later) for _script, attempts in self.messages for one, later in pairwise(attempts)}
        rules = {rule: bool(every) and all(map(holds, every)) for rule, holds in _EACH.items()}
        rules["a v1 signature fits id, timestamp, body and secret"] = bool(every) and all(
            one.is_signed(key) for one in every
        )
        rules |= {rule: bool(again) and all(holds(*pair) for pair in again) for rule, holds in _RETRIES.items()}
        rules |= {f"{name} is retried": status in after for status, name in _FAILURES.items()}
        waits = [later.at - one.ended for status, (one, later) in after.items() if status == 503]
        return rules | {
            "a redirect is not followed": bool(again) and not self.followed,
            "Retry-After is obeyed": bool(waits) and waits[0] > RETRY_AFTER - ROUNDING,
            "200 is not retried": any(one.answer == 200 for one in every) and 200 not in after,
            "410 ends all that goes to this URL": self.is_through and not self.unwanted,
        }

    def _message_of(self, attempt: Attempt) -> tuple[tuple[int, ...], list[Attempt]]:
        """Find it by its id; one under another id whose body waits for a retry, by that. 410 comes last of all."""
        for message in self.messages:
            if attempt.message_id and message[1][0].message_id == attempt.message_id:
                return message
        waiting = [message for message in self.messages if len(message[1]) < len(message[0])]
        for message in waiting:
            if message[1][0].body == attempt.body:
                return message
        place = len(self.messages)
        script = FAILING[place] if place < len(FAILING) else (200,) if waiting else GONE
        self.messages.append((script, []))
        return self.messages[-1]


_EACH: dict[str, Callable[[Attempt], bool]] = {
    "attempts are POST requests": lambda one: one.method == "POST",
    "the body is JSON, and Content-Type says so": Attempt.is_json,
    "webhook-id is there, without a full stop": lambda one: "." not in (one.message_id or "."),
    "webhook-timestamp is in seconds, and near": lambda one: abs(one.at - one.timestamp) < TOLERANCE,
    "webhook-signature lists version,signature": lambda one: all(all(each.partition(",")) for each in one.signatures),
}
_RETRIES: dict[str, Callable[[Attempt, Attempt], bool]] = {
    "the id stays over retries": lambda first, later: first.message_id == later.message_id,
    "the body stays over retries, byte by byte": lambda first, later: first.body == later.body,
    "the timestamp is each attempt's own": lambda first, later: (
        (later.at - later.timestamp) - (first.at - first.timestamp) < STALE
    ),
}
_FAILURES = {500: "500", HANG: "an attempt that hangs", 302: "a redirect", 503: "503"}
