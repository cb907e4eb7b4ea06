"""Destinations as they come in and go out over the API."""

from typing import Any

from rest_framework import serializers

from delivery import channels, destinations
from delivery.api.serializers import MAX_TARGET, RETRY_HELP
from delivery.models import Address, Destination
from events.db.clock import instant
from events.rest.fields import Distinct, Instant, QueryWhole, Switch, Text, Whole, one_of
from events.rest.pagination import Paged
from events.rest.strict import Changes, Strict

RATE_HELP = "Deliveries a second at most; null: as they come."

DIGEST_HELP = "When events go there; critical ones always at once."


def _label() -> Text:
    return Text(max_length=destinations.MAX_LABEL, help_text="What people call it, as in #renders.")


def _patterns() -> Distinct:
    pattern = Text(max_length=destinations.MAX_PATTERN)
    help_text = "Event types: job.completed, job.*, *. Each has to cover one."
    return Distinct(child=pattern, min_length=1, max_length=destinations.MAX_PATTERNS, help_text=help_text)


def _rate() -> Whole:
    return Whole(required=False, allow_null=True, min_value=1, max_value=destinations.MAX_RATE, help_text=RATE_HELP)


class DestinationIn(Strict):
    kind = one_of(destinations.kinds())
    url = Text(max_length=MAX_TARGET, help_text="Of the webhook or the chat.")
    label = _label()  # type: ignore[assignment]
    patterns = _patterns()
    project_id = Whole(required=False, allow_null=True, help_text="Null: the site's, which staff alone may add.")
    critical_only = Switch(required=False)
    digest = one_of(Destination.Digest.values, required=False, help_text=DIGEST_HELP)
    rate_per_second = _rate()
    retry = one_of(Address.Retry.values, required=False, help_text=RETRY_HELP)
    format = one_of(Address.Format.values, required=False, help_text="Of a webhook.")


class DestinationChanges(Changes):
    label = _label()  # type: ignore[assignment]
    patterns = _patterns()
    critical_only = Switch()
    digest = one_of(Destination.Digest.values, help_text=DIGEST_HELP)
    rate_per_second = _rate()
    retry = one_of(Address.Retry.values, help_text=RETRY_HELP)
    format = one_of(Address.Format.values, help_text="Of a webhook.")
    is_enabled = Switch(help_text="True also forgets how often it failed.")


class DestinationsQuery(Paged):
    project_id = QueryWhole(required=False, help_text="Only this project's.")


class DestinationOut(serializers.Serializer[Any]):
    """Destination; a chat's URL is masked."""

    id = Whole()
    channel_id = Whole(help_text="Of its address, as deliveries name it.")
    kind = Text()
    url = Text()
    label = Text()  # type: ignore[assignment]
    project_id = Whole(allow_null=True)
    patterns = serializers.ListField(child=Text())
    critical_only = Switch()
    digest = one_of(Destination.Digest.values)
    rate_per_second = Whole(allow_null=True)
    retry = one_of(Address.Retry.values, required=False)
    format = one_of(Address.Format.values, required=False)
    is_enabled = Switch()
    disabled_reason = Text(allow_blank=True)
    failing_since = Instant(allow_null=True)
    created_at = Instant()
    secret = Text(required=False, help_text="Only in the answer that makes or rotates it.")
    hint = Text(required=False, help_text="Only when it is added: how many people have the same address of their own.")


def destination_json(row: Destination, *, secret: str = "") -> dict[str, Any]:
    address = row.address
    is_signed = address.kind in channels.installed() and bool(channels.named(address.kind).new_secret())
    shown = {
        "id": row.pk,
        "channel_id": row.address_id,
        "kind": address.kind,
        "url": address.target,
        "label": row.label,
        "project_id": row.project_id,
        "patterns": row.patterns,
        "critical_only": row.critical_only,
        "digest": row.digest,
        "rate_per_second": address.rate_per_second,
        **({"retry": address.retry, "format": address.format} if is_signed else {}),
        "is_enabled": address.is_enabled,
        "disabled_reason": address.disabled_reason,
        "failing_since": instant(address.failing_since),
        "created_at": instant(row.created_at),
    }
    return shown | ({"secret": secret} if secret else {})
