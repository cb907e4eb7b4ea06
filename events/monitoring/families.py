"""Families of metrics: the name, help and labels of all that `/metrics` shows, in Prometheus' naming.

What a web process does it counts in its memory. What workers do is counted in the transaction that does it, as rows
(`Stored`), for they have no page that could be scraped. Gauges are read when asked.
"""

from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram

registry = CollectorRegistry()

# Seconds; a minute and an hour say how bad an outage was.
_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 3600.0)


class Stored(NamedTuple):
    """Counter kept in the database; a histogram where it has buckets. Without Prometheus' `_total`."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


class Figure(NamedTuple):
    """Gauge that is read when it is asked for, or a counter that the log keeps."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    is_counter: bool = False


ROUTED = Stored("carillon_events_routed", "Events that the notification router has done.")
NOTIFIED = Stored("carillon_notifications", "Rows written for people, by what they wait for.", ("channel", "hold"))
FOLDED = Stored("carillon_notifications_folded", "Rows that were folded into an earlier one.", ("channel",))
NOT_NOTIFIED = Stored("carillon_people_not_notified", "People of an event who got no row.", ("reason",))
FEED_SECONDS = Stored("carillon_feed_seconds", "From an event's publishing to its rows in the feed.", (), _BUCKETS)
SUMMARIES = Stored("carillon_summaries", "Summaries of what was held.", ("kind",))
ATTEMPTS = Stored("carillon_delivery_attempts", "Attempts, by how they ended.", ("channel", "outcome", "fault"))
RETRIES = Stored("carillon_delivery_retries", "Attempts after a delivery's first.", ("channel",))
DELIVERIES = Stored("carillon_deliveries", "Deliveries that ended.", ("channel", "outcome", "fault"))
SKIPPED = Stored("carillon_deliveries_skipped", "Deliveries that weren't wanted any more.", ("channel", "reason"))
SENT_SECONDS = Stored(
    "carillon_sent_seconds", "From an event's publishing to its sending, what it was held not counted.",
    ("channel",), _BUCKETS,
)  # fmt: skip
STORED = (
    ROUTED, NOTIFIED, FOLDED, NOT_NOTIFIED, FEED_SECONDS, SUMMARIES, ATTEMPTS, RETRIES, DELIVERIES, SKIPPED,
    SENT_SECONDS,
)  # fmt: skip

REQUESTS = Counter("carillon_requests", "Requests answered by this process.", ["route", "status"], registry=registry)
FRAMES_SENT = Counter("carillon_frames_sent", "Frames sent over this process's sockets.", registry=registry)
FRAMES_DROPPED = Counter(
    "carillon_frames_dropped", "Frames that a slow socket lost; it was told anew.", registry=registry
)
SOCKETS_RESUMED = Counter(
    "carillon_sockets_resumed", "Greetings of clients that had a seq.", ["recovered"], registry=registry
)
FRAME_SECONDS = Histogram(
    "carillon_frame_seconds", "From an event's publishing to a person's sockets.", buckets=_BUCKETS, registry=registry
)

READY = Figure("carillon_ready", "1: this check of /readyz is well.", ("check",))
SOCKETS = Figure("carillon_websockets", "Notification sockets open in this process.")
CLOCK_AHEAD = Figure(
    "carillon_clock_ahead_seconds",
    "How far this machine's clock was ahead of the database's when it was last asked.",
)
MEMORY = Figure(
    "carillon_process_memory_bytes",
    "Resident memory of a process and its children, at its last sign of life.",
    ("role", "host", "pid"),
)
OLDEST_UNNUMBERED = Figure(
    "carillon_oldest_unnumbered_event_seconds", "Age of the oldest event that has no position yet; 0: none."
)
OLDEST_UNDELIVERED = Figure(
    "carillon_oldest_undelivered_seconds", "How long the delivery that has been due longest has been so; 0: none is."
)
SERVER_FAILING = Figure("carillon_server_failing", "1: nothing gets further over this server of ours.", ("server",))
BREAKERS_OPEN = Figure("carillon_breakers_open", "Addresses that fail and are left alone for a while.", ("channel",))
LAG = Figure("carillon_subscriber_lag_events", "Events in the log that a subscriber has not done.", ("subscriber",))
PARKED = Figure("carillon_parked_events", "Events that are bad for a subscriber, parked for an admin.", ("subscriber",))
SET_ASIDE = Figure(
    "carillon_set_aside_events", "Events that a subscriber tries again until they go well.", ("subscriber",)
)
PUBLISHED = Figure("carillon_events_published", "Events committed so far.", is_counter=True)
NUMBERED = Figure("carillon_events_numbered", "Events numbered in the log so far.", is_counter=True)
