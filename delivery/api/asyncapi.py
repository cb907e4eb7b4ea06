"""The AsyncAPI document: what goes over the socket and out as webhooks, from the schemas that the API has too."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers

from delivery.api import docs
from delivery.api.webhook_serializers import STANDARD, CloudEventOut
from delivery.channels.webhook import body, cloudevents
from delivery.conf import conf
from events.conf import conf as events
from events.rest.openapi import documented
from events.rest.views import ApiView
from notifications.api.frame_serializers import ACCEPTED, SENT
from notifications.websocket.consumer import PATH

Classes = tuple[type[serializers.Serializer[Any]], ...]

_HEADERS = {
    "type": "object",
    "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
    "properties": {
        "webhook-id": {"type": "string", "description": "The same for each repeat."},
        "webhook-timestamp": {"type": "string", "description": "Seconds since 1970, of this attempt."},
        "traceparent": {"type": "string", "description": "W3C Trace Context of this attempt, where traces are on."},
        "tracestate": {"type": "string", "description": "Of the publisher's trace, where it has one."},
        "webhook-signature": {"type": "string", "description": "Standard Webhooks: v1 and HMAC-SHA256 in base64."},
    },
}
_QUERY = {
    "type": "object",
    "properties": {
        "seq": {"type": "string", "pattern": "^[0-9]{1,19}$", "description": "What the client has: it resumes there."},
        "user": {"type": "string", "description": "Whose session it should be; another's is closed with 4401."},
    },
}


class _Messages(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        return {one.__name__: one() for one in (*SENT, *ACCEPTED, *STANDARD, CloudEventOut)}


class _MessagesView(ApiView):
    """Never asked: drf-spectacular reads the schemas of all messages from it."""

    @documented("messages", summary="", answers={200: _Messages})
    def get(self) -> None:
        raise NotImplementedError


@require_safe
def asyncapi(request: HttpRequest) -> JsonResponse:
    """Show the document. No query."""
    return JsonResponse(document(settings.ROOT_URLCONF, conf.BASE_URL, events.VERSION))


@lru_cache(maxsize=2)
def document(_urlconf: str, base_url: str, version: str) -> dict[str, Any]:
    """Document of a site at this address."""
    site = urlsplit(base_url)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": docs.TITLE, "version": version, "description": "Notifications over a socket and webhooks."},
        "defaultContentType": body.JSON,
        "servers": {
            "site": {
                "host": site.netloc,
                "protocol": "wss" if site.scheme == "https" else "ws",
                "security": [{"type": "http", "scheme": "bearer"}, _session()],
            }
        },
        "channels": {
            "socket": {
                "address": PATH,
                "servers": [{"$ref": "#/servers/site"}],
                "messages": _named((*SENT, *ACCEPTED)),
                "bindings": {"ws": {"query": _QUERY, "bindingVersion": "0.1.0"}},
            },
            "webhook": {
                "address": None,
                "description": "The URL of an address or a destination: docs/webhooks.md.",
                "servers": [],
                "messages": _named((*STANDARD, CloudEventOut)),
            },
        },
        "operations": {
            "tell": _operation("send", "socket", SENT),
            "listen": _operation("receive", "socket", ACCEPTED),
            "deliver": _operation("send", "webhook", (*STANDARD, CloudEventOut))
            | {"bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}}},
        },
        "components": {
            "messages": {one.__name__: _message(one) for one in (*SENT, *ACCEPTED)}
            | {one.__name__: _message(one) | {"headers": _HEADERS} for one in STANDARD}
            | {"CloudEventOut": _message(CloudEventOut, cloudevents.CONTENT_TYPE) | {"headers": _HEADERS}},
            "schemas": _schemas(),
        },
    }


def _session() -> dict[str, str]:
    return {"type": "httpApiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


def _named(classes: Classes) -> dict[str, Any]:
    return {one.__name__: {"$ref": f"#/components/messages/{one.__name__}"} for one in classes}


def _operation(action: str, channel: str, classes: Classes) -> dict[str, Any]:
    messages: Iterable[str] = (f"#/channels/{channel}/messages/{one.__name__}" for one in classes)
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": address} for address in messages],
    }


def _message(one: type[serializers.Serializer[Any]], content_type: str = body.JSON) -> dict[str, Any]:
    return {
        "name": one.__name__,
        "contentType": content_type,
        "payload": {"$ref": f"#/components/schemas/{one.__name__}"},
    }


def _schemas() -> dict[str, Any]:
    with docs.ours():
        made = SchemaGenerator(patterns=[path("messages", _MessagesView.as_view())]).get_schema(public=True)  # type: ignore[no-untyped-call]
    schemas: dict[str, Any] = made["components"]["schemas"]
    return {name: schema for name, schema in schemas.items() if name not in ("_Messages", "Problem", "FieldProblem")}
