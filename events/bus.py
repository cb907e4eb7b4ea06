"""The event bus: what the platform's modules import."""

from events.dispatch.live_stream import Lagged, Published, subscribe
from events.dispatch.sequencer import event_published
from events.dispatch.subscribers import subscriber
from events.entities import Entity
from events.log.publish import NewEvent, apublish, publish, publish_many
from events.log.withdraw import withdraw
from events.rules.code_audiences import audience

__all__ = [
    "Entity",
    "Lagged",
    "NewEvent",
    "Published",
    "apublish",
    "audience",
    "event_published",
    "publish",
    "publish_many",
    "subscribe",
    "subscriber",
    "withdraw",
]
