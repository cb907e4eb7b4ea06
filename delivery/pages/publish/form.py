"""The staff's form to publish an event by hand."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _

from events import accounts, outcomes
from events.accounts import User
from events.entities import BIGINT_MAX, Entity, parse_entity
from events.errors import Refused
from events.log.publish import NewEvent, accept, draft
from events.models import Event, EventType
from events.outcomes import Outcome
from notifications.presentation import labels, type_words

_Result = TypeVar("_Result")


class TypeField(forms.ModelChoiceField[EventType]):
    def label_from_instance(self, obj: EventType) -> str:
        about = type_words.about(obj)
        named = f"{labels.category_plural(obj.category)}: {type_words.name(obj)}"
        return f"{named} · {about}" if about else named


class AboutForm(forms.Form):
    """The circumstances of an event: what it is about, who did it, in which project."""

    source = forms.CharField(
        label=_("Source"),
        required=False,
        max_length=265,
        help_text=_("What it is about, as in job:42 or prompt:3f2c. May be empty."),
    )
    actor = forms.CharField(
        label=_("Actor"), required=False, max_length=150, help_text=_("User name of whoever did it. May be empty.")
    )
    project_id = forms.IntegerField(
        label=_("Project"),
        required=False,
        min_value=0,
        max_value=BIGINT_MAX,
        help_text=_("Number of the project. May be empty."),
    )

    def clean_source(self) -> Entity | None:
        text: str = self.cleaned_data["source"]
        try:
            return parse_entity(text) if text else None
        except Refused as refused:
            raise forms.ValidationError(refused.detail) from refused

    def clean_actor(self) -> User | None:
        name: str = self.cleaned_data["actor"].strip()
        if not name:
            return None
        user = accounts.named(name).first()
        if user is None:
            raise forms.ValidationError(_("There is no user %(name)s."), params={"name": name})
        return user

    def event(self, event_type: EventType, *, now: datetime) -> Event:
        """An event of this type, saved or not, with its sample as the payload. It is never stored."""
        source = self.cleaned_data["source"]
        return Event(
            pk=0,
            event_type=event_type,
            **(source.columns("source_entity") if source else {}),
            actor_user=self.cleaned_data["actor"],
            project_id=self.cleaned_data["project_id"],
            payload=event_type.sample,
            created_at=now,
        )


class PublishForm(AboutForm):
    event_type = TypeField(
        label=_("Event type"), queryset=EventType.objects.filter(is_active=True), to_field_name="name", empty_label=None
    )
    to = forms.CharField(
        label=_("Also tell"),
        required=False,
        max_length=10_000,
        help_text=_("User names, with commas between them, of people to tell beside those of the type. May be empty."),
    )
    payload = forms.CharField(
        label=_("Payload (JSON)"), widget=forms.Textarea(attrs={"rows": 9, "spellcheck": "false"})
    )

    def clean_to(self) -> list[User]:
        names = {name.strip() for name in self.cleaned_data["to"].split(",")} - {""}
        people = list(accounts.named(*names))
        # A column of names may be one in which case doesn't count.
        known = {user.get_username().casefold() for user in people}
        if unknown := [name for name in names if name.casefold() not in known]:
            raise forms.ValidationError(_("There is no user %(name)s."), params={"name": ", ".join(sorted(unknown))})
        return people

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
        return self._tried(lambda new: accept([new], publisher=publisher)[0].event)

    def draft(self) -> Event | None:
        """The event as it would be published, which isn't stored; None likewise."""
        return self._tried(draft)

    def dry_run(self, *, now: datetime) -> Outcome | None:
        """Outcome of the event if it were published now; None likewise."""
        return self._tried(lambda new: outcomes.dry_run(new, now=now))

    def _tried(self, use: Callable[[NewEvent], _Result]) -> _Result | None:
        if not self.is_valid():
            return None
        data = self.cleaned_data
        new = NewEvent(
            data["event_type"].name, data["source"], data["actor"], data["payload"], data["project_id"], to=data["to"]
        )
        try:
            return use(new)
        except Refused as refused:
            field = "actor" if refused.field == "actor_user_id" else refused.field
            self.add_error(field if field in self.fields else None, refused.detail)
            return None


def sample_of(event_type: EventType) -> str:
    return json.dumps(event_type.sample, indent=2, ensure_ascii=False)
