"""Field of the admin for whom an event goes on to, step by step, while nobody acknowledges it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

STEPS = 3


class _Steps(forms.MultiWidget):
    def __init__(self, choices: Sequence[tuple[str, Any]], *, number: int) -> None:
        labels = [_("Step %(number)d") % {"number": step + 1} for step in range(number)]
        super().__init__([forms.Select(choices=choices, attrs={"aria-label": label}) for label in labels])

    def decompress(self, value: Any) -> list[str]:
        return [str(rule) for rule in value or ()]


class EscalationField(forms.MultiValueField):
    """List of rules in the order of their steps; those left empty aren't in it. `stored`: the one that it is now."""

    def __init__(self, rules: Sequence[tuple[str, str]], *, stored: Sequence[str], help_text: Any) -> None:
        gone = [(rule, _("%(name)s (not there)") % {"name": rule}) for rule in stored if rule not in dict(rules)]
        choices = [("", _("Nobody more")), *rules, *gone]
        number = max(STEPS, len(stored))
        fields = [forms.ChoiceField(choices=choices, required=False) for _step in range(number)]
        widget = _Steps(choices, number=number)
        super().__init__(fields, widget=widget, required=False, require_all_fields=False, help_text=help_text)

    def compress(self, data_list: Any) -> list[str]:
        return [rule for rule in data_list or () if rule]
