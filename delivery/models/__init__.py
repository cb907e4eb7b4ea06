from delivery.models.addresses import Address, Recovery
from delivery.models.deliveries import Attempt, Delivery

__all__ = ["Address", "Attempt", "Delivery", "Recovery"]
