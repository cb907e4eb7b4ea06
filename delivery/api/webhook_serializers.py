"""Bodies of webhooks as the AsyncAPI document shows them: the standard form, and CloudEvents."""

from typing import Any

from rest_framework import serializers

from delivery.channels.webhook import body, cloudevents
from events.rest.fields import EntityId, Instant, Payload, Switch, Text, Whole, one_of
from notifications.models import Summary


class Happening(serializers.Serializer[Any]):
    event_type = Text()
    payload = Payload()
    timestamp = Instant()
    event_id = Whole()
    position = Whole(allow_null=True)
    category = Text()
    is_critical = Switch()
    source_entity_type = Text(allow_null=True)
    source_entity_id = EntityId(allow_null=True)
    actor_user_id = Whole(allow_null=True)
    project_id = Whole(allow_null=True)
    title = Text(allow_blank=True)
    body = Text(allow_blank=True)
    url = Text(allow_blank=True, help_text="Where a person sees it, or empty.")
    notification_id = Whole(allow_null=True)
    reason = Text(allow_blank=True)


class WebhookEvent(Happening):
    id = Text(help_text="The webhook-id: the same for each repeat.")


class Counts(serializers.Serializer[Any]):
    count = Whole()
    by_type = serializers.DictField(child=Whole())


class SummaryCounts(Counts):
    kind = one_of(Summary.Kind.values)


class Message(serializers.Serializer[Any]):
    id = Text()
    timestamp = Instant()
    title = Text(allow_blank=True)
    url = Text(allow_blank=True)


class WebhookDigest(Message):
    event_type = one_of([body.DIGEST])
    payload = Counts()
    events = Happening(many=True)


class Listed(serializers.Serializer[Any]):
    notification_id = Whole()
    event_id = Whole()
    event_type = Text()
    timestamp = Instant()
    title = Text(allow_blank=True)
    url = Text(allow_blank=True)


class WebhookSummary(Message):
    event_type = one_of([body.SUMMARY])
    payload = SummaryCounts()
    summary_id = Whole()
    notifications = Listed(many=True, help_text="The newest, at most 50.")


class TestPayload(serializers.Serializer[Any]):
    message = Text()


class WebhookTest(Message):
    event_type = one_of([body.TEST])
    payload = TestPayload()


class CloudEventOut(serializers.Serializer[Any]):
    """`data` is the payload of the standard form; a summary and a digest have their list in it."""

    specversion = one_of(["1.0"])
    id = Text()
    source = Text()  # type: ignore[assignment]
    type = Text()
    time = Instant()
    datacontenttype = one_of(["application/json"])
    subject = Text(required=False, help_text="What it is about, as in job:4.")
    data = Payload()  # type: ignore[assignment]

    def get_fields(self) -> dict[str, Any]:
        extensions = {name: Text(required=False) for name in map(cloudevents.attribute, cloudevents.EXTENSIONS)}
        return super().get_fields() | extensions | {"iscritical": Switch(required=False)}


STANDARD = (WebhookEvent, WebhookDigest, WebhookSummary, WebhookTest)
