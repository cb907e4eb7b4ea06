"""One run: publish, make the fault, undo it, wait until all has come to rest, and judge."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable

import psycopg

from tests.chaos import facts, judge, sinks
from tests.chaos.faults import Fault
from tests.chaos.publishing import Publishers
from tests.chaos.reading import Reader
from tests.chaos.report import Run
from tests.chaos.stack import Stack, is_ready, wait_for

# Seconds of publishing before the fault. None after it: later events would bring hints for those whose hints were lost.
BEFORE = 1.0
# Bytes by which a process may grow over all runs.
MOST_GROWTH = 100 * 2**20


class Harness:
    """Runs on one stack, one after the other; what was found in one isn't told again of the next."""

    def __init__(self, stack: Stack, *, seconds: float) -> None:
        self._stack, self._seconds = stack, seconds
        self._confirmed: set[str] = set()
        self._read: set[int] = set()
        self._known: set[str] = set()
        self._totals = Counter[str]()
        self._runs = 0
        self._memory: dict[str, int] = {}

    def run(self, fault: Fault) -> Run:
        self._runs += 1
        stack, problems = self._stack, list[str]()
        with Publishers(stack, prefix=f"chaos{self._runs}") as publishers, Reader(stack) as reader:
            time.sleep(BEFORE)
            try:
                fault.make(stack, self._seconds)
            except AssertionError as error:
                problems.append(str(error)[:500])
            ended = time.monotonic()
        self._confirmed |= publishers.confirmed
        self._read |= reader.confirmed
        at_rest = wait_for(self._is_at_rest, timeout=fault.patience)
        recovery = time.monotonic() - ended if at_rest else None
        if at_rest and not wait_for(self._clients_are_there, timeout=20):
            problems.append("clients were not told everything within 20 s")
        verdict = self._judge()
        problems += [*verdict.problems(), *(f"answer: {one}" for one in sorted(publishers.wrong_answers))]
        doubled = [f"doubled though no answer was lost: {one}" for one in verdict.doubled]
        if fault.may_double:
            self._known.update(doubled)
        problems += doubled
        problems += self._of_processes()
        return self._told(fault, verdict, problems, recovery=recovery, events=len(publishers.confirmed))

    def _told(
        self, fault: Fault, verdict: judge.Verdict, problems: Iterable[str], *, recovery: float | None, events: int
    ) -> Run:
        """Run with only what is new since the last one."""
        new = [one for one in problems if one not in self._known]
        self._known.update(new)
        totals = Counter(
            failed=verdict.failed,
            lost=len(verdict.lost),
            doubled=len(verdict.doubled),
            unexcused=len(verdict.unexcused),
        )
        more, self._totals = totals - self._totals, totals
        counts = more["failed"], more["lost"], more["doubled"], more["unexcused"]
        return Run(fault.name, events, *counts, recovery, new)

    def _is_at_rest(self) -> bool:
        try:
            return facts.outstanding(self._stack.postgres) == (0, 0) and all(map(is_ready, self._stack.urls))
        except psycopg.Error:
            return False

    def _clients_are_there(self) -> bool:
        inboxes = facts.load(self._stack.postgres).inboxes
        return all((one.seq or 0, one.unread or 0) == inboxes.get(one.user, (0, 0)) for one in self._clients())

    def _clients(self) -> list[judge.Client]:
        people = {person.key: person.pk for person in self._stack.people.values()}
        found = []
        for listener in self._stack.listeners:
            counts = [frame["unread_count"] for frame in listener.frames[-20:] if "unread_count" in frame]
            found.append(judge.Client(people[listener.key], listener.seq, counts[-1] if counts else None))
        return found

    def _judge(self) -> judge.Verdict:
        receipts = judge.keyed(sinks.read(self._stack.ledger.path))
        found = facts.load(self._stack.postgres)
        clients = self._clients()
        return judge.judge(found, confirmed=self._confirmed, receipts=receipts, clients=clients, read=self._read)

    def _of_processes(self) -> list[str]:
        """Tell who ended untold, and who has grown since the first run, after which everything is loaded."""
        ended = [f"process {one}" for one in self._stack.ended]
        self._stack.ended.clear()
        memory = self._stack.memory()
        self._memory = self._memory or memory
        return ended + judge.grown(self._memory, memory, most=MOST_GROWTH)
