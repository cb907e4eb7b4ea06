"""Memberships and API keys in the admin."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events import accounts, api_keys
from events.accounts import User
from events.admin.base import BigList, ReadOnly, code, traced_action, user_ids
from events.db import clock
from events.entities import MAX_ID, Entity, parsed_entity, stored_id
from events.errors import EntityRefused
from events.models import ApiKey, Membership


class MembershipForm(forms.ModelForm[Membership]):
    """Form in which one field takes both numbers and text; the hidden one is filled from it."""

    entity_id = forms.CharField(label=gettext_lazy("Entity id"), max_length=MAX_ID, widget=AdminTextInputWidget())

    class Meta:
        model = Membership
        fields = ("entity_type", "entity_id", "entity_key", "user", "role")
        widgets = {"entity_type": AdminTextInputWidget(), "entity_key": forms.HiddenInput()}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["entity_id"] = stored_id(self.instance.entity_id, self.instance.entity_key)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if "entity_type" in cleaned and "entity_id" in cleaned:
            try:
                entity = Entity(cleaned["entity_type"], cleaned["entity_id"])
                cleaned |= {"entity_id": None, "entity_key": None} | entity.columns("entity")
            except EntityRefused as refusal:
                self.add_error("entity_id" if refusal.field == "source_entity_id" else "entity_type", refusal.detail)
        return cleaned


@admin.register(Membership)
class MembershipAdmin(BigList[Membership]):
    form = MembershipForm
    list_display = ("entity", "user", "role", "updated_at", "written_by")
    list_select_related = ("user", "written_by_user", "written_by_key")
    readonly_fields = ("written_by",)
    list_filter = ("role",)
    raw_id_fields = ("user",)
    search_fields = ("id",)
    search_help_text = gettext_lazy("An entity (job:42, prompt:3f2c), a username, an e-mail address or a user id")
    ordering = ("-id",)
    sortable_by = ()

    def meant(self, term: str) -> Q:
        about = parsed_entity(term)
        return Q(user_id__in=user_ids(term)) if about is None else Q(**about.columns("entity"))

    @admin.display(description=gettext_lazy("Entity"))
    def entity(self, obj: Membership) -> SafeString | str:
        return code(f"{obj.entity_type}:{stored_id(obj.entity_id, obj.entity_key)}")

    @admin.display(description=gettext_lazy("Written by"), empty_value="–")
    def written_by(self, obj: Membership) -> str | None:
        """Person, and the key they did it with; None for the platform's own code."""
        names = [accounts.full_name(obj.written_by_user)] if obj.written_by_user else []
        return ", ".join([*names, *([str(obj.written_by_key)] if obj.written_by_key else [])]) or None

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        obj.written_by_user, obj.written_by_key = cast("User", request.user), None
        super().save_model(request, obj, form, change)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly[ApiKey]):
    """Keys are made by `manage.py token`, which shows them once; here they can only be ended."""

    unasked = ("digest",)

    fields = (
        "label",
        "user",
        "may_publish",
        "memberships",
        "events_per_minute",
        "created_at",
        "last_used_at",
        "revoked_at",
    )
    list_display = ("named", "user", "created_at", "last_used_at", "revoked_at", "may_publish", "memberships")
    list_select_related = ("user",)
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("label", f"user__{accounts.name_field()}")
    actions = ("revoke",)

    @admin.display(description=gettext_lazy("Key"), ordering="label")
    def named(self, obj: ApiKey) -> str:
        return str(obj)

    @admin.display(description=gettext_lazy("May publish"))
    def may_publish(self, obj: ApiKey) -> SafeString | str:
        return _("all that its person may") if obj.publish_patterns is None else code(", ".join(obj.publish_patterns))

    @admin.display(description=gettext_lazy("Memberships of"))
    def memberships(self, obj: ApiKey) -> str:
        covered = api_keys.member_types(obj)
        return _("all") if covered is None else ", ".join(covered) or _("none")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("carillon_events.change_apikey")

    @traced_action(gettext_lazy("Revoke selected keys"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> list[ApiKey]:
        ended = api_keys.revoke(queryset, now=clock.estimate())
        text = ngettext("%(count)d key revoked.", "%(count)d keys revoked.", len(ended))
        self.message_user(request, text % {"count": len(ended)}, messages.SUCCESS)
        return ended
