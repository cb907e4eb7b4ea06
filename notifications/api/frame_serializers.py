"""Frames of the WebSocket as the AsyncAPI document shows them: what the server sends, and what a client may."""

from typing import Any

from rest_framework import serializers

from events.rest.fields import Instant, Listed, Payload, Switch, Text, Whole, one_of
from notifications.api.serializers import NotificationOut, SettingsOut
from notifications.models import Summary

_LEFT = ("deleted", "withdrawn", "done", "snoozed")


class Counted(serializers.Serializer[Any]):
    seq = Whole(help_text="The inbox's number after this: what a client resumes from.")
    unread_count = Whole()


class NotificationFrame(Counted):
    type = one_of(["notification"])
    toast = Switch(help_text="Whether it may interrupt now.")
    notification = NotificationOut()
    event_type = Text()
    payload = Payload()
    timestamp = Instant(help_text="When it was published.")


class ReadFrame(Counted):
    type = one_of(["read"])
    ids = Listed(child=Whole())
    is_read = Switch()


class ReadAllFrame(Counted):
    type = one_of(["read_all"])
    up_to = Whole(help_text="A feed_seq; what surfaced later stays as it is.")
    category = Text(allow_null=True)


class Left(serializers.Serializer[Any]):
    ids = Listed(child=Whole())
    reason = one_of(_LEFT)


class RemovedFrame(Counted, Left):
    type = one_of(["removed"])


class SettingsFrame(SettingsOut):
    type = one_of(["settings"])
    seq = Whole()


class ResyncFrame(Counted):
    """Too much has changed to be told: fetch page one."""

    type = one_of(["resync"])


class SummaryFrame(serializers.Serializer[Any]):
    type = one_of(["summary"])
    seq = Whole()
    id = Whole()
    kind = one_of(Summary.Kind.values)
    count = Whole()
    by_type = serializers.DictField(child=Whole())
    url = Text()
    title = Text()
    text = Text(allow_blank=True)
    is_read = Switch()


class HelloFrame(Counted):
    """The first frame, and the answer to `resume`."""

    type = one_of(["hello"])
    now = Instant()
    settings = SettingsOut()
    recovered = Switch(help_text="What follows is all that changed since the client's seq; else fetch page one.")
    notifications = NotificationOut(many=True)
    removed = Left(many=True)
    summaries = SummaryFrame(many=True)
    is_held = Switch(help_text="News wait just now: only what is critical makes a toast.")


class PulseFrame(serializers.Serializer[Any]):
    """News for whoever watches: there is something to see on Pulse."""

    type = one_of(["pulse"])
    seq = Whole(max_value=0)


class PongFrame(serializers.Serializer[Any]):
    type = one_of(["pong"])


class ErrorFrame(serializers.Serializer[Any]):
    """The last frame before the server closes, or the answer to a frame it can't take; docs/errors.md."""

    type = one_of(["error"])
    code = Text()
    detail = Text()


class ResumeFrame(serializers.Serializer[Any]):
    type = one_of(["resume"])
    seq = Whole()


class WatchFrame(serializers.Serializer[Any]):
    """Request of whoever may view events for `pulse` frames in the next minute."""

    type = one_of(["watch"])


class PingFrame(serializers.Serializer[Any]):
    type = one_of(["ping"])


SENT = (
    HelloFrame, NotificationFrame, ReadFrame, ReadAllFrame, RemovedFrame, SettingsFrame, ResyncFrame, SummaryFrame,
    PulseFrame, PongFrame, ErrorFrame,
)  # fmt: skip
ACCEPTED = (ResumeFrame, WatchFrame, PingFrame)
