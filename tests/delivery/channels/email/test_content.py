"""What a mail says: its headers, its two alternatives, its links."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest

from delivery.channels.email.content import MAX_LISTED
from tests.delivery.factories.emails import EMAIL, event, kind, outgoing, part, read, summary

BOTH = pytest.mark.parametrize("name", ["plain", "html"])
EXTERNAL = re.compile(r"<(?:img|script|link|iframe)|url\(|@import", re.IGNORECASE)


def test_the_subject_begins_with_the_type():
    assert read(outgoing(event()))["Subject"] == "[job.failed] Shot 039 failed"


@BOTH
@pytest.mark.parametrize(
    "said",
    [
        "Shot 039 failed",
        "CUDA out of memory",
        "render-02",
        "22 Nov 2026, 14:58 (UTC)",
        "You get this because you submitted it.",
        "http://localhost:8000/notifications/11/open/",
        "http://localhost:8000/notifications/preferences/#type-job.failed",
        "http://localhost:8000/unsubscribe/",
    ],
)
def test_both_alternatives_say_it_all(name, said):
    assert said in part(outgoing(event()), name)


@BOTH
def test_times_are_the_person_s_own(name):
    tokyo = ZoneInfo("Asia/Tokyo")
    assert "22 Nov 2026, 23:58 (Asia/Tokyo)" in part(outgoing(event(), zone=tokyo), name)
    assert "22 Nov 2026, 23:58 (Asia/Tokyo)" in part(summary(1, zone=tokyo), name)


def test_what_the_title_and_the_text_say_is_not_said_again():
    assert part(outgoing(event()), "plain").count("CUDA out of memory") == 1


@pytest.mark.parametrize("title", ["Ends\r\nBcc: all@example.com", "Ends\nX: 1", "A\0B", "\u2028Bcc: x", "x\x0bBcc: y"])
@pytest.mark.parametrize("field", ["title_template", "description", "name"])
def test_no_text_becomes_a_header(title, field):
    """A type's description and name, unlike a rendered title, can come by SQL with anything in them."""
    made = outgoing(event(kind(**{"name": "job.failed", "title_template": "", field: title})))
    message = read(made)
    assert not {"Bcc", "X"} & set(message.keys())
    assert "Bcc" not in str(message["To"])


def test_a_long_title_is_cut_and_stays_on_one_line():
    subject = read(outgoing(event(payload={"name": "very, very long " * 50})))["Subject"]
    assert len(subject) == 200
    assert subject.startswith("[job.failed] very, very long")


def test_other_letters_survive():
    made = outgoing(event(payload={"name": "Сцена 7 – Märchen 🎬"}))
    assert read(made)["Subject"] == "[job.failed] Сцена 7 – Märchen 🎬 failed"
    assert "Сцена 7 – Märchen 🎬 failed" in part(made, "html")


def test_markup_in_a_payload_stays_text():
    made = outgoing(event(payload={"name": "<b>Shot</b>", "error": "a < b & c"}))
    assert "<b>Shot</b> failed" in part(made, "plain")
    assert "&lt;b&gt;Shot&lt;/b&gt; failed" in part(made, "html")
    assert "a &lt; b &amp; c" in part(made, "html")


def test_nothing_is_fetched_when_it_is_read():
    assert not EXTERNAL.search(part(outgoing(event()), "html"))


def test_styles_are_on_the_elements_and_dark_ones_in_the_head():
    html = part(outgoing(event()), "html")
    assert re.search(r'<h1 style="[^"]*font-size: ?20px', html)
    assert "prefers-color-scheme: dark" in html
    assert '<meta name="color-scheme" content="light dark">' in html


def test_it_is_known_as_a_machine_s_and_by_its_stream():
    message = read(outgoing(event(kind(description="A job failed"))))
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "A job failed <job.failed.localhost>"
    assert message["Date"].datetime.isoformat() == "2026-11-22T14:58:00+00:00"


def test_the_id_is_the_delivery_s_whenever_it_is_made():
    assert read(outgoing(event()))["Message-ID"] == "<msg_20261122145800_3@localhost>"


def test_what_is_about_one_entity_is_one_thread():
    failed, done = outgoing(event(), number=3), outgoing(event(kind("job.completed")), number=4)
    elsewhere = outgoing(event(source_entity_id=43))
    roots = [read(one)["References"] for one in (failed, done, elsewhere)]
    assert roots[0] == roots[1] == "<thread.job.42.user.1@localhost>" != roots[2]
    assert read(failed)["In-Reply-To"] == roots[0]


def test_a_thread_is_named_in_few_characters_whatever_the_id():
    by_text = [event(source_entity_id=None, source_entity_key=key) for key in ("<a@b>" * 40, "<a@b>" * 40, "a")]
    roots = [str(read(outgoing(one))["References"]) for one in by_text]
    assert roots[0] == roots[1] != roots[2]
    assert re.fullmatch(r"<thread\.job\.[0-9a-f]{32}\.user\.1@localhost>", roots[0])


def test_what_is_about_nothing_in_particular_is_no_thread():
    assert "References" not in read(outgoing(event(source_entity_type=None, source_entity_id=None)))


def test_one_click_is_offered_as_rfc_8058_wants_it():
    message = read(outgoing(event()))
    assert re.fullmatch(r"<http://localhost:8000/unsubscribe/[\w:.-]+/>", message["List-Unsubscribe"])
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    ("fields", "is_offered"),
    [
        ({"is_locked": True, "default_channels": ["in_app", "email"]}, False),
        ({"is_locked": True, "default_channels": ["in_app"]}, True),
        ({"is_critical": True}, True),
    ],
)
def test_one_click_is_offered_only_where_it_takes_effect(fields, is_offered):
    made = outgoing(event(kind(**fields)))
    assert ("List-Unsubscribe" in read(made)) is is_offered
    assert ("/unsubscribe/" in part(made, "plain")) is is_offered


@BOTH
def test_a_summary_of_three_lists_them_all(name):
    said = part(summary(3), name)
    assert "3 jobs failed" in said
    assert [f"Shot {number} failed" in said for number in range(3)] == [True] * 3
    assert not re.search(r"\+ \d+ more", said)


@BOTH
def test_a_summary_of_three_hundred_lists_the_newest_and_says_how_many_more(name):
    said = part(summary(300), name)
    assert len(set(re.findall(r"Shot \d+ failed", said))) == MAX_LISTED
    assert "+ 280 more" in said


@pytest.mark.parametrize(
    ("of", "tag", "has_link"),
    [
        ("digest", "digest", True),
        ("dnd", "do-not-disturb", False),
        ("quiet", "quiet-hours", False),
        ("burst", "more", False),
    ],
)
def test_a_summary_says_what_it_is_and_only_a_digest_has_one_rule_to_change(of, tag, has_link):
    message = read(summary(3, kind_of_summary=of))
    assert message["Subject"] == f"[{tag}] 3 jobs failed"
    assert ("List-Unsubscribe" in message) is has_link


def test_a_confirmation_has_its_link_and_nothing_of_the_account():
    made = outgoing(purpose="confirmation", to="other@example.org")
    assert "http://localhost:8000/confirm/" in part(made, "plain")
    assert "alice@example.com" not in part(made, "plain")
    assert "List-Unsubscribe" not in read(made)


def test_a_test_says_that_nothing_happened():
    assert "This is a test. Nothing happened." in part(outgoing(), "html")


def test_rendering_asks_the_database_nothing():
    """There is none in this test."""
    assert EMAIL.freeze(summary(300)).content_type == "message/rfc822"


def test_lines_keep_to_what_servers_take():
    longest = max(map(len, bytes(summary(300).delivery.body or b"").split(b"\r\n")))
    assert longest <= 998


def test_where_directions_mix_the_html_isolates_values_and_nothing_else_does():
    made = outgoing(event(kind(title_template="{{ payload.name }} was cancelled"), payload={"name": "مشهد (٧)!"}))
    assert "\u2068مشهد (٧)!\u2069 was cancelled" in part(made, "html")
    assert "\u2068" not in part(made, "plain") + str(read(made)["Subject"])


def test_a_long_address_is_cut_in_the_html_alone_and_its_table_has_it_whole():
    url = "https://storage.example.com/projects/harbour/shots/shot-042/frame.1042.exr"
    made = outgoing(event(kind(title_template="{{ payload.name }} is missing"), payload={"name": url}))
    assert f"<h1>{url}" not in re.sub("<h1[^>]*>", "<h1>", part(made, "html"))
    assert url in part(made, "html")
    assert f"{url} is missing" in part(made, "plain")


def test_a_failure_has_a_sign_besides_its_colour():
    assert "✕" in part(outgoing(event()), "html")
    assert "✕" not in part(outgoing(event(kind(name="job.completed"))), "html")
