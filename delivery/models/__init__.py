from delivery.models.addresses import Address, Recovery
from delivery.models.deliveries import Attempt, Delivery
from delivery.models.servers import CircuitBreaker, Server

__all__ = ["Address", "Attempt", "CircuitBreaker", "Delivery", "Recovery", "Server"]
