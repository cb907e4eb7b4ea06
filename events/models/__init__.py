# First: models of an app that is missing fail in words that say nothing of what to do.
# ruff: noqa: E402
from events.installed import require

require("events")

from events.models.api_keys import ApiKey
from events.models.audit import CommandEntry
from events.models.event_types import EventType
from events.models.events import Event
from events.models.log import LogGap, LogHead, ParkedEvent, Subscriber
from events.models.memberships import Membership
from events.models.metric_counts import MetricCounts
from events.models.sources import ComfyuiServer, HardwareReading, ServiceRun, TrackedJob

__all__ = [
    "ApiKey",
    "ComfyuiServer",
    "CommandEntry",
    "Event",
    "EventType",
    "HardwareReading",
    "LogGap",
    "LogHead",
    "Membership",
    "MetricCounts",
    "ParkedEvent",
    "ServiceRun",
    "Subscriber",
    "TrackedJob",
]
