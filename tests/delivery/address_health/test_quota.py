"""Nobody turns tests and confirmations into a cannon: they are counted by address, person and mailbox."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from delivery import addresses
from delivery.address_health import quota
from delivery.errors import TooSoon
from delivery.models import Address, Delivery
from events.accounts import User
from tests.api_client import V1, as_
from tests.delivery.factories.deliveries import address

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    """Rows are made at the database's own time."""
    return timezone.now()


def mail(user: User, target: str, *, at: datetime) -> Address:
    return addresses.create(user, kind="email", target=target, now=at).address


def asked(to: Address, count: int, *, ago: timedelta, purpose: str = "confirmation") -> None:
    made = [Delivery(address=to, kind=to.kind, purpose=purpose) for _number in range(count)]
    rows = Delivery.objects.filter(pk__in=[row.pk for row in Delivery.objects.bulk_create(made)])
    rows.update(created_at=timezone.now() - ago)


def refusal(user: User, target: str, *, at: datetime) -> TooSoon:
    with pytest.raises(TooSoon) as refused:
        mail(user, target, at=at)
    return refused.value


def test_a_person_asks_for_ten_links_an_hour_over_all_addresses(owner, now):
    for number in range(10):
        mail(owner, f"box{number}@example.com", at=now)
    assert refusal(owner, "box10@example.com", at=now).code == "too_many_confirmations"
    assert not Address.objects.filter(target="box10@example.com").exists()


def test_an_hour_after_the_first_of_ten_there_is_room_for_one(owner, now):
    asked(mail(owner, "box@example.com", at=now), 9, ago=timedelta(minutes=20))
    assert 2390 < refusal(owner, "other@example.com", at=now).wait <= 2410
    assert mail(owner, "other@example.com", at=now + timedelta(minutes=41)).pk


def test_a_mailbox_gets_ten_links_a_day_whoever_asks_under_whatever_tag(owner, member, now):
    for number in range(10):
        asked(mail(owner, f"Victim+{number}@example.com", at=now), 0, ago=timedelta())
        Delivery.objects.update(created_at=now - timedelta(hours=2))
    for target in ("victim@example.com", "victim+10@Example.com", "VICTIM@example.com"):
        assert refusal(member, target, at=now).code == "too_many_confirmations"
    assert mail(member, "victor@example.com", at=now).pk


def test_a_mailbox_has_room_again_a_day_later(owner, member, now):
    asked(mail(owner, "victim+1@example.com", at=now), 10, ago=timedelta(hours=2))
    assert mail(member, "victim@example.com", at=now + timedelta(hours=25)).pk


def test_the_account_s_own_address_is_no_stranger_s(owner):
    assert [row.mailbox for row in addresses.of(owner)] == [""]


def test_asking_again_counts_too(owner, now):
    row = mail(owner, "box@example.com", at=now)
    asked(row, 9, ago=timedelta(minutes=5))
    with pytest.raises(TooSoon) as refused:
        addresses.ask_to_confirm(owner.pk, address_id=row.pk, now=now + timedelta(minutes=2))
    assert refused.value.code == "too_many_confirmations"


def test_a_person_sends_sixty_tests_an_hour_over_all_addresses(owner, fake, now):
    asked(address(owner), quota.MOST_AN_HOUR[Delivery.Purpose.TEST], ago=timedelta(minutes=5), purpose="test")
    with pytest.raises(TooSoon) as refused:
        addresses.send_test(owner.pk, address_id=address(owner).pk, now=now)
    assert refused.value.code == "too_many_tests"


def test_the_api_says_when_to_come_back(owner):
    for number in range(10):
        asked(address(owner, kind="email", target=f"box{number}@example.com"), 1, ago=timedelta(minutes=50))
    answer = as_(owner).post(f"{V1}/notifications/channels", {"kind": "email", "address": "box@example.com"})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_confirmations")
    assert 590 < int(answer["Retry-After"]) <= 600
