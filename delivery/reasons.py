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
        "The URL leads to an address outside the public internet. Use a public one, or ask an admin to open "
        "that network for webhooks."
    ),
    "dns": gettext_lazy("We couldn't find this host. Check its spelling and its DNS records."),
    "our_dns": gettext_lazy(
        "This site couldn't look up names. It will retry on its own; you don't need to change anything."
    ),
    "our_network": gettext_lazy("This site couldn't open a connection. It will retry on its own."),
    "tls_certificate": gettext_lazy(
        "The host's certificate isn't valid. Install one for this name that hasn't expired, with its "
        "intermediate certificates."
    ),
    "tls": gettext_lazy(
        "We couldn't make a secure connection. Check the receiver's TLS settings, or whether its URL is http."
    ),
    "connect": gettext_lazy("The receiver refused the connection. Check that it's running, and its firewall."),
    "timeout": gettext_lazy("The receiver didn't answer in time. Let it answer first and do the work afterwards."),
    "closed": gettext_lazy("The receiver closed the connection before its answer was complete. Check its log."),
    "not_http": gettext_lazy("The answer wasn't HTTP. Check the port in the URL."),
    "http_3xx": gettext_lazy("The receiver answered with a redirect, and we don't follow those. Update the URL."),
    "http_4xx": gettext_lazy("The receiver refused the request. Check the URL, and how it verifies signatures."),
    "http_5xx": gettext_lazy("The receiver answered with a server error. Check its log."),
    "too_many_requests": gettext_lazy("The receiver asked for fewer requests."),
    "gone": gettext_lazy("The receiver says this URL is gone for good (410). Add the new one."),
    UNREADABLE: gettext_lazy("We can't read the stored secret any more. Make a new secret, or add the chat again."),
    "invalid_url": gettext_lazy("This URL doesn't work. Add it again, and the form will tell you what's wrong."),
    "printed": gettext_lazy("This site has no mail server, so the e-mail was only printed to its console."),
    "invalid_email": gettext_lazy("We can't send to this e-mail address. Add the right one."),
    "recipient_refused": gettext_lazy("The mail server rejected this address for good. Check its spelling."),
    "recipient_put_off": gettext_lazy("The mail server isn't accepting e-mail for this address right now."),
    "bounced_for_now": gettext_lazy("An e-mail to this address came back. Its mailbox may be full."),
    "mail_refused": gettext_lazy("The mail server rejected this e-mail for good."),
    "mail_put_off": gettext_lazy("The mail server didn't accept this e-mail yet."),
    "answer_lost": gettext_lazy(
        "We sent the e-mail but lost the server's answer. We'll send it again, so it may arrive twice."
    ),
    "mail_server_busy": gettext_lazy(
        "This site's mail server is busy. We'll try again; you don't need to change anything."
    ),
    "mail_server_slow": gettext_lazy("This site's mail server didn't answer in time. We'll try again."),
    "mail_server_unreachable": gettext_lazy("We can't reach this site's mail server. We'll try again."),
    "mail_login": gettext_lazy("This site's mail server didn't accept our login. Ask an admin to check it."),
    "mail_tls": gettext_lazy("We couldn't connect securely to this site's mail server. Ask an admin to check it."),
    "sender_refused": gettext_lazy("The mail server rejects this site's sender address. Ask an admin to check it."),
    "mail_not_permitted": gettext_lazy(
        "The mail server doesn't let this site send there. Ask an admin to check it; we'll try again."
    ),
    "queue": gettext_lazy("Other deliveries on this route are slow right now. We'll try this one again soon."),
    "mail_protocol": gettext_lazy(
        "This site's mail server gave an answer we don't understand. Ask an admin to check it."
    ),
    # Why an address is off.
    BY_OWNER: gettext_lazy("You paused it."),
    "deleted": gettext_lazy("It was deleted."),
    "failing": gettext_lazy("It failed for days, so Carillon paused it."),
    "bounced": gettext_lazy(
        "E-mail to this address bounces for good. Check its spelling, and whether it still exists."
    ),
    "complained": gettext_lazy("Somebody reported an e-mail to this address as spam, so we send no more there."),
    "unsubscribed": gettext_lazy("You unsubscribed with the link in an e-mail."),
    # Why there was no attempt, or not yet.
    "read": gettext_lazy("You read it before it was sent."),
    "withdrawn": gettext_lazy("It was withdrawn before it was sent."),
    "resolved": gettext_lazy("It was over before it was sent."),
    "muted": gettext_lazy("You muted what it's about before it was sent."),
    "seen": gettext_lazy("You saw it in an open tab before it was sent."),
    "snoozed": gettext_lazy("You snoozed it before it was sent."),
    "switched_off": gettext_lazy("You turned this off before it was sent."),
    "address_disabled": gettext_lazy("Its address was paused before it was sent."),
    "no_access": gettext_lazy("You no longer have access to what it's about."),
    "access_unknown": gettext_lazy("This site couldn't check whether you may see it. We'll try again."),
    REPLACED: gettext_lazy("Your account has a new e-mail address; anything unsent goes there."),
    "address_removed": gettext_lazy("Your account no longer has an e-mail address."),
    "address_unverified": gettext_lazy("Its address isn't confirmed."),
    "user_inactive": gettext_lazy("The account isn't active."),
    "in_digest": gettext_lazy("It goes with others, in one message of this destination."),
    "not_covered": gettext_lazy("This destination was told to leave it out before it was sent."),
    "about_itself": gettext_lazy("We don't report a failing address to that same address."),
    "breaker_open": gettext_lazy("This address failed several times in a row, so its deliveries wait a while."),
    "server_down": gettext_lazy(
        "This site can't send on this channel right now. Deliveries wait and go out once it works again."
    ),
    "rate_limited": gettext_lazy("This address has a rate limit, so the rest wait their turn."),
    "internal_error": gettext_lazy(
        "Something went wrong on this site while sending. You don't need to change anything."
    ),
    "interrupted": gettext_lazy(
        "This site stopped while sending, so we don't know whether it arrived. It may arrive twice."
    ),
    "cannot_render": gettext_lazy(
        "We couldn't put this notification into words. Ask an admin to check its event type."
    ),
    "chat_refused": gettext_lazy("The chat service rejected the message for good. Add its URL again."),
    "chat_failed": gettext_lazy("The chat service answered with an error."),
    "unknown_service": gettext_lazy("This site no longer accepts this chat service."),
    "invalid_chat_url": gettext_lazy("The chat's URL no longer works. Add it again."),
}


def sentence(code: str) -> str:
    """Say it in the language of who reads. A code without a sentence (of an app's own channel) speaks for itself."""
    if known := _SENTENCES.get(code):
        return str(known)
    return _("Failed: %(code)s.") % {"code": code.replace("_", " ")} if code else ""
