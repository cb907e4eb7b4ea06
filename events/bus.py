"""The event bus: what the platform's modules import."""

from events.dispatch.live_stream import Lagged, Published, subscribe
from events.dispatch.sequencer import event_published
from events.dispatch.subscribers import subscriber
from events.entities import Entity
from events.log.publish import NewEvent, apublish, publish, publish_many

__all__ = [
    "Entity",
    "Lagged",
    "NewEvent",
    "Published",
    "apublish",
    "event_published",
    "publish",
    "publish_many",
    "subscribe",
    "subscriber",
]
