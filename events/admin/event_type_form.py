"""The form behind an event type: rules and channels as checkboxes, schema and sample as JSON."""

import json
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from events.admin.escalation_field import EscalationField
from events.admin.ladder_field import LadderField
from events.log.withdraw import WITHDRAWN
from events.models import EventType
from events.rules import audience, channel_names


class PrettyJSONField(forms.JSONField):
    """JSON over several lines; empty stands for nothing. What can't be read is an error, whatever the reason."""

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, InvalidJSONInput):
            return value or ""
        return json.dumps(value, indent=2, ensure_ascii=False)

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise ValidationError(
                _("This JSON can't be read: it is nested too deep, or a number is too long.")
            ) from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)


class TypeErrorsAnywhere(forms.ModelForm[EventType]):
    """The model checks all its fields together; an error of a field that this form doesn't show goes on top of it."""

    def add_error(self, field: str | None, error: Any) -> None:
        if field is None and hasattr(error, "error_dict"):
            for name, errors in error.error_dict.items():
                super().add_error(name if name in self.fields else None, errors)
        else:
            super().add_error(field, error)


def _rules() -> list[tuple[str, str]]:
    """Rules that a type may have, each group too. One query."""
    groups = Group.objects.order_by("name").values_list("name", flat=True)
    rules = [*audience.known(), *(f"{audience.GROUP}{name}" for name in groups)]
    return [(rule, capfirst(audience.words_of(rule))) for rule in rules]


def _names() -> list[tuple[str, str]]:
    """Types that another may resolve. One query."""
    types = EventType.objects.exclude(name=WITHDRAWN).order_by("category", "name")
    return [(event_type.name, str(event_type)) for event_type in types]


class EventTypeForm(TypeErrorsAnywhere):
    audience = forms.MultipleChoiceField(
        choices=_rules,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Who is told. None ticked: the default of the category, shown below."),
    )
    default_channels = forms.MultipleChoiceField(
        choices=channel_names.labels,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("For people who chose nothing themselves. None ticked: only those who opt in."),
    )
    schema = PrettyJSONField(
        required=False,
        widget=AdminTextareaWidget(),
        help_text=_(
            "JSON Schema (draft 2020-12) of the payload, or nothing. A property with “x-personal”: true is about a "
            "person: it goes when they are erased."
        ),
    )
    sample = PrettyJSONField(
        required=False, widget=AdminTextareaWidget(), help_text=EventType._meta.get_field("sample").help_text
    )

    resolves = forms.MultipleChoiceField(
        choices=_names,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=EventType._meta.get_field("resolves").help_text,
    )

    class Meta:
        model = EventType
        fields = "__all__"  # noqa: DJ007 - the fieldsets of the admin name them

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ladder"] = LadderField(help_text=EventType._meta.get_field("ladder").help_text)
        # A rule whose group or code is gone stays ticked until somebody unticks it.
        choices: Any = self.fields["audience"]
        known = list(choices.choices)
        gone = [rule for rule in self.instance.audience if rule not in dict(known)]
        choices.choices = [*known, *((rule, _("%(name)s (not there)") % {"name": rule}) for rule in gone)]
        text = EventType._meta.get_field("escalates_to").help_text
        self.fields["escalates_to"] = EscalationField(known, stored=self.instance.named_steps, help_text=text)
        ends: Any = self.fields["resolves"]
        names = list(ends.choices)
        gone = [name for name in self.instance.resolved if name not in dict(names)]
        ends.choices = [*names, *((name, _("%(name)s (not there)") % {"name": name}) for name in gone)]

    def clean_sample(self) -> Any:
        sample = self.cleaned_data["sample"]
        return {} if sample is None else sample

    def clean_description(self) -> str | None:
        return self.cleaned_data["description"] or None
