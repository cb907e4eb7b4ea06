"""People read, finish, snooze and take back what they did; time goes by, and what was snoozed comes back."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from notifications.holds import due, undo
from notifications.inbox import marking, triage
from tests.delivery.model.world import MINUTE, World

PLACE = st.integers(0, 7)


class Triaging(World):
    @rule(
        who=st.integers(0, 1),
        action=st.sampled_from(triage.ACTIONS),
        places=st.sets(PLACE, min_size=1, max_size=3),
        minutes=st.integers(1, 90),
    )
    def act(self, who, action, places, minutes) -> None:
        user = self.people[who].pk
        shown = sorted(self.feeds[user].rows, reverse=True)
        ids = [shown[place] for place in sorted(places) if place < len(shown)]
        if action in ("snooze", "unread"):
            # Of what is over nobody needs to hear again.
            is_over = {rows.get(user) for event, rows in self.told.items() if event in self.over}
            ids = [pk for pk in ids if pk not in is_over]
        until = self.now + minutes * MINUTE
        state = triage.act(user, ids=ids, action=action, until=until, now=self.now)
        self.feeds[user].act(ids, action, self.now, batch=state.batch, until=until)
        self.keep(user, state)

    @rule(who=st.integers(0, 1))
    def read_all(self, who) -> None:
        user = self.people[who].pk
        reference = self.feeds[user]
        state = marking.mark_all(user, now=self.now)
        counted = [pk for pk in reference.rows if reference.counts(pk)]
        reference.act(counted, "read", self.now, batch=state.batch)
        self.keep(user, state)

    @rule(number=PLACE)
    def undo(self, number) -> None:
        if self.batches:
            user, batch = self.batches[-1 - number % len(self.batches)]
            undo.undo(user, batch_id=batch, now=self.now)
            self.feeds[user].undo(batch)

    @rule(minutes=st.integers(1, 120))
    def wait(self, minutes) -> None:
        self.now += minutes * MINUTE
        due.release_due(now=self.now)
        self.wake()

    def keep(self, user: int, state: marking.State) -> None:
        if state.batch:
            self.batches.append((user, state.batch))
