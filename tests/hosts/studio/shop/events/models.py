"""Events that the shop has: openings and sales."""

from django.db import models


class Event(models.Model):
    title = models.CharField(max_length=200)
    opens_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.title
