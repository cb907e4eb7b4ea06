"""The form behind an event type: rules and channels as checkboxes, schema and sample as JSON."""

import json
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext_lazy as _

from events.models import EventType
from events.rules import channel_names

RULES = [
    ("actor", _("Actor: whoever did it")),
    ("owner", _("Owners of the source")),
    ("owner_or_actor", _("Owners of the source, or the actor where there is none")),
    ("members", _("Members of the source")),
    ("watchers", _("Watchers of the source")),
    ("mentioned", _("Mentioned: the ids in payload.mentioned_user_ids")),
    ("admins", _("Admins: superusers, and staff who may receive system events")),
    ("everyone", _("Everyone")),
]


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


class EventTypeForm(TypeErrorsAnywhere):
    audience = forms.MultipleChoiceField(
        choices=RULES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Who is told. None ticked: the default of the category, shown below as “Told”."),
    )
    default_channels = forms.MultipleChoiceField(
        choices=channel_names.labels,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("For people who chose nothing themselves. None ticked: only those who opt in."),
    )
    schema = PrettyJSONField(
        required=False, widget=AdminTextareaWidget(), help_text=EventType._meta.get_field("schema").help_text
    )
    sample = PrettyJSONField(
        required=False, widget=AdminTextareaWidget(), help_text=EventType._meta.get_field("sample").help_text
    )

    class Meta:
        model = EventType
        fields = "__all__"  # noqa: DJ007 - the fieldsets of the admin name them

    def clean_sample(self) -> Any:
        sample = self.cleaned_data["sample"]
        return {} if sample is None else sample

    def clean_description(self) -> str | None:
        return self.cleaned_data["description"] or None
