"""The staff's form to publish an event by hand."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from events import accounts
from events.accounts import User
from events.entities import parse_entity
from events.errors import Refused
from events.log.publish import NewEvent, accept
from events.models import Event, EventType

# What `Refused.field` names and this form calls otherwise.
_FIELD_OF = {
    "source_entity_type": "source",
    "source_entity_id": "source",
    "actor_user_id": "actor",
}


class TypeField(forms.ModelChoiceField[EventType]):
    def label_from_instance(self, obj: EventType) -> str:
        return f"{obj.name} · {obj.description}" if obj.description else obj.name


class PublishForm(forms.Form):
    event_type = TypeField(
        label=_("Event type"), queryset=EventType.objects.filter(is_active=True), to_field_name="name", empty_label=None
    )
    source = forms.CharField(
        label=_("Source"), required=False, max_length=90, help_text=_("What it is about, as in job:42. May be empty.")
    )
    actor = forms.CharField(
        label=_("Actor"), required=False, max_length=150, help_text=_("User name of whoever did it. May be empty.")
    )
    project_id = forms.IntegerField(
        label=_("Project"), required=False, min_value=0, help_text=_("Number of the project. May be empty.")
    )
    payload = forms.CharField(
        label=_("Payload (JSON)"), widget=forms.Textarea(attrs={"rows": 9, "spellcheck": "false"})
    )

    def clean_actor(self) -> User | None:
        name: str = self.cleaned_data["actor"].strip()
        if not name:
            return None
        user = accounts.named(name).first()
        if user is None:
            raise forms.ValidationError(_("There is no user %(name)s."), params={"name": name})
        return user

    def clean_payload(self) -> Any:
        try:
            return json.loads(self.cleaned_data["payload"])
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(
                _('This is not JSON: %(problem)s. A payload is an object, as in {"name": "Shot 042"}.'),
                params={"problem": error},
            ) from error

    def publish(self, *, publisher: str) -> Event | None:
        """The stored event; None if it was refused, and then the form says why at the field to blame."""
        data = self.cleaned_data
        try:
            new = NewEvent(
                event_type=data["event_type"].name,
                source=parse_entity(data["source"]) if data["source"] else None,
                actor=data["actor"],
                payload=data["payload"],
                project_id=data["project_id"],
            )
            return accept([new], publisher=publisher)[0].event
        except Refused as refused:
            field = _FIELD_OF.get(refused.field or "", refused.field)
            self.add_error(field if field in self.fields else None, refused.detail)
            return None


def sample_of(event_type: EventType) -> str:
    return json.dumps(event_type.sample, indent=2, ensure_ascii=False)
