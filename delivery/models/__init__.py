# First: models of an app that is missing fail in words that say nothing of what to do.
# ruff: noqa: E402
from events.installed import require

require("delivery")

from delivery.models.addresses import Address, Recovery
from delivery.models.deliveries import Attempt, Delivery
from delivery.models.destinations import Destination
from delivery.models.servers import CircuitBreaker, Server

__all__ = ["Address", "Attempt", "CircuitBreaker", "Delivery", "Destination", "Recovery", "Server"]
