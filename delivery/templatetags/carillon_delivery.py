"""`{% first_steps %}`: what is left to do in a new installation, for whoever administers it."""

from typing import Any

from django import template
from django.template.context import Context

from delivery.pages import first_steps

register = template.Library()


@register.inclusion_tag("carillon/delivery/first_steps.html", takes_context=True, name="first_steps")
def _first_steps(context: Context) -> dict[str, Any]:
    steps = first_steps.steps_for(context["user"])
    return {
        "steps": steps,
        "left": sum(not is_done for is_done in steps.values()),
        "has_mail_server": first_steps.has_mail_server(),
        "markup": first_steps.MARKUP,
        "csrf_token": context.get("csrf_token"),
    }
