from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView

DEMO_ACCOUNTS = ("admin", "alice", "bob", "carol")
DEMO_PASSWORD = "carillon-demo"  # noqa: S105 - printed by the demo itself, which refuses to run outside DEBUG


class SignIn(LoginView):
    template_name = "carillon/notifications/sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        if getattr(settings, "CARILLON_DEMO", False):
            context |= {"demo_accounts": DEMO_ACCOUNTS, "demo_password": DEMO_PASSWORD}
        return context


class SignOut(LogoutView):
    http_method_names = ["post"]
