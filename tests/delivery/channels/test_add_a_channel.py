"""The channel that the documentation shows, installed as it says, takes what people chose to have over it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone

from delivery import addresses, channels
from delivery.errors import AddressRefused
from delivery.models import Delivery
from delivery.outbox import outbox
from notifications import channels as registry
from tests.api_client import V1, as_
from tests.delivery.fakes.http_receiver import Receiver, Reply, receiving
from tests.delivery.manual_sender import deliver
from tests.notifications.factories.routing import publish_and_route

if TYPE_CHECKING:
    from delivery.channels import Channel

pytestmark = pytest.mark.django_db

DOCUMENT = Path(__file__).parents[3] / "docs" / "add-a-channel.md"
APP = "documented_app"


def documented() -> str:
    code: list[str] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert len(code) == 1
    return code[0]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def ntfy(tmp_path, monkeypatch, settings, receiver) -> Iterator[Channel]:
    """An app with that one file, found as at start-up."""
    (tmp_path / APP).mkdir()
    (tmp_path / APP / "__init__.py").touch()
    (tmp_path / APP / "carillon_channels.py").write_text(documented())
    monkeypatch.syspath_prepend(tmp_path)
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, APP]
    channels.discover()
    outbox.install()
    sys.modules[f"{APP}.carillon_channels"].SERVER = receiver.url  # type: ignore[attr-defined]
    yield channels.named("ntfy")
    channels.unregister("ntfy")
    registry.unregister("ntfy")
    for name in [APP, f"{APP}.carillon_channels"]:
        del sys.modules[name]


def chosen(user) -> None:
    preference = next(
        row for row in as_(user).get(f"{V1}/notifications/preferences").json() if row["event_type"] == "job.completed"
    )
    path = f"{V1}/notifications/preferences/{preference['event_type_id']}"
    assert as_(user).put(path, {"channels": ["in_app", "ntfy"]}).status_code == 200


def test_it_takes_about_forty_lines():
    assert len(documented().splitlines()) <= 50


def test_what_people_choose_to_have_over_it_arrives(owner, ntfy, receiver):
    addresses.create(owner, kind="ntfy", target="alerts", now=timezone.now())
    chosen(owner)
    publish_and_route("job.completed", actor=owner, payload={"name": "Shot 042"})
    deliver(ntfy, now=timezone.now())
    made = Delivery.objects.get()
    [request] = receiver.requests
    assert (request.path, request.body) == ("/alerts", b"Shot 042 finished")
    assert (made.kind, made.state) == ("ntfy", "sent")


def test_what_its_server_refuses_is_tried_again(owner, ntfy, receiver):
    receiver.reply = Reply(status=503)
    row = addresses.create(owner, kind="ntfy", target="alerts", now=timezone.now()).address
    outbox.enqueue(row, purpose=Delivery.Purpose.TEST, now=timezone.now())
    deliver(ntfy, now=timezone.now())
    made = Delivery.objects.get()
    assert (made.state, made.reason, made.tries) == ("pending", "http_503", 1)


@pytest.mark.usefixtures("ntfy")
def test_its_refusals_reach_whoever_adds_an_address(owner):
    with pytest.raises(AddressRefused, match="letters, digits"):
        addresses.create(owner, kind="ntfy", target="a b", now=timezone.now())


@pytest.mark.usefixtures("ntfy")
def test_its_addresses_are_added_over_http_by_its_own_word_for_them(owner):
    made = as_(owner).post(f"{V1}/notifications/channels", {"kind": "ntfy", "topic": "alerts"})
    assert (made.status_code, made.json()["topic"]) == (201, "alerts")


@pytest.mark.usefixtures("ntfy")
def test_other_kinds_refuse_its_word(owner):
    answer = as_(owner).post(f"{V1}/notifications/channels", {"kind": "email", "address": "a@b.cc", "topic": "alerts"})
    assert [error["code"] for error in answer.json()["errors"]] == ["not_for_this_kind"]


@pytest.mark.usefixtures("ntfy")
def test_its_addresses_are_added_on_the_page(owner, client):
    client.force_login(owner)
    assert 'name="target"' in client.get(reverse("carillon:channel-add"), {"kind": "ntfy"}).text
    client.post(reverse("carillon:channel-add"), {"kind": "ntfy", "target": "alerts"})
    assert [row.target for row in addresses.of(owner) if row.kind == "ntfy"] == ["alerts"]


@pytest.mark.usefixtures("ntfy")
def test_the_preferences_page_offers_it(owner, client):
    client.force_login(owner)
    assert "Push message" in client.get(reverse("carillon:preferences")).text


def test_a_channel_that_is_none_is_refused():
    with pytest.raises(TypeError, match="inherit"):
        channels.register(object())  # type: ignore[arg-type]
