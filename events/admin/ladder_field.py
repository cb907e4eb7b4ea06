"""Field of the admin for a type's ladder: a select for each channel that can wait."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from events.rules import channel_names
from events.rules.audience import STEP_WORDS
from events.rules.ladders import Step, readable


class _Selects(forms.MultiWidget):
    def __init__(self, choices: Sequence[tuple[str, Any]]) -> None:
        self.names = [name for name, _label in channel_names.labels() if name != "in_app"]
        super().__init__({name: forms.Select(choices=choices) for name in self.names})

    def decompress(self, value: Any) -> list[str]:
        chosen = dict(readable(value))
        return [str(chosen.get(name, "")) for name in self.names]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """One below the other, each with its channel."""
        labels, html_id = dict(channel_names.labels()), (attrs or {}).get("id", "")
        values = value if isinstance(value, list) else self.decompress(value)
        rows = []
        for channel, one, chosen in zip(self.names, self.widgets, values, strict=True):
            own_id = f"{html_id}_{channel}"
            rows.append((own_id, labels[channel], one.render(f"{name}_{channel}", chosen, {"id": own_id})))
        return format_html("<div>{}</div>", format_html_join("\n", '<p><label for="{}">{}</label> {}</p>', rows))


class LadderField(forms.MultiValueField):
    """Channels left alone are at once for people who chose nothing, and aren't in the value."""

    def __init__(self, *, help_text: Any) -> None:
        choices = [("", _("Not said: at once")), *((str(step), text) for step, text in STEP_WORDS.items())]
        widget = _Selects(choices)
        fields = [forms.ChoiceField(choices=choices, required=False) for _name in widget.names]
        self._steps: dict[str, Step] = {str(step): step for step in STEP_WORDS}
        super().__init__(fields, widget=widget, required=False, require_all_fields=False, help_text=help_text)

    def compress(self, data_list: Any) -> dict[str, Step]:
        names = self.widget.names if isinstance(self.widget, _Selects) else []
        return {name: self._steps[value] for name, value in zip(names, data_list or (), strict=False) if value}
