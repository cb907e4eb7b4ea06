"""Servers of this site: what carries for many addresses, such as the mail server or a chat service."""

from django.db import models


class CircuitBreaker(models.Model):
    """State of a circuit breaker, rebuilt from nothing but its row. See delivery.address_health.circuit_breaker."""

    failures = models.IntegerField(default=0, db_default=0, help_text="Failed attempts since the last success.")
    failing_since = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    open_until = models.DateTimeField(null=True, blank=True, help_text="The breaker is open: nothing is tried before.")

    class Meta:
        abstract = True


class Server(CircuitBreaker):
    """Server that a channel names for its addresses (`Channel.server_of`). Its row is made by the first claim."""

    name = models.TextField(unique=True)
    reason = models.TextField(default="", db_default="", blank=True, help_text="Code of the last failure.")
    excerpt = models.TextField(default="", db_default="", blank=True, help_text="Of its last failure; for staff.")

    class Meta:
        db_table = "delivery_servers"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
