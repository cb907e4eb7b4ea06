"""Invariants that hold after every step, whatever it was."""

from __future__ import annotations

from collections import Counter

from hypothesis.stateful import invariant

from delivery.models import Delivery
from notifications.inbox import feed, recount
from notifications.models import Inbox, Notification, Summary
from tests.delivery.model.world import ALARM, World


class Checks(World):
    def __init__(self) -> None:
        super().__init__()
        self.seqs: dict[int, int] = {}
        self.summary_of: dict[int, int] = {}
        self.shown: dict[int, list[tuple[int, bool]]] = {}

    @invariant()
    def all_holds(self) -> None:
        self.badges_and_feeds_are_those_of_the_reference()
        self.numbers_only_rise()
        self.nobody_is_told_twice()
        self.what_is_critical_is_told_in_its_step()
        self.what_is_withdrawn_is_gone_and_what_is_over_waits_for_nothing()

    def badges_and_feeds_are_those_of_the_reference(self) -> None:
        boxes = dict(Inbox.objects.values_list("user_id", "unread_count"))
        for user, reference in self.feeds.items():
            page = [(row.pk, row.is_read) for row in feed.page(user, limit=1000)]
            assert page == [(pk, reference.rows[pk].is_read) for pk in reference.feed()]
            self.a_feed_that_changed_has_a_new_number(user, page)
            assert boxes.get(user, 0) == reference.badge()
        assert not recount.wrong_among(list(self.feeds))

    def a_feed_that_changed_has_a_new_number(self, user: int, page: list[tuple[int, bool]]) -> None:
        """Number of a changed feed is higher, or a tab that asks what came since would miss it."""
        if page != self.shown.get(user, []):
            assert Inbox.objects.get(pk=user).seq > self.seqs.get(user, 0)
            self.shown[user] = page

    def numbers_only_rise(self) -> None:
        for inbox in Inbox.objects.all():
            assert inbox.seq >= self.seqs.get(inbox.user_id, 0)
            self.seqs[inbox.user_id] = inbox.seq
        rows = Notification.objects.filter(channel="in_app", folded_into=None, withdrawn_at=None)
        places = [(user, place) for user, place, seq in rows.values_list("user_id", "feed_seq", "seq") if place <= seq]
        assert len(places) == len(set(places)) == len(rows)
        assert all(place <= self.seqs[user] for user, place in places)

    def nobody_is_told_twice(self) -> None:
        """A row goes out by itself or in one summary, and over each address once."""
        deliveries = list(Delivery.objects.values_list("notification_id", "summary_id", "address_id"))
        assert [one for one, times in Counter(deliveries).items() if times > 1] == []
        alone = {row for row, _summary, _address in deliveries if row is not None}
        gathered = dict(Notification.objects.filter(summary__isnull=False).values_list("pk", "summary_id"))
        assert alone.isdisjoint(gathered)
        for row, summary in gathered.items():
            assert self.summary_of.setdefault(row, summary) == summary
        waiting = Notification.objects.exclude(hold="none").values_list("pk", flat=True)
        assert alone.isdisjoint(waiting)
        assert Summary.objects.filter(count__lte=0).count() == 0

    def what_is_critical_is_told_in_its_step(self) -> None:
        rows = Notification.objects.filter(event__event_type__name=ALARM, channel="email")
        sent = set(Delivery.objects.filter(notification__in=rows).values_list("notification_id", flat=True))
        assert {row.pk for row in rows} == sent
        assert not rows.exclude(hold="none").exists()
        assert not Notification.objects.filter(event__event_type__name=ALARM).exclude(hold="none").exists()

    def what_is_withdrawn_is_gone_and_what_is_over_waits_for_nothing(self) -> None:
        rows = Notification.objects.filter(event__in=self.withdrawn)
        assert not rows.filter(withdrawn_at=None).exists()
        assert Notification.objects.filter(withdrawn_at__isnull=False).count() == rows.count()
        over = Notification.objects.filter(event__in=self.over - self.withdrawn)
        assert not over.exclude(is_read=True, hold="none", snoozed_until=None).exists()
