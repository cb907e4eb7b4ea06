"""The objects of the deliveries' part of the API, as they come in and go out."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from delivery import addresses, channels
from delivery.models import Address, Attempt, Delivery
from events.api.serializers import EventOut
from events.db.clock import instant
from events.entities import Entity, parsed_entity
from events.errors import shown
from events.rest.fields import ChannelName, Instant, QueryWhole, Switch, Text, Whole, one_of
from events.rest.pagination import Paged
from events.rest.strict import Changes, Strict

MAX_TARGET = 2000
RETRY_HELP = "Of a webhook. short: after the seconds of WEBHOOK_RETRY_DELAYS; long: over three days."


def _target_fields() -> list[str]:
    """Names of targets among the installed channels: `url`, `address`, or that of an app's own channel."""
    return sorted({channels.named(name).target_field for name in channels.installed()})


class AddressIn(Strict):
    """New address. Its kind has either `address` (email) or `url` (webhook and chat)."""

    kind = one_of(sorted(channels.installed()))
    url = Text(required=False, max_length=MAX_TARGET, help_text="Of a webhook or a chat.")
    address = Text(required=False, max_length=MAX_TARGET, help_text="Of an e-mail address.")
    retry = one_of(Address.Retry.values, required=False, help_text=RETRY_HELP)
    format = one_of(Address.Format.values, required=False, help_text="Of a webhook.")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        own = [name for name in _target_fields() if name not in fields]
        return fields | {name: Text(required=False, max_length=MAX_TARGET) for name in own}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["kind"] not in channels.installed():
            return attrs | {"target": ""}
        wanted = channels.named(attrs["kind"]).target_field
        errors: dict[str, Any] = {
            name: [ErrorDetail(f"{attrs['kind']} has no {name}, but {wanted}.", code="not_for_this_kind")]
            for name in ("url", "address", *_target_fields())
            if name != wanted and name in attrs
        }
        if wanted not in attrs:
            errors[wanted] = [ErrorDetail("This field is required.", code="required")]
        if errors:
            raise ValidationError(errors)
        return attrs | {"target": attrs[wanted]}


class AddressChanges(Changes):
    is_enabled = Switch(help_text="True also forgets how often it failed.")
    retry = one_of(Address.Retry.values)
    format = one_of(Address.Format.values)


class AddressOut(serializers.Serializer[Any]):
    """Address with `url` or `address`, as its kind has it; a chat's URL is masked."""

    id = Whole()
    kind = Text()
    url = Text(required=False)
    address = Text(required=False)
    retry = one_of(Address.Retry.values, required=False)
    format = one_of(Address.Format.values, required=False)
    is_enabled = Switch()
    verified_at = Instant(allow_null=True, help_text="Null: gets nothing but its confirmation.")
    disabled_reason = Text(allow_blank=True)
    secret = Text(required=False, help_text="Only in the answer that makes or rotates it.")
    hint = Text(required=False, help_text="Only when it is added: which destinations send there too.")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        return fields | {name: Text(required=False) for name in _target_fields() if name not in fields}


class RecoverIn(Strict):
    since = Instant()


class RecoveredOut(serializers.Serializer[Any]):
    count = Whole(help_text="Deliveries that are on their way again, or for the first time.")


class DeliveriesQuery(Paged):
    state = one_of(Delivery.State.values, required=False)
    channel_id = QueryWhole(required=False)
    user_id = QueryWhole(required=False, help_text="Needs carillon_delivery.view_delivery, but for your own.")


class AttemptOut(serializers.Serializer[Any]):
    started_at = Instant()
    ms = Whole(allow_null=True)
    outcome = one_of(Attempt.Outcome.values)
    http_status = Whole(allow_null=True, help_text="The HTTP or SMTP status of the answer.")
    reason = Text(allow_blank=True)
    explanation = Text(allow_blank=True, help_text="The reason in words.")
    next_at = Instant(allow_null=True)
    connected_to = Text(required=False, allow_blank=True, help_text="With carillon_delivery.view_delivery.")
    excerpt = Text(required=False, allow_blank=True, help_text="Of the answer; with carillon_delivery.view_delivery.")


class DeliveryOut(serializers.Serializer[Any]):
    id = Whole()
    notification_id = Whole(allow_null=True)
    summary_id = Whole(allow_null=True)
    event_id = Whole(allow_null=True, help_text="Of what goes to a destination.")
    channel_id = Whole()
    kind = Text()
    purpose = one_of(Delivery.Purpose.values)
    state = one_of(Delivery.State.values)
    reason = Text(allow_blank=True, help_text="Why it waits, died or was skipped.")
    due_at = Instant()
    created_at = Instant()
    attempts = AttemptOut(many=True)


class ExplainQuery(Paged):
    user_id = QueryWhole(required=False, help_text="Only this person, told or not.")


class WhyNotQuery(Strict):
    event = QueryWhole(required=False, help_text="Id of one event.")
    entity = Text(required=False, help_text="As in `job:42`: the latest events about it.")

    def validate_entity(self, value: str) -> Entity:
        if (entity := parsed_entity(value)) is None:
            raise ValidationError(f"{shown(value)} is not of the form type:id, as in job:42", code="invalid_entity")
        return entity

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise ValidationError("Name either event or entity.", code="invalid")
        return attrs


class WhyNotChannelOut(serializers.Serializer[Any]):
    channel = ChannelName()
    state = Text()
    explanation = Text()


class WhyNotOut(serializers.Serializer[Any]):
    event_id = Whole()
    event_type = Text()
    title = Text()
    created_at = Instant()
    is_told = Switch()
    code = Text(help_text="`told`, or why not, as of now.")
    reason = Text(allow_blank=True, help_text="Which rule brings you in; empty: none does.")
    explanation = Text()
    channels = WhyNotChannelOut(many=True)
    as_of = Instant()


class ExplainedChannelOut(serializers.Serializer[Any]):
    channel = ChannelName()
    state = Text()
    explanation = Text()
    notification_id = Whole(allow_null=True)
    summary_id = Whole(allow_null=True)
    hold = Text()
    is_read = Switch()
    is_delivered = Switch()
    delivered_at = Instant(allow_null=True)
    deliveries = DeliveryOut(many=True)


class SharedDeliveryOut(serializers.Serializer[Any]):
    label = Text(help_text="Of the destination.")  # type: ignore[assignment]
    delivery = DeliveryOut()


class PersonOut(serializers.Serializer[Any]):
    user_id = Whole()
    username = Text()
    is_told = Switch()
    reason = Text(allow_blank=True, help_text="As stored; of somebody who was not told, as of now.")
    reason_explanation = Text(allow_blank=True)
    why_not = Text(allow_null=True, help_text="As of now; null for somebody who was told.")
    why_not_explanation = Text(allow_null=True)
    channels = ExplainedChannelOut(many=True)


class ExplanationOut(serializers.Serializer[Any]):
    event = EventOut()
    routing = Text(help_text="not_routed, on_its_way, routed, parked or set_aside.")
    explanation = Text()
    audience = serializers.ListField(child=Text(), help_text="The rules of its type, as of now.")
    as_of = Instant()
    told = Whole(help_text="How many people, counted up to 10,000.")
    destinations = SharedDeliveryOut(many=True, help_text="Where it goes beside the people, once each.")
    people = PersonOut(many=True)


def address_json(row: Address, *, secret: str = "") -> dict[str, Any]:
    field = channels.named(row.kind).target_field if row.kind in channels.installed() else "url"
    shown = {"id": row.pk, "kind": row.kind, field: row.target}
    shown |= {name: getattr(row, name) for name in addresses.OPTIONS.get(row.kind, ())}
    shown |= {
        "is_enabled": row.is_enabled,
        "verified_at": instant(row.verified_at),
        "disabled_reason": row.disabled_reason,
    }
    return shown | ({"secret": secret} if secret else {})
