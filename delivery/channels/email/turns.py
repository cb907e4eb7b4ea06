"""Turns at the connections to the mail server: few at once in a process, and at most two for one recipient domain.

A mail that takes long is left to wait on a connection beside the few, so slow domains cost the others nothing.
"""

import threading
import time
from dataclasses import dataclass

# Few mail servers like many connections from one place.
MOST_AT_ONCE, MOST_IN_ALL, MOST_OF_DOMAIN = 4, 16, 2
# Seconds after which a mail on its way is one beside the few, and after which those behind it go back to their queue.
SLOW_AFTER, STALLED_AFTER = 2.0, 5.0


@dataclass(eq=False, slots=True)
class Turn:
    """Turn of one mail. `began`: of the monotonic clock, or 0 while it waits."""

    domain: str
    began: float = 0.0


class Turns:
    """Turns of one process, whose drains share them."""

    def __init__(self, *, at_once: int = MOST_AT_ONCE) -> None:
        self._at_once, self._taken, self._lock = at_once, set[Turn](), threading.Lock()

    def take(self, turn: Turn) -> bool:
        """Begin this turn now, if there is room; False: it has to wait."""
        now = time.monotonic()
        with self._lock:
            quick = sum(now - one.began < SLOW_AFTER for one in self._taken)
            of_domain = sum(one.domain == turn.domain for one in self._taken)
            if quick >= self._at_once or len(self._taken) >= MOST_IN_ALL or of_domain >= MOST_OF_DOMAIN:
                return False
            turn.began = now
            self._taken.add(turn)
        return True

    def end(self, turn: Turn) -> None:
        """End a turn; nothing happens if it had not begun."""
        with self._lock:
            self._taken.discard(turn)

    def is_stalled(self, domain: str) -> bool:
        """Tell whether all that a mail for this domain waits for has been on its way for long."""
        late = time.monotonic() - STALLED_AFTER
        with self._lock:
            same = [one.began < late for one in self._taken if one.domain == domain]
            return all(same) if len(same) >= MOST_OF_DOMAIN else len(self._taken) >= MOST_IN_ALL
