"""Carillon from another program: publish, read the log and a feed, listen to a socket, verify webhooks."""

from carillon_client.client import Carillon
from carillon_client.errors import CarillonError, RefusedError, UnavailableError
from carillon_client.messages import Delivery, Event, Frame, NewEvent, Notification
from carillon_client.webhooks import BadSignatureError, verify

__all__ = [
    "BadSignatureError",
    "Carillon",
    "CarillonError",
    "Delivery",
    "Event",
    "Frame",
    "NewEvent",
    "Notification",
    "RefusedError",
    "UnavailableError",
    "verify",
]
