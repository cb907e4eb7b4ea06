"""Token bucket: an allowance of so many at once and so many a second."""


class TokenBucket:
    """Allowance of `burst` at once, refilled by `rate` a second. `now`: seconds of a clock that never goes back."""

    def __init__(self, *, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at = burst, now

    def take(self, *, now: float) -> float:
        """Take one and give 0; where none is left, take nothing and give the seconds until there is one."""
        self._refill(now)
        if self._tokens < 1:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        return 0.0

    def is_full(self, *, now: float) -> bool:
        self._refill(now)
        return self._tokens >= self._burst

    def _refill(self, now: float) -> None:
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
