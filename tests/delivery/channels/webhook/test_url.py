"""What may be saved as a webhook's URL. A refusal says what to change, and nothing about the inner network."""

from __future__ import annotations

import ipaddress
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery import channels
from delivery.channels.network import resolver
from delivery.channels.webhook.url import parse
from delivery.errors import AddressRefused
from tests.accounts.factory import new_person
from tests.delivery.factories.webhook_attempts import names
from tests.own_settings import own

REFUSED = {
    "blocked_address": """
        http://127.0.0.1/ http://127.0.0.1:8000/ https://10.1.2.3/ http://169.254.169.254/latest/meta-data/ http://0.0.0.0/
        http://100.100.100.200/ http://168.63.129.16/ http://192.168.1.1/ http://172.20.0.5/ http://224.0.0.1/ http://[::1]/
        http://[::]/ http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/ http://[64:ff9b::7f00:1]/ http://[2002:7f00:1::]/
        http://[2001:0:7f00:1::]/ http://[fd00:ec2::254]/ http://[fe80::1]/ http://[::127.0.0.1]/ http://[ff02::1]/
        http://１２７.0.0.1/ http://①②⑦.⓪.⓪.①/ http://127。0。0。1/ http://127．0．0．1/ http://127.0.0.1./
        https://inner.example.com/ https://mixed.example.com/ https://nat64.example.com/ https://INNER.example.com/
        https://inner.example.com./ https://ınner.example.com/""",
    "invalid_host": """
        http://2130706433/ http://0x7f000001/ http://0x7f.1/ http://0177.0.0.1/ http://127.1/ http://0/ http://017700000001/
        http://127.0.1/ http://0x7f.0x0.0x0.0x1/ http://0000127.0.0.1/ http://1.2.3.4.5/ http://256.1.1.1/ http://example.0x/
        http://example.1/ http://[::1%25eth0]/ http://[fe80::1%25lo]/ http://[v1.x]/ http://%31%32%37.0.0.1/ http://a..example.com/
        http://-a.example.com/ http://exa_mple-.com/ http://xn--a-.example/ http://٣.0.0.1.example.com./ http://.example.com/
        http://a,b.example.com/ http://*.example.com/""",
    "inner_name": """
        http://localhost/ http://localhost:8000/ http://db/ http://hooks.localhost/ http://printer.local/ http://x.internal/
        http://api.svc.cluster.local/ http://metadata.google.internal/ http://router.lan/ http://nas.home.arpa/
        http://localhost./ http://LOCALHOST/ http://ｌｏｃａｌｈｏｓｔ/""",
    "invalid_url": """
        http:// https:///path http:\\\\127.0.0.1\\ http://public.example.com\\@127.0.0.1/ http://[::1 http://[12345]/x
        http://public.example.com:0x50/ http://public.example.com:99999/ http://public.example.com:-1/
        http://public.example.com/\x00 http://public.example.com/a\tb http://public.example.com/<b>
        http://public.example.com:80:80/""",
    "unsupported_scheme": """
        ftp://public.example.com/ file:///etc/passwd gopher://127.0.0.1:6379/_x javascript:alert(1) data:text/plain,x
        ws://public.example.com/ //public.example.com/ public.example.com/hook nowhere unix:///var/run/docker.sock""",
    "credentials_in_url": "https://user:pass@public.example.com/ https://token@public.example.com/ http://127.0.0.1@public.example.com/",
    "fragment_in_url": "https://public.example.com/hook#part http://127.0.0.1#@public.example.com/",
    "port_not_allowed": """
        http://public.example.com:22/ http://public.example.com:25/ http://public.example.com:6379/ http://public.example.com:0/
        http://public.example.com:11211/ http://public.example.com:5432/ https://public.example.com:993/""",
    "url_too_long": "https://public.example.com/" + "a" * 2000,
    "unknown_host": "https://nowhere.example.com/ https://wrtiten-wrong.example.com/",
}  # fmt: skip
KNOWN = {
    "public.example.com": ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
    "xn--bcher-kva.example": ["93.184.215.14"],
    "inner.example.com": ["10.20.30.40"],
    "xn--nner-kza.example.com": ["10.20.30.40"],
    "mixed.example.com": ["93.184.215.14", "192.168.77.1"],
    "nat64.example.com": ["64:ff9b::10.20.30.40"],
}
CASES = [(code, url) for code, urls in REFUSED.items() for url in re.split(r"[ \n]+", urls.strip(" \n"))]


@pytest.fixture(autouse=True)
def _known_names(monkeypatch) -> None:
    names(monkeypatch, KNOWN)


def check(url: str) -> channels.Checked:
    return channels.named("webhook").check(url, user=new_person())


@pytest.mark.parametrize(("code", "url"), CASES)
def test_refused_under_its_code_and_without_a_word_about_the_network(code, url):
    with pytest.raises(AddressRefused) as refusal:
        check(url)
    assert refusal.value.code == code
    assert refusal.value.field == "url"
    told = refusal.value.detail.replace(url, "")
    assert not {"10.20.30.40", "192.168.77.1", "loopback", "private", "metadata"} & set(re.split(r"[ ,;()]+", told))


def test_there_are_enough_of_them():
    assert len({url for _, url in CASES}) >= 80


@pytest.mark.parametrize(
    ("given_url", "stored"),
    [
        (" HTTPS://Public.Example.COM ", "https://public.example.com/"),
        ("https://public.example.com:443/a?b=c&d", "https://public.example.com/a?b=c&d"),
        ("http://public.example.com:8080", "http://public.example.com:8080/"),
        ("https://bücher.example/häuser?straße=ja", "https://xn--bcher-kva.example/h%C3%A4user?stra%C3%9Fe=ja"),
        ("https://public.example.com./x%20y%2F", "https://public.example.com/x%20y%2F"),
        ("https://[2606:2800:21F:CB07:6820:80DA:AF6B:8B2C]:8443/x", "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:8443/x"),
        ("https://93.184.215.14/?a=b", "https://93.184.215.14/?a=b"),
    ],
)  # fmt: skip
def test_what_is_accepted_is_stored_in_one_spelling(given_url, stored):
    assert check(given_url).target == stored


def test_each_gets_a_secret_of_its_own_that_is_shown_once():
    first, second = check("https://public.example.com/"), check("https://public.example.com/")
    assert first.secret == first.shown_once != second.secret
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", first.secret)


def test_our_own_resolver_failing_keeps_nobody_from_saving(monkeypatch):
    def fails(host: str) -> list[str]:
        raise resolver.ResolverError(host)

    monkeypatch.setattr(resolver, "lookup", fails)
    assert check("https://public.example.com/").target == "https://public.example.com/"


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(resolver, "lookup", lambda host: released.wait(5) and [])
    monkeypatch.setattr("delivery.channels.webhook.channel.LOOKUP_ON_SAVE", 0.05)
    assert check("https://public.example.com/").target == "https://public.example.com/"
    released.set()


def test_more_names_that_hang_than_saving_may_ask_for_leave_room_for_attempts(monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(resolver, "lookup", lambda host: released.wait(5) and ["93.184.215.14"])
    monkeypatch.setattr("delivery.channels.webhook.channel.LOOKUP_ON_SAVE", 0.001)
    monkeypatch.setattr(resolver, "_free", threading.BoundedSemaphore(1))
    assert {check(f"https://n{number}.example.com/").is_verified for number in range(20)} == {True}
    attempt = resolver.looking_up("public.example.com")
    released.set()
    assert attempt.result(5) == ["93.184.215.14"]


def test_an_open_intranet_has_names_of_its_own(settings, monkeypatch):
    names(monkeypatch, {"receiver": ["10.20.30.40"]})
    own(settings, WEBHOOK_ALLOWED_NETWORKS=[ipaddress.ip_network("10.20.0.0/16")])
    assert check("http://receiver:8000/").target == "http://receiver:8000/"
    with pytest.raises(AddressRefused):
        check("http://10.21.0.1/")


@given(st.text(max_size=60).map(lambda text: f"https://{text}") | st.text(max_size=60))
def test_whatever_is_given_is_refused_or_reads_the_same_again(text):
    try:
        url = parse(text)
    except AddressRefused:
        return
    assert parse(url.url) == url
    assert url.url.isascii()
