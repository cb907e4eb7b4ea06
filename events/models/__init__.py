"""The ground floor's tables."""

from events.models.event_types import EventType
from events.models.events import Event
from events.models.hardware import HardwareReading
from events.models.keys import ApiKey
from events.models.log import LogHead, ParkedEvent, Subscriber
from events.models.memberships import Membership

__all__ = [
    "ApiKey",
    "Event",
    "EventType",
    "HardwareReading",
    "LogHead",
    "Membership",
    "ParkedEvent",
    "Subscriber",
]
