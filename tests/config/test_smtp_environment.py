"""SMTP_ variables and BASE_URL: what mail goes over, and where its links lead."""

from __future__ import annotations

import pytest

from config import environment as env


@pytest.fixture
def given(monkeypatch):
    return lambda value: monkeypatch.setenv("VALUE", value)


@pytest.fixture
def smtp(monkeypatch):
    """The EMAIL_ settings that these variables give."""

    def read(**variables: str) -> dict[str, object]:
        for name in ("HOST", "PORT", "USER", "PASSWORD"):
            monkeypatch.setenv(f"SMTP_{name}", variables.get(name.lower(), ""))
        return env.smtp()

    return read


def test_without_a_mail_server_mail_goes_to_the_console(smtp):
    assert smtp(port="587") == {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ("", (25, False, False)),
        ("465", (465, True, False)),
        ("587", (587, False, True)),
        ("2525", (2525, False, False)),
    ],
)
def test_the_port_says_how_mail_is_kept_from_others_eyes(smtp, port, expected):
    found = smtp(host="mail.example.com", port=port)
    assert (found["EMAIL_PORT"], found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == expected


@pytest.mark.parametrize(
    ("host", "port"),
    [("mail.example.com", "465"), ("mail.example.com", "587"), ("localhost", ""), ("127.0.0.1", "25"), ("::1", "25")],
)
def test_a_password_goes_over_tls_or_not_far(smtp, host, port):
    found = smtp(host=host, port=port, user="carillon", password="hunter2")
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("carillon", "hunter2")


@pytest.mark.parametrize("host", ["mail.example.com", "localhost.example.com", "10.0.0.1"])
@pytest.mark.parametrize("port", ["", "25", "2525"])
def test_a_password_in_plain_text_is_refused(smtp, host, port):
    with pytest.raises(env.UnreadableSettingError, match="in plain text; it must be 465 or 587") as error:
        smtp(host=host, port=port, user="carillon", password="hunter2")
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("half", [{"user": "carillon"}, {"password": "hunter2"}])
def test_half_a_login_is_refused(smtp, half):
    with pytest.raises(env.UnreadableSettingError, match="SMTP_USER and SMTP_PASSWORD belong together"):
        smtp(host="localhost", **half)


@pytest.mark.parametrize("port", ["0", "65536", "smtp", "-25"])
def test_what_is_no_port_is_named(smtp, port):
    with pytest.raises(env.UnreadableSettingError, match=r"SMTP_PORT is .*; it must be a whole number from 1 to 65535"):
        smtp(host="localhost", port=port)


@pytest.mark.parametrize(("value", "meant"), [("https://example.com/", "https://example.com"), ("", "http://x")])
def test_links_begin_with_where_people_reach_the_site(given, value, meant):
    given(value)
    assert env.base_url("VALUE", default="http://x") == meant


@pytest.mark.parametrize("value", ["example.com", "https://example.com/carillon", "https://*.example.com", "ftp://x"])
def test_what_is_no_place_to_link_to_is_named(given, value):
    given(value)
    with pytest.raises(env.UnreadableSettingError, match=r"VALUE is .*; it must be a scheme and a host"):
        env.base_url("VALUE", default="http://x")
