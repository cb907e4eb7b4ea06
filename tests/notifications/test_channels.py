"""The seam upwards: a channel opens inside the routing transaction and is woken after it."""

from __future__ import annotations

import pytest
from django.db import transaction

from events.bus import publish
from notifications import channels
from notifications.models import Notification
from tests.notifications.conftest import RecordingChannel
from tests.notifications.factories.routing import JOB, channels_of, notified, publish_and_route, route, store_preference

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]


@pytest.fixture
def _by_mail(owner) -> None:
    store_preference(owner, "job.completed", channels=["in_app", "email"])


class Broken(RecordingChannel):
    """A channel that can't."""

    def open(self, rows) -> None:
        super().open(rows)
        raise RuntimeError("no")

    def wake(self) -> None:
        raise RuntimeError("no")


@pytest.fixture
def chat():
    """A channel that comes with its own file only."""
    added = RecordingChannel()
    added.name = "chat"
    channels.register(added)
    yield added
    channels.unregister("chat")


@pytest.mark.usefixtures("_by_mail")
def test_a_channel_is_given_its_rows_as_they_were_written(owner, recorder):
    event = publish_and_route("job.completed", source=JOB)
    [opened] = recorder.opened
    row = Notification.objects.get(channel="email")
    assert (opened.notification_id, opened.event_id, opened.user_id) == (row.pk, event.pk, owner.pk)


@pytest.mark.usefixtures("_by_mail")
def test_it_opens_inside_the_transaction_and_wakes_after_it(recorder, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        publish_and_route("job.completed", source=JOB)
        assert (len(recorder.opened), recorder.wakes) == (1, 0)
    assert recorder.wakes == 1


@pytest.mark.usefixtures("_by_mail")
def test_rolled_back_routing_wakes_nobody(recorder, django_capture_on_commit_callbacks):
    event = publish("job.completed", source=JOB)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        route(event)
        transaction.set_rollback(True)
    assert (recorder.wakes, notified(event)) == (0, {})


@pytest.mark.usefixtures("_by_mail")
def test_a_channel_without_rows_is_left_alone(recorder, chat, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        publish_and_route("job.completed", source=JOB)
    assert (chat.opened, chat.wakes) == ([], 0)


def test_a_channel_that_is_not_installed_gets_its_row_and_no_delivery(owner):
    store_preference(owner, "job.completed", channels=["in_app", "webhook"])
    event = publish_and_route("job.completed", source=JOB)
    assert channels_of(owner, event) == {"in_app", "webhook"}
    assert not Notification.objects.get(channel="webhook").is_delivered


def test_registering_is_all_a_new_channel_needs(owner, chat):
    store_preference(owner, "job.completed", channels=["chat"])
    publish_and_route("job.completed", source=JOB)
    assert len(chat.opened) == 1


def test_a_name_is_taken_once(recorder):
    with pytest.raises(ValueError, match="registered already"):
        channels.register(RecordingChannel())


@pytest.mark.usefixtures("_by_mail")
def test_a_channel_that_cannot_open_takes_the_routing_back():
    """Then the subscriber tries again, and parks the event in the end; nobody has half of it."""
    channels.register(Broken())
    try:
        event = publish_and_route("job.completed", source=JOB)
    finally:
        channels.unregister("email")
    assert notified(event) == {}


@pytest.mark.usefixtures("_by_mail")
def test_a_channel_that_cannot_wake_keeps_the_others_from_nothing(owner, chat, django_capture_on_commit_callbacks):
    store_preference(owner, "job.completed", channels=["email", "chat"])
    broken = Broken()
    broken.open = RecordingChannel.open.__get__(broken)  # type: ignore[method-assign]
    channels.unregister("chat")
    channels.register(broken)
    channels.register(chat)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            publish_and_route("job.completed", source=JOB)
    finally:
        channels.unregister("email")
    assert chat.wakes == 1
