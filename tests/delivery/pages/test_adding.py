"""The form that adds a channel, on the page of the channels; what is typed there can be tested before it is stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import reverse

from delivery.channels import Checked
from delivery.channels.webhook.channel import Webhook
from delivery.models import Address, Delivery
from delivery.sender import trial
from events.accounts import User
from tests.delivery.fakes.channel import SENT
from tests.delivery.fakes.http_receiver import Reply

pytestmark = pytest.mark.django_db

Ask = Callable[..., str]


@pytest.fixture(autouse=True)
def _uncounted() -> Iterator[None]:
    trial.reset()
    yield
    trial.reset()


@pytest.fixture
def browser(client: Client, member: User) -> Client:
    client.force_login(member)
    return client


@pytest.fixture
def tested(browser: Client) -> Ask:
    """What the page says once the test of a target has been asked for; nothing is ever stored."""

    def ask(target: str, *, kind: str = "webhook", status: int = 200, **more: str) -> str:
        answer = browser.post(reverse("carillon:channel-add"), {"kind": kind, "target": target, "test": "1"} | more)
        assert answer.status_code == status
        assert not Address.objects.filter(kind=kind, is_account=False).exists()
        assert not Delivery.objects.exists()
        return str(answer.content.decode())

    return ask


def test_the_form_is_closed_on_the_channels_page_and_open_at_its_own_address(browser):
    pages = [browser.get(reverse(f"carillon:{name}")).text for name in ("channels", "channel-add")]
    assert ['<details class="adding">' in page for page in pages] == [True, False]
    assert ['<details class="adding" open>' in page for page in pages] == [False, True]


def test_a_test_goes_to_what_was_typed_as_its_deliveries_would(receiver, tested):
    page = tested(f"{receiver.url}/hook")
    [request] = receiver.requests
    assert json.loads(request.body)["event_type"] == "carillon.test"
    assert request.headers["webhook-signature"].startswith("v1,")
    assert "The test arrived." in page
    assert "200 OK" in page


def test_in_the_format_that_is_chosen(receiver, tested):
    tested(f"{receiver.url}/hook", format="cloudevents")
    assert receiver.last.headers["content-type"].startswith("application/cloudevents+json")


def test_what_was_typed_and_chosen_stays_in_the_form(receiver, tested):
    page = tested(f"{receiver.url}/hook", retry="long")
    assert f'value="{receiver.url}/hook"' in page
    assert '<option value="long" selected>' in page


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(404), ("404 Not Found", "The receiver refused the request.")),
        (Reply(302, {"Location": "http://127.0.0.1:1/"}), ("302 Found", "follow those")),
        (Reply(close=True), ("closed the connection",)),
    ],
)
def test_a_test_that_fails_says_what_came_back_and_what_to_do(receiver, tested, reply, words):
    receiver.reply = reply
    page = tested(f"{receiver.url}/hook")
    assert "The test failed." in page
    assert [word for word in words if word not in page] == []
    assert len(receiver.requests) == 1


def test_one_deadline_ends_a_test_whatever_the_receiver_does(receiver, tested, monkeypatch):
    monkeypatch.setattr(trial, "DEADLINE", 0.3)
    receiver.reply = Reply(drip=0.2, body=b"slow")
    assert "no answer in 3" in tested(f"{receiver.url}/hook")


def test_nothing_is_sent_into_the_inner_network(tested):
    page = tested("https://127.0.0.1/hook", status=400)
    assert 'aria-invalid="true"' in page
    assert "outside the public internet" in page


def test_nor_where_only_the_connection_leads_there(tested, monkeypatch):
    """A name may lead elsewhere by the time it is sent: the connection is guarded as a delivery's is."""
    monkeypatch.setattr(Webhook, "check", lambda self, target, user: Checked(target, secret=self.new_secret()))
    page = tested("https://127.0.0.1/hook")
    assert "The test failed." in page
    assert "outside the public internet" in page


def test_a_stranger_s_mailbox_gets_a_link_first(browser, tested):
    assert 'name="test"' not in browser.get(reverse("carillon:channel-add"), {"kind": "email"}).text
    assert "gets a link first" in tested("victim@example.com", kind="email", status=400)


def test_a_person_tests_ten_in_ten_minutes(fake, tested):
    for _number in range(10):
        assert "The test arrived." in tested("there", kind="fake")
    assert "You can test 10 new addresses in 10 minutes" in tested("there", kind="fake", status=429)
    assert len(fake.sent) == 10


def test_few_are_tested_at_once(fake, tested):
    """Each keeps a turn of the web process until it is answered."""
    with trial._at_once, trial._at_once:
        assert "Others are testing right now" in tested("there", kind="fake", status=429)
    assert fake.sent == []


def test_a_channel_that_breaks_ends_its_test_only(fake, tested):
    fake.answers = {None: [RuntimeError("its own mistake"), SENT]}
    assert "The test failed." in tested("there", kind="fake")
    assert "The test arrived." in tested("there", kind="fake")
