"""The top floor in Django's admin."""

from delivery.admin import deliveries

__all__ = ["deliveries"]
