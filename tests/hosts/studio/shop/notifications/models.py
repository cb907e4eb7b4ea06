"""Notifications that the shop has: letters to customers."""

from django.db import models

from shop.events.models import Event


class Letter(models.Model):
    event = models.ForeignKey(Event, on_delete=models.CASCADE)
    text = models.TextField()

    def __str__(self) -> str:
        return self.text
