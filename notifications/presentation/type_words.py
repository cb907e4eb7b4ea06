"""Event types in words, for whoever chooses among them: what one is called beside its category, and when it comes."""

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from events.models import EventType

_NAMES: dict[str, Promise] = {
    "system.address_failing": gettext_lazy("Address failing"),
    "system.address_disabled": gettext_lazy("Address paused"),
    "system.backlog_over": gettext_lazy("Backlog gone"),
    "system.delivery_failing": gettext_lazy("Deliveries failed"),
}
# By the description a type ships with: one that an admin has written is shown as it is.
_ABOUT: dict[str, Promise] = {
    "A job was submitted to the queue": gettext_lazy("A job joins the queue"),
    "A job started executing": gettext_lazy("A machine begins your job"),
    "Job progress update": gettext_lazy("Updates one row in place"),
    "A job completed successfully": gettext_lazy("Your job finished and its result is ready"),
    "A job failed": gettext_lazy("Your job stopped with an error"),
    "A job was cancelled": gettext_lazy("Somebody cancelled your job"),
    "Content submitted for review": gettext_lazy("Somebody asks for a review"),
    "Content approved": gettext_lazy("Something you own was approved"),
    "Content rejected": gettext_lazy("Something you own needs changes"),
    "Review comment added": gettext_lazy("Somebody comments on what you own or watch"),
    "Disk space below threshold": gettext_lazy("A disk is almost full"),
    "GPU temperature above threshold": gettext_lazy("A GPU is running hot"),
    "GPU temperature critical": gettext_lazy("A GPU is dangerously hot"),
    "Service restarted": gettext_lazy("A service started again"),
    "User was mentioned": gettext_lazy("Somebody mentions you"),
    "Entity locked by another user": gettext_lazy("Somebody locks what you work on"),
    "An address of yours does not take what is sent to it": gettext_lazy(
        "One of your addresses isn't accepting deliveries"
    ),
    "An address of yours was paused because it failed for long, or is gone": gettext_lazy(
        "Carillon paused one of your addresses after it failed for days, or it no longer exists"
    ),
    "A subscriber could not take an event, for a reason that may pass": gettext_lazy(
        "Part of this site couldn't handle an event and will try again"
    ),
}


def name(event_type: EventType) -> str:
    """`job.completed` as Completed, `system.gpu_warning` as GPU warning."""
    plain = str(capfirst(event_type.name.rpartition(".")[2].replace("_", " "))).replace("Gpu", "GPU")
    return str(_NAMES.get(event_type.name, plain))


def about(event_type: EventType) -> str:
    """Sentence in the second person on when it comes."""
    description = event_type.description or ""
    return str(_ABOUT.get(description, description))
