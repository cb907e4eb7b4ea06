from delivery.admin import deliveries

__all__ = ["deliveries"]
