"""Adaptive batch sizes: as many rows as a short transaction can take, by how long the last one took."""


class AdaptiveBatch:
    """Batch size: `size` is how many the next batch may have, so that it takes about `wish` seconds."""

    def __init__(self, *, first: int, least: int, most: int, wish: float) -> None:
        self.size = first
        self._least, self._most, self._wish = least, most, wish

    def took(self, seconds: float) -> None:
        """Learn from the seconds that a batch of this size took, by half or twice at most."""
        share = min(2.0, max(0.5, self._wish / max(seconds, 0.001)))
        self.size = min(self._most, max(self._least, int(self.size * share)))
