"""Process that makes ready what several processes then do at once."""

from __future__ import annotations

from bench.curves import worker


def main(work: str, count: int) -> None:
    worker.prepare(work, count)
