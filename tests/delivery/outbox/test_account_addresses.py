"""An account's e-mail changes: what is unsent goes to the new address, and history says where the rest went."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from delivery import addresses
from delivery.models import Address, Attempt, Delivery
from delivery.models.addresses import BY_OWNER, REPLACED
from delivery.outbox import account_addresses, outbox
from events.accounts import User
from notifications.channels import Opened
from notifications.models import Summary
from tests.delivery.factories.deliveries import NOON, address, after, notification
from tests.delivery.factories.deliveries import delivery as delivery_to
from tests.delivery.fakes.channel import FAILED, SENT, FakeChannel, installed
from tests.delivery.manual_sender import claim, deliver, settle

pytestmark = pytest.mark.django_db

OLD, NEW = "owner@example.com", "new@example.com"


@pytest.fixture
def mail() -> Iterator[FakeChannel]:
    channel = FakeChannel("fake_mail", uses_account_email=True)
    with installed(channel):
        yield channel


def account(user: User, **fields: object) -> Address:
    return address(user, kind="fake_mail", is_account=True, target=user.email, **fields)


def change_to(user: User, email: str) -> None:
    get_user_model().objects.filter(pk=user.pk).update(email=email)
    user.email = email


def sweep() -> None:
    assert account_addresses.move_unsent(after=0, now=NOON) == 0


def follow(user: User) -> None:
    account_addresses.follow_accounts("fake_mail", [user.pk])


def where(*, of: Delivery) -> list[tuple[str, str, str]]:
    rows = Delivery.objects.filter(notification=of.notification, summary=of.summary).order_by("pk")
    return [(row.address.target, row.state, row.reason) for row in rows]


def in_use(user: User) -> list[str]:
    return [row.target for row in Address.objects.filter(user=user, is_enabled=True)]


MOVED = [(OLD, "skipped", REPLACED), (NEW, "pending", "")]


def test_what_waits_goes_to_the_new_address(owner, mail):
    made = delivery_to(account(owner))
    change_to(owner, NEW)
    sweep()
    assert where(of=made) == MOVED


def test_nothing_is_sent_to_the_old_one_before_the_sweep(owner, mail):
    made = delivery_to(account(owner))
    change_to(owner, NEW)
    assert deliver(mail) == []
    assert where(of=made) == [(OLD, "pending", REPLACED)]
    sweep()
    assert deliver(mail) == [SENT]
    assert where(of=made) == [(OLD, "skipped", REPLACED), (NEW, "sent", "")]


def test_what_was_tried_keeps_its_attempts_and_is_frozen_anew(owner, mail):
    made = delivery_to(account(owner))
    settle(claim(mail), FAILED)
    change_to(owner, NEW)
    sweep()
    made.refresh_from_db()
    [following] = Delivery.objects.exclude(pk=made.pk)
    assert (following.body, following.tries, following.due_at) == (None, 0, NOON)
    assert Attempt.objects.get().delivery == made
    assert where(of=made) == MOVED


def test_what_waits_behind_an_open_breaker_waits_no_longer(owner, mail):
    made = delivery_to(account(owner, failures=9, failing_since=after(-99), open_until=after(3600)), due_at=after(3600))
    change_to(owner, NEW)
    sweep()
    assert deliver(mail) == [SENT]
    assert where(of=made)[-1] == (NEW, "sent", "")


def test_what_is_being_sent_counts_where_it_went(owner, mail):
    made = delivery_to(account(owner))
    claimed = claim(mail)
    change_to(owner, NEW)
    sweep()
    settle(claimed, SENT)
    sweep()
    assert where(of=made) == [(OLD, "sent", "")]


def test_what_was_being_sent_and_failed_follows(owner, mail):
    made = delivery_to(account(owner))
    claimed = claim(mail)
    change_to(owner, NEW)
    follow(owner)
    settle(claimed, FAILED)
    assert deliver(mail, now=after(60)) == []
    sweep()
    assert where(of=made) == MOVED


def test_history_shows_the_old_address_for_what_went_there(owner, mail):
    made = delivery_to(account(owner), state="sent")
    change_to(owner, NEW)
    follow(owner)
    assert where(of=made) == [(OLD, "sent", "")]


def test_what_was_sent_to_the_old_one_is_sent_again_to_the_new_one(owner, mail):
    made = delivery_to(account(owner), state="dead")
    change_to(owner, NEW)
    follow(owner)
    outbox.resend([made.pk], now=NOON)
    sweep()
    assert where(of=made) == MOVED


def test_a_summary_follows_and_a_test_does_not(owner, mail):
    box = account(owner)
    summary = Summary.objects.create(user=owner, kind="dnd", window="w", count=1)
    made = Delivery.objects.create(address=box, kind=box.kind, purpose="summary", summary=summary, due_at=NOON)
    Delivery.objects.create(address=box, kind=box.kind, purpose="test", due_at=NOON)
    change_to(owner, NEW)
    sweep()
    assert where(of=made) == MOVED
    assert Delivery.objects.get(purpose="test").state == "skipped"


def test_twice_before_the_sweep(owner, mail):
    made = delivery_to(account(owner))
    change_to(owner, "between@example.com")
    change_to(owner, NEW)
    sweep()
    assert where(of=made) == MOVED


def test_twice_with_somebody_looking_in_between(owner, mail):
    made = delivery_to(account(owner))
    for email in ("between@example.com", NEW):
        change_to(owner, email)
        follow(owner)
    sweep()
    assert where(of=made) == MOVED
    assert in_use(owner) == [NEW]


def test_there_and_back_is_the_first_row_again(owner, mail):
    first = account(owner, failures=9, open_until=after(3600))
    for email in (NEW, OLD):
        change_to(owner, email)
        follow(owner)
    row = Address.objects.get(is_account=True)
    assert (row.pk, row.target, row.is_enabled, row.failures, row.open_until) == (first.pk, OLD, True, 0, None)
    assert Address.objects.count() == 2


def test_the_new_one_inherits_what_was_chosen(owner, mail):
    account(owner, is_enabled=False, disabled_reason=BY_OWNER, retry="long", rate_per_second=2)
    change_to(owner, NEW)
    follow(owner)
    row = Address.objects.get(is_account=True)
    assert (row.target, row.is_enabled, row.disabled_reason) == (NEW, False, BY_OWNER)
    assert (row.retry, row.rate_per_second) == ("long", 2)


def test_the_new_one_does_not_inherit_that_the_old_one_failed(owner, mail):
    account(owner, is_enabled=False, disabled_reason="failing", failures=40)
    change_to(owner, NEW)
    follow(owner)
    assert in_use(owner) == [NEW]


def test_what_waits_ends_where_the_owner_wants_no_mail(owner, mail):
    made = delivery_to(account(owner, is_enabled=False, disabled_reason=BY_OWNER))
    change_to(owner, NEW)
    sweep()
    assert where(of=made) == MOVED[:1]


def test_an_account_that_has_none_any_more_gets_nothing(owner, mail):
    made = delivery_to(account(owner))
    change_to(owner, "")
    sweep()
    deliver(mail)
    assert where(of=made) == [(OLD, "skipped", "address_removed")]
    assert mail.sent == []


def test_one_that_was_without_goes_on_with_the_old_switches(owner, mail):
    account(owner, is_enabled=False, disabled_reason=BY_OWNER)
    for email in ("", NEW):
        change_to(owner, email)
        follow(owner)
    assert Address.objects.get(is_account=True, target=NEW).is_enabled is False


def test_one_added_by_hand_and_confirmed_is_enough(owner, mail):
    account(owner)
    by_hand = address(owner, kind="fake_mail", target=NEW)
    made = delivery_to(Address.objects.get(is_account=True))
    delivery_to(by_hand, of=made.notification)
    change_to(owner, NEW)
    sweep()
    assert where(of=made) == MOVED
    assert in_use(owner) == [NEW]
    change_to(owner, OLD)
    follow(owner)
    assert sorted(in_use(owner)) == [NEW, OLD]


def test_one_added_by_hand_needs_no_link_once_it_is_the_account_s(owner, mail):
    account(owner)
    address(owner, kind="fake_mail", target=NEW, verified_at=None)
    change_to(owner, NEW)
    follow(owner)
    row = Address.objects.get(target=NEW)
    assert (row.is_account, row.verified_at is not None) == (True, True)


def test_the_old_one_needs_a_link_before_it_is_used_again(owner):
    addresses.of(owner)
    change_to(owner, NEW)
    assert [row.target for row in addresses.of(owner)] == [NEW]
    row = addresses.create(owner, kind="email", target=OLD, now=NOON).address
    assert (row.is_account, row.verified_at, row.mailbox) == (False, None, OLD)
    assert list(row.deliveries.values_list("purpose", flat=True)) == ["confirmation"]


def test_many_are_moved_a_part_at_a_time(owner, mail, monkeypatch):
    monkeypatch.setattr(account_addresses, "CHUNK", 2)
    box = account(owner)
    for _ in range(3):
        delivery_to(box)
    change_to(owner, NEW)
    for left in (1, 0):
        sweep()
        assert Delivery.objects.filter(address=box, state="pending").count() == left


def test_a_look_goes_on_where_the_last_one_ended(owner, member, mail, monkeypatch):
    monkeypatch.setattr(account_addresses, "LOOKED_AT", 1)
    quiet, made = delivery_to(account(member)), delivery_to(account(owner))
    change_to(owner, NEW)
    assert account_addresses.move_unsent(after=0, now=NOON) == quiet.pk
    assert where(of=made) == [(OLD, "pending", "")]
    account_addresses.move_unsent(after=quiet.pk, now=NOON)
    assert where(of=made) == MOVED


def test_what_is_opened_after_the_change_goes_to_the_new_one_only(owner, mail):
    account(owner)
    change_to(owner, NEW)
    row = notification(owner, channel="fake_mail")
    outbox.Opener(mail).open([Opened(row.pk, row.event_id, owner.pk, row.channel)])
    sweep()
    assert [one.address.target for one in Delivery.objects.filter(notification=row)] == [NEW]


@pytest.mark.service
def test_the_inbox_is_locked_before_the_addresses_and_those_before_the_deliveries(owner, mail):
    delivery_to(account(owner))
    change_to(owner, NEW)
    with CaptureQueriesContext(connection) as asked:
        sweep()
    locks = [query["sql"] for query in asked if "FOR UPDATE" in query["sql"] or "FOR NO KEY" in query["sql"]]
    assert [sql.split('FROM "')[1].split('"')[0] for sql in locks] == ["inboxes", "notification_channels", "deliveries"]
