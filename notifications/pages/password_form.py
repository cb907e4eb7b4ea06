"""Forms that set a password: each offers to revoke the person's API keys, and has their sockets looked at again."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AdminPasswordChangeForm, PasswordChangeForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext

from events import api_keys
from events.accounts import User
from events.db import clock
from events.models import ApiKey
from events.transport import credentials


class _OffersKeys(forms.Form):
    user: User
    revoke_keys = forms.BooleanField(required=False, label=gettext_lazy("Also revoke all API keys"))
    revoked = 0

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.keys = ApiKey.objects.filter(user=self.user, revoked_at=None)
        self.count = self.keys.count()
        text = ngettext("You have %(count)d API key.", "You have %(count)d API keys.", self.count)
        self.fields["revoke_keys"].help_text = text % {"count": self.count}

    def settle(self) -> None:
        """Do what a new password means for credentials that were given out before it."""
        credentials.changed_on_commit([self.user.pk])
        if self.cleaned_data["revoke_keys"]:
            self.revoked = len(api_keys.revoke(self.keys, now=clock.estimate()))


class PasswordForm(_OffersKeys, PasswordChangeForm):
    def __init__(self, *args: Any, request: HttpRequest, **more: Any) -> None:
        super().__init__(*args, **more)
        self.request = request

    def clean_old_password(self) -> str:
        """Check the old password as a sign-in is checked, so that guesses at it are counted with those."""
        old: str = self.cleaned_data["old_password"]
        if authenticate(self.request, username=self.user.get_username(), password=old) != self.user:
            raise forms.ValidationError(self.error_messages["password_incorrect"])
        return old

    def save(self, commit: bool = True) -> User:
        user = super().save(commit)
        self.settle()
        return user


class PasswordFormOfAdmin(_OffersKeys, AdminPasswordChangeForm):  # type: ignore[type-arg]  # has none at run time
    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit)
        self.settle()
        return user

    @property
    def changed_data(self) -> list[str]:
        """Names of what changed, for the admin's log."""
        return [*super().changed_data, *(["revoke_keys"] if self.revoked else [])]
