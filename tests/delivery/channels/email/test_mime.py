"""A mail's bytes are those that Python's own library writes, of whatever texts."""

from __future__ import annotations

import io
from email.charset import QP, Charset
from email.generator import BytesGenerator
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from delivery.channels.email import mime

BOUNDARY = "b" * 32
# What is left of a text in a mail: no control characters, no halves of characters.
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.just("\n"), max_size=200)
POLICY = compat32.clone(linesep="\r\n", max_line_length=mime.MAX_LINE, mangle_from_=False)


def part(text: str, subtype: str) -> MIMENonMultipart:
    spelled = Charset("utf-8")
    is_long = any(len(line.encode()) > mime.MAX_LINE for line in text.split("\n"))
    # None leaves the text as it is; typeshed knows numbers only.
    setattr(spelled, "body_encoding", QP if is_long else None)  # noqa: B010
    made = MIMENonMultipart("text", subtype, charset="utf-8")
    made.set_payload(text, spelled)
    return made


def by_the_library(subject: str, text: str, html: str) -> bytes:
    made, out = MIMEMultipart("alternative", boundary=BOUNDARY), io.BytesIO()
    made["Subject"] = subject
    made.attach(part(text, "plain"))
    made.attach(part(html, "html"))
    BytesGenerator(out, policy=POLICY).flatten(made)
    return out.getvalue()


@given(text=TEXTS, html=TEXTS)
@example(text="", html="\n")
@example(text="From here\n.\n--\n", html="ü\n\n")
@example(text="a" * 999 + "\n= ü", html="ü" * 500)
@example(text="a" * 998, html="ü" * 499)
def test_texts_are_written_as_the_library_does(text, html):
    assert mime.written({"Subject": "Hi"}, text=text, html=html, boundary=BOUNDARY) == by_the_library("Hi", text, html)


@pytest.mark.parametrize(
    "subject", ["Plain", "=?utf-8?q?=C3=BC?=", "=?utf-8?b?w7w=?=\n =?utf-8?b?w7w=?=", "word " * 250]
)
def test_headers_are_folded_as_the_library_does(subject):
    ours = mime.written({"Subject": subject}, text="a", html="b", boundary=BOUNDARY)
    assert ours == by_the_library(subject, "a", "b")
