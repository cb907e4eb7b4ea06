"""What an owner reads of an address that fails: sentences, true of whose fault it was, and no codes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from delivery import reasons
from delivery.channels import Outcome, Whose
from delivery.channels.blame import TABLE
from delivery.models import Delivery
from events import rendering
from events.models import Event
from tests.delivery.factories import emails
from tests.delivery.factories.deliveries import address, after, delivery
from tests.delivery.fakes.channel import FAILED
from tests.delivery.manual_sender import claim, settle

pytestmark = pytest.mark.django_db

THEIRS = sorted({verdict.reason for _, verdict in TABLE if verdict.whose is Whose.THEIRS and verdict.reason})
STEPS = ["http_3xx", "http_4xx", "http_5xx", "recipient_refused", "recipient_put_off", "mail_refused"]
DEAD = Outcome("dead", "timeout", whose=Whose.THEIRS)


def alerts(owner, fake, outcome: Outcome, **fields: object) -> list[Event]:
    """What is told of one delivery that ends so."""
    delivery(address(owner, target="https://example.com/hook", **fields))
    settle(claim(fake), outcome)
    return list(Event.objects.filter(event_type__category="system").select_related("event_type"))


def test_one_that_fails_says_why_and_since_when_and_what_becomes_of_it(owner, fake):
    [event] = alerts(owner, fake, replace(DEAD, reason="http_5xx"))
    said = rendering.render(event, event.event_type)
    assert said.title.endswith("https://example.com/hook did not take what was sent")
    assert said.body == (
        "The receiver answered with a server error. Check its log. Failing since 4 March, 12:00 UTC. "
        "What did not arrive is kept and can be sent again."
    )


def test_one_that_is_gone_says_so(owner, fake):
    [event] = alerts(owner, fake, replace(DEAD, reason="gone", disables=True))
    said = rendering.render(event, event.event_type)
    assert said.title.endswith("https://example.com/hook was paused")
    assert said.body.startswith("The receiver says this URL is gone for good (410). Add the new one. You can resume it")


def test_one_that_failed_for_days_says_so(owner, fake):
    [event] = alerts(owner, fake, FAILED, failures=20, failing_since=after(-6 * 86_400))
    assert rendering.render(event, event.event_type).body.startswith("It failed for days, so Carillon paused it.")


@pytest.mark.parametrize("reason", [*THEIRS, *STEPS])
def test_no_code_is_in_toast_row_or_mail(owner, fake, reason):
    [event] = alerts(owner, fake, replace(DEAD, reason=reason))
    said = rendering.render(event, event.event_type)
    mail = emails.part(emails.outgoing(event), "plain")
    assert not re.search(r"\b[a-z]+_[a-z]", f"{said.title} {said.body} {mail}".replace("system.address_failing", ""))
    assert "try again" not in said.body
    assert reasons.sentence(reason) in " ".join(mail.split())


@pytest.mark.parametrize("whose", [Whose.OURS, Whose.UNKNOWN])
def test_nobodys_address_is_said_to_fail_for_what_is_not_its_fault(owner, fake, whose):
    assert alerts(owner, fake, replace(DEAD, reason="mail_server_slow", whose=whose)) == []
    assert Delivery.objects.get().address.failures == 0


def test_a_code_of_another_channel_reads_as_words():
    assert reasons.sentence("pigeon_lost") == "Failed: pigeon lost."
