from delivery.admin import deliveries, destinations, event_types

__all__ = ["deliveries", "destinations", "event_types"]
