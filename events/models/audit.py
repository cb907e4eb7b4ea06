from django.db import models
from django.db.models.functions import Now


class CommandEntry(models.Model):
    """A change made from the command line, where nobody is signed in. Written once, and never pruned."""

    command = models.TextField()
    text = models.TextField()
    operator = models.TextField(help_text="Who was at the machine: the name that sudo or the system gave.")
    host = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "command_entries"
        verbose_name_plural = "command entries"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.command} by {self.operator} on {self.host}"
