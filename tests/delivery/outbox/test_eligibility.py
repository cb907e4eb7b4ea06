"""When its turn has come a delivery is sent only if somebody still wants it."""

from __future__ import annotations

import pytest
from django.db import connection

from delivery.models import Delivery
from delivery.outbox import outbox
from events.memberships import grant, revoke
from events.models import Event
from notifications.models import Notification, Summary
from tests.accounts.factory import name_of
from tests.delivery.factories.deliveries import NOON, address, after, delivery, notification
from tests.delivery.fakes.channel import FAILED
from tests.delivery.manual_sender import claim, deliver, settle
from tests.notifications.factories.routing import JOB, change_type, mute, store_preference
from tests.notifications.fakes import access_host
from tests.own_settings import own

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(owner) -> Delivery:
    return delivery(address(owner))


def ended(made: Delivery) -> tuple[str, str]:
    made.refresh_from_db()
    return made.state, made.reason


def test_read_meanwhile(made, fake):
    Notification.objects.update(is_read=True)
    deliver(fake)
    assert ended(made) == ("skipped", "read")
    assert fake.sent == []


def test_a_channel_for_machines_sends_what_was_read(made, fake):
    fake.skips_read = False
    Notification.objects.update(is_read=True)
    deliver(fake)
    assert ended(made) == ("sent", "")


@pytest.mark.parametrize("choice", [{"is_enabled": False, "channels": ["fake"]}, {"channels": ["in_app"]}])
def test_switched_off_meanwhile(owner, made, fake, choice):
    store_preference(owner, "job.completed", **choice)
    deliver(fake)
    assert ended(made) == ("skipped", "switched_off")


def test_muted_meanwhile(owner, made, fake):
    Event.objects.update(**JOB.columns("source_entity"))
    mute(owner, of=JOB)
    deliver(fake)
    assert ended(made) == ("skipped", "muted")
    assert Notification.objects.get().done_at is None


@pytest.mark.parametrize("is_read", [False, True])
@pytest.mark.parametrize(("end", "code"), [({"withdrawn_at": NOON}, "withdrawn"), ({"resolved_by": 7}, "resolved")])
def test_withdrawn_or_over_meanwhile(made, fake, end, code, is_read):
    Event.objects.update(**end)
    Notification.objects.update(is_read=is_read)
    deliver(fake)
    assert ended(made) == ("skipped", code)


@pytest.mark.parametrize("flag", ["is_locked", "is_critical"])
def test_what_is_locked_or_critical_goes_out_nevertheless(owner, made, fake, flag):
    change_type("job.completed", **{flag: True})
    store_preference(owner, "job.completed", channels=["in_app"])
    deliver(fake)
    assert ended(made) == ("sent", "")


def test_still_chosen(owner, made, fake):
    store_preference(owner, "job.completed", channels=["in_app", "fake"])
    deliver(fake)
    assert ended(made) == ("sent", "")


def test_an_inactive_person(owner, made, fake):
    owner.is_active = False
    owner.save()
    deliver(fake)
    assert ended(made) == ("skipped", "user_inactive")


def test_only_a_confirmation_goes_to_an_unverified_address(owner, fake):
    box = address(owner, verified_at=None)
    asked = Delivery.objects.create(address=box, kind="fake", purpose="confirmation", due_at=NOON)
    made = delivery(box)
    deliver(fake)
    assert ended(made) == ("skipped", "address_unverified")
    assert ended(asked) == ("sent", "")


@pytest.fixture
def summary(owner) -> Summary:
    return Summary.objects.create(user=owner, kind="dnd", window="w", count=2)


def give_back(summary: Summary) -> Delivery:
    for _ in range(2):
        notification(summary.user, summary=summary, hold="dnd")
    return Delivery.objects.create(
        address=address(summary.user), kind="fake", purpose="summary", summary=summary, due_at=NOON
    )


def test_a_summary_of_what_was_read_meanwhile(summary, fake):
    made = give_back(summary)
    Notification.objects.update(is_read=True)
    deliver(fake)
    assert ended(made) == ("skipped", "read")


def test_a_summary_tells_what_is_still_unread_and_delivers_it(summary, fake):
    give_back(summary)
    read = Notification.objects.earliest("id")
    Notification.objects.filter(pk=read.pk).update(is_read=True)
    [claimed] = claim(fake)
    assert [one.notification.is_read for one in claimed.outgoing.held] == [False]


def test_the_first_success_of_a_summary_delivers_what_it_gives_back(summary, fake):
    give_back(summary)
    deliver(fake)
    assert set(Notification.objects.values_list("is_delivered", "delivered_at")) == {(True, NOON)}


def test_a_summary_leaves_out_what_was_switched_off_meanwhile(owner, summary, fake):
    give_back(summary)
    notification(owner, name="job.failed", summary=summary)
    store_preference(owner, "job.completed", is_enabled=False, channels=["fake"])
    [claimed] = claim(fake)
    assert [one.event.event_type.name for one in claimed.outgoing.held] == ["job.failed"]
    told = claimed.outgoing.summary
    assert told is not None
    assert (told.count, told.by_type) == (1, {"job.failed": 1})


def test_a_summary_of_what_was_withdrawn_meanwhile(summary, fake):
    made = give_back(summary)
    Event.objects.update(withdrawn_at=NOON)
    Notification.objects.update(is_read=True, withdrawn_at=NOON)
    deliver(fake)
    assert ended(made) == ("skipped", "withdrawn")


def test_a_summary_leaves_out_what_was_muted_meanwhile(owner, summary, fake):
    give_back(summary)
    Event.objects.update(**JOB.columns("source_entity"))
    notification(owner, name="job.failed", summary=summary)
    mute(owner, of=JOB)
    [claimed] = claim(fake)
    assert [one.event.event_type.name for one in claimed.outgoing.held] == ["job.failed"]


def test_a_summary_of_what_was_all_muted_is_skipped(owner, summary, fake):
    made = give_back(summary)
    Event.objects.update(**JOB.columns("source_entity"))
    mute(owner, of=JOB)
    deliver(fake)
    assert ended(made) == ("skipped", "muted")


def test_a_summary_of_what_was_all_switched_off_is_skipped(owner, summary, fake):
    made = give_back(summary)
    store_preference(owner, "job.completed", channels=["in_app"])
    deliver(fake)
    assert ended(made) == ("skipped", "switched_off")


def test_a_summary_goes_over_no_channel_that_its_rows_have_not_chosen_any_more(owner, summary, fake):
    made = give_back(summary)
    for row in Notification.objects.all():
        Notification.objects.create(event=row.event, user=owner, channel="in_app", summary=summary)
    store_preference(owner, "job.completed", channels=["in_app"])
    deliver(fake)
    assert ended(made) == ("skipped", "switched_off")


def test_a_digest_goes_over_its_own_channel(owner, fake):
    digest = Summary.objects.create(user=owner, kind="digest", window="w", count=1)
    notification(owner, channel="in_app", summary=digest)
    made = Delivery.objects.create(address=address(owner), kind="fake", purpose="summary", summary=digest, due_at=NOON)
    deliver(fake)
    assert ended(made) == ("sent", "")


def test_a_summary_counts_an_event_once_however_many_rows_it_has(owner, summary, fake):
    give_back(summary)
    first = Notification.objects.earliest("id")
    Notification.objects.create(event=first.event, user=owner, channel="in_app", summary=summary)
    [claimed] = claim(fake)
    assert claimed.outgoing.summary is not None
    assert (claimed.outgoing.summary.count, len(claimed.outgoing.held)) == (2, 2)


@pytest.fixture
def of_a_job(owner) -> Delivery:
    grant(JOB, user=owner, role="member")
    row = notification(owner, reason="member")
    Event.objects.update(source_entity_type=JOB.type, source_entity_id=JOB.id)
    return delivery(address(owner), of=row)


def test_a_membership_that_is_there_still(of_a_job, fake):
    deliver(fake)
    assert ended(of_a_job) == ("sent", "")


def test_a_membership_revoked_meanwhile(owner, of_a_job, fake):
    revoke(JOB, user=owner)
    deliver(fake)
    assert ended(of_a_job) == ("skipped", "no_access")


def test_a_membership_revoked_between_two_tries(owner, of_a_job, fake):
    settle(claim(fake), FAILED)
    revoke(JOB, user=owner)
    assert deliver(fake, now=after(60)) == []
    assert ended(of_a_job) == ("skipped", "no_access")


def test_what_was_skipped_for_it_is_sent_again_only_with_a_membership(owner, of_a_job, fake):
    revoke(JOB, user=owner)
    deliver(fake)
    for again, outcome in ((after(90), ("skipped", "no_access")), (after(180), ("sent", ""))):
        outbox.resend([of_a_job.pk], now=again)
        deliver(fake, now=again)
        assert ended(of_a_job) == outcome
        grant(JOB, user=owner, role="watcher")


def test_a_summary_leaves_out_what_its_person_has_no_access_to(owner, summary, fake):
    made = give_back(summary)
    Event.objects.update(source_entity_type=JOB.type, source_entity_id=JOB.id)
    Notification.objects.update(reason="member")
    deliver(fake)
    assert ended(made) == ("skipped", "no_access")


@pytest.fixture
def _host(settings) -> None:
    access_host.reset()
    own(settings, MAY_SEE=access_host.PATH)


@pytest.mark.usefixtures("_host")
class TestWhatTheHostLetsThemSee:
    def test_what_they_may_see(self, of_a_job, fake):
        deliver(fake)
        assert ended(of_a_job) == ("sent", "")

    def test_what_they_may_not_see_is_not_sent(self, owner, of_a_job, fake):
        access_host.closed.add((name_of(owner), JOB))
        deliver(fake)
        assert ended(of_a_job) == ("skipped", "no_access")
        assert fake.sent == []

    def test_it_waits_while_the_host_fails(self, of_a_job, fake):
        access_host.broken.append(OSError("away"))
        assert deliver(fake) == []
        assert ended(of_a_job) == ("pending", "access_unknown")
        access_host.reset()
        deliver(fake, now=after(30))
        assert ended(of_a_job) == ("sent", "")

    def test_nobody_is_asked_while_rows_are_locked(self, of_a_job, fake, monkeypatch):
        asked: list[list[str]] = []

        def may_see(*_pair: object) -> bool:
            asked.append(list(connection.savepoint_ids))
            return True

        monkeypatch.setattr(access_host, "may_see", may_see)
        before = list(connection.savepoint_ids)
        deliver(fake)
        assert asked == [before]

    @pytest.mark.parametrize("is_broken", [False, True])
    def test_a_summary_leaves_it_out_or_waits(self, owner, summary, fake, is_broken):
        made = give_back(summary)
        Event.objects.filter(pk=Event.objects.earliest("id").pk).update(source_entity_type="job", source_entity_id=42)
        access_host.closed.add((name_of(owner), JOB))
        access_host.broken.extend([OSError("away")] * is_broken)
        claimed = claim(fake)
        assert [len(one.outgoing.held) for one in claimed] == ([] if is_broken else [1])
        assert ended(made) == (("pending", "access_unknown") if is_broken else ("sending", ""))
