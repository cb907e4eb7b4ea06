"""Reasons for the owner of an address: the code of an attempt in one sentence that says what to change.

It says nothing about the inner network: who may see addresses and answers sees them on the attempt itself.
"""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from delivery.models.addresses import BY_OWNER, REPLACED

# What waits with it goes once whoever runs this site gives the key back, or the owner another secret.
UNREADABLE = "secret_unreadable"

_SENTENCES: dict[str, Any] = {
    "blocked_address": gettext_lazy(
        "The URL leads to an address that is not on the public internet. Use a public one, or ask who runs this "
        "site to open that network for webhooks."
    ),
    "dns": gettext_lazy("The host's name could not be looked up. Check its spelling and its DNS records."),
    "our_dns": gettext_lazy("This site could not look up names. It tries again by itself; nothing has to be changed."),
    "our_network": gettext_lazy("This site could not open a connection. It tries again by itself."),
    "tls_certificate": gettext_lazy(
        "The host's certificate was not accepted. Install one that is valid for this name and not expired, with its "
        "intermediate certificates."
    ),
    "tls": gettext_lazy(
        "No secure connection could be made. Check the receiver's TLS settings, or whether it is http."
    ),
    "connect": gettext_lazy("The receiver did not accept the connection. Check that it runs, and its firewall."),
    "timeout": gettext_lazy("The receiver did not answer in time. Let it answer at once and do the work afterwards."),
    "closed": gettext_lazy("The receiver closed the connection before its answer was complete. Look at its log."),
    "not_http": gettext_lazy("What came back was no HTTP answer. Check the port of the URL."),
    "http_3xx": gettext_lazy("The receiver sent us elsewhere, and redirects are not followed. Update the URL."),
    "http_4xx": gettext_lazy("The receiver refused the request. Check the URL, and how it verifies signatures."),
    "http_5xx": gettext_lazy("The receiver failed. Look at its log."),
    "too_many_requests": gettext_lazy("The receiver asked for fewer requests."),
    "gone": gettext_lazy("The receiver said that this URL is gone for good (410). Add its new one."),
    UNREADABLE: gettext_lazy(
        "What is stored to send there can't be read any more. Rotate the secret; add a chat anew."
    ),
    "invalid_url": gettext_lazy("The URL can't be used as it is. Add it anew; the form says what is wrong with it."),
    "printed": gettext_lazy("No mail server is set up on this site: the mail was only printed where it runs."),
    "invalid_email": gettext_lazy("This is no e-mail address that can be sent to. Add the right one."),
    "recipient_refused": gettext_lazy("The mail server refuses this address for good. Check its spelling."),
    "recipient_put_off": gettext_lazy("The mail server doesn't take mail for this address now."),
    "bounced_for_now": gettext_lazy("A mail to this address came back. Its mailbox may be full."),
    "mail_refused": gettext_lazy("The mail server refused this mail for good."),
    "mail_put_off": gettext_lazy("The mail server didn't take this mail now."),
    "answer_lost": gettext_lazy(
        "The mail was sent, but the server's answer was lost. It is sent again; it may come twice."
    ),
    "mail_server_busy": gettext_lazy("This site's mail server is busy. It is tried again; nothing has to be changed."),
    "mail_server_slow": gettext_lazy("This site's mail server didn't answer in time. It is tried again."),
    "mail_server_unreachable": gettext_lazy("This site's mail server can't be reached. It is tried again."),
    "mail_login": gettext_lazy(
        "This site's mail server wants a login, or another one. Whoever runs this site can see to it."
    ),
    "mail_tls": gettext_lazy("No secure connection to this site's mail server. Whoever runs this site can see to it."),
    "sender_refused": gettext_lazy("The mail server refuses this site's sender. Whoever runs this site can see to it."),
    "mail_not_permitted": gettext_lazy(
        "The mail server doesn't let this site send there. Whoever runs this site can see to it; it is tried again."
    ),
    "queue": gettext_lazy("Others that go the same way take long just now; this one is tried again soon."),
    "mail_protocol": gettext_lazy(
        "This site and its mail server don't understand each other. Whoever runs this site can see to it."
    ),
    # Why an address is off.
    BY_OWNER: gettext_lazy("You switched it off."),
    "failing": gettext_lazy("It failed for days, so it was switched off."),
    "bounced": gettext_lazy(
        "Mail to this address comes back for good. Check its spelling, or whether it still exists."
    ),
    "complained": gettext_lazy("A mail to this address was reported as spam, so no more is sent there."),
    "unsubscribed": gettext_lazy("You unsubscribed with the link in a mail."),
    # Why there was no attempt, or not yet.
    "read": gettext_lazy("It was read meanwhile."),
    "switched_off": gettext_lazy("You switched this off meanwhile."),
    "address_disabled": gettext_lazy("Its address was switched off meanwhile."),
    "no_access": gettext_lazy("You no longer have access to what it is about."),
    "access_unknown": gettext_lazy("This site could not tell whether you may see it. It is tried again."),
    REPLACED: gettext_lazy("Your account has another e-mail address now; what had not been sent goes there."),
    "address_removed": gettext_lazy("Your account has no e-mail address any more."),
    "address_unverified": gettext_lazy("Its address isn't confirmed."),
    "user_inactive": gettext_lazy("The account is not active."),
    "about_itself": gettext_lazy("That an address fails isn't told over that address."),
    "breaker_open": gettext_lazy("This address failed several times in a row, so everything for it waits a while."),
    "server_down": gettext_lazy(
        "This site's own way there fails, so everything for it waits; it goes as soon as that works again."
    ),
    "rate_limited": gettext_lazy("This address takes only so many at a time; the rest waits its turn."),
    "internal_error": gettext_lazy("This site made a mistake while sending; nothing has to be changed."),
    "interrupted": gettext_lazy(
        "This site stopped while sending, so nobody knows whether it arrived; it may come twice."
    ),
    "cannot_render": gettext_lazy(
        "What should be sent could not be put into words. Whoever runs this site can see to it."
    ),
    "chat_refused": gettext_lazy("The chat service refused the message for good. Add its URL anew."),
    "chat_failed": gettext_lazy("The chat service failed."),
    "unknown_service": gettext_lazy("This chat service is not accepted here any more."),
    "invalid_chat_url": gettext_lazy("The chat's URL can't be used any more. Add it anew."),
}


def sentence(code: str) -> str:
    """Say it in the language of who reads. A code without a sentence (of an app's own channel) speaks for itself."""
    if known := _SENTENCES.get(code):
        return str(known)
    return _("It failed: %(code)s.") % {"code": code.replace("_", " ")} if code else ""
