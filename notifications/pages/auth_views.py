from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from notifications.conf import conf

DEMO_ACCOUNTS = ("admin", "alice", "bob", "carol")
DEMO_PASSWORD = "carillon-demo"  # noqa: S105 - printed by the demo itself, which refuses to run outside DEBUG


class SignIn(LoginView):
    template_name = "carillon/notifications/sign_in.html"

    def get(self, request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        """The form; whoever is signed in goes on to where they wanted. A name and password that are sent sign in
        whoever they are of, whoever was signed in before."""
        if not request.user.is_authenticated:
            return super().get(request, *args, **more)
        wanted = self.get_success_url()
        return HttpResponseRedirect(self.get_default_redirect_url() if wanted == request.path else wanted)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        if conf.DEMO:
            context |= {"demo_accounts": DEMO_ACCOUNTS, "demo_password": DEMO_PASSWORD}
        return context


class SignOut(LogoutView):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        """Sign out, and have the browser forget the pages that Back would show."""
        response = super().post(request, *args, **more)
        response["Clear-Site-Data"] = '"cache"'
        return response
