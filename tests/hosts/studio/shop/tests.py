"""The shop's own tests: whatever comes into the project, these stay green."""

from django.apps import apps
from django.test import TestCase
from django.urls import reverse

from shop.events.models import Event
from shop.notifications.models import Letter
from shop.people.models import Person
from shop.policy import POLICY


class Pages(TestCase):
    def test_they_have_the_frame_and_the_policy_of_the_shop(self):
        page = self.client.get("/")
        self.assertContains(page, "<title>The Shop</title>")
        self.assertContains(page, "<script>document.documentElement.dataset.ready")
        assert page["Content-Security-Policy"] == POLICY
        assert page.templates[1].name == "base.html"

    def test_a_page_that_is_missing_is_the_shop_s(self):
        with self.settings(DEBUG=False):
            self.assertContains(self.client.get("/nowhere/"), "Sold out", status_code=404)

    def test_people_sign_in_by_mail_and_come_home(self):
        Person.objects.create_user("ann@shop.example", "secret")
        signed_in = self.client.post("/sign-in/", {"username": "ann@shop.example", "password": "secret"})
        self.assertRedirects(signed_in, "/")

    def test_addresses_keep_their_names(self):
        assert reverse("home") == "/"
        assert reverse("event-list") == "/api/events/"


class Api(TestCase):
    def setUp(self):
        self.client.force_login(Person.objects.create_user("ann@shop.example"))

    def test_answers_have_the_envelope_of_the_shop(self):
        Event.objects.create(title="Sale", opens_at="2030-01-01T10:00:00Z")
        assert self.client.get("/api/events/").json()["shop"][0]["title"] == "Sale"

    def test_errors_too(self):
        assert self.client.get("/api/events/7/").json() == {"shop": {"oops": "No Event matches the given query."}}
        self.client.logout()
        assert "oops" in self.client.get("/api/events/").json()["shop"]

    def test_forms_are_taken_and_browsers_get_pages(self):
        made = self.client.post("/api/events/", {"title": "Sale", "opens_at": "2030-01-01T10:00:00Z"})
        assert made.status_code == 201
        self.assertContains(self.client.get("/api/events/", headers={"Accept": "text/html"}), "<html")


class Models(TestCase):
    def test_labels_and_tables_are_the_shop_s(self):
        assert apps.get_model("events", "Event") is Event
        assert apps.get_model("notifications", "Letter") is Letter
        assert Event._meta.db_table == "events_event"
        assert type(Event._meta.pk).__name__ == "BigAutoField"
