"""The event bus: what the platform's modules import."""

from events.entities import Entity
from events.live import Lagged, Published, subscribe
from events.publish import NewEvent, apublish, publish, publish_many
from events.sequence import event_published
from events.subscribers import subscriber

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
