from typing import Any

from django.contrib import messages
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.pages.password_form import PasswordForm


class ChangePassword(PasswordChangeView):
    """A person's own password. Their other sessions end with it, and so do the sockets of those."""

    form_class = PasswordForm
    template_name = "carillon/notifications/password.html"
    success_url = reverse_lazy("carillon:preferences")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        messages.success(self.request, _("Password changed. You've been signed out everywhere else."))
        if form.revoked:
            text = ngettext("%(count)d key revoked.", "%(count)d keys revoked.", form.revoked)
            messages.success(self.request, text % {"count": form.revoked})
        return answer
