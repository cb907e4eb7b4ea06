"""Content of a mail for its templates: a notification, a summary, a test, or a question to a new address."""

import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from delivery import signed_links
from delivery.channels import Held, Outgoing
from delivery.conf import conf
from delivery.models import Delivery
from events import accounts, rendering
from events.accounts import User
from events.models import Event
from notifications.escalations import steps
from notifications.models import Notification, Summary
from notifications.presentation import labels, summary_text, times
from notifications.presentation.naming import entity_name
from notifications.presentation.payload import Field, fields_of

# Of a payload and of a summary a mail shows the beginning; the page behind its link has the rest.
MAX_FACTS = 6
MAX_FACT = 160
MAX_LISTED = 20

_KIND = Summary.Kind
_OF_SUMMARY = {
    _KIND.DIGEST: gettext_lazy("Everything collected since your last digest."),
    _KIND.DND: gettext_lazy("Everything that arrived while do not disturb was on."),
    _KIND.QUIET: gettext_lazy("Everything that arrived during your quiet hours."),
    _KIND.BURST: gettext_lazy("The rest of an hour that brought more notifications than we send one by one."),
}
_REASON_OF_SUMMARY = {
    _KIND.DIGEST: gettext_lazy("You get this because your digest is on."),
    _KIND.DND: gettext_lazy("You get this because do not disturb has ended."),
    _KIND.QUIET: gettext_lazy("You get this because your quiet hours have ended."),
    _KIND.BURST: gettext_lazy("You get this instead of separate e-mails because there were so many within an hour."),
}
_TAG_OF_SUMMARY = {_KIND.DIGEST: "digest", _KIND.DND: "do-not-disturb", _KIND.QUIET: "quiet-hours", _KIND.BURST: "more"}


@dataclass(frozen=True, slots=True)
class Content:
    """`template` names the pair under templates/carillon/email. `tag` begins the subject, in brackets.

    `stream` and `stream_words` are the List-Id; `thread` groups what is about one entity; `unsubscribe` is a URL, or
    empty where it could change nothing.
    """

    template: str
    tag: str
    title: str
    context: dict[str, Any] = field(default_factory=dict)
    stream: str = ""
    stream_words: str = ""
    thread: str = ""
    unsubscribe: str = ""


def content_of(outgoing: Outgoing) -> Content:
    if outgoing.notification is not None and outgoing.event is not None:
        return of_notification(outgoing.notification, outgoing.event, user=outgoing.person, zone=outgoing.zone)
    if outgoing.summary is not None:
        return _summary(outgoing.summary, outgoing.held, user=outgoing.person, zone=outgoing.zone)
    if outgoing.delivery.purpose == Delivery.Purpose.CONFIRMATION:
        return _confirmation(outgoing)
    return _test()


def of_notification(row: Notification, event: Event, *, user: User, zone: ZoneInfo) -> Content:
    kind, rendered = event.event_type, rendering.render(event, event.event_type)
    source = event.source
    # A locked type keeps its default channels, so there the link could change nothing (RFC 8058 wants it to work).
    is_fixed = kind.is_locked and "email" in kind.default_channels
    unsubscribe = "" if is_fixed else signed_links.unsubscribe_url(signed_links.Subscription(user.pk, kind.pk))
    thing = source.type.replace("_", " ") if source else ""
    return Content(
        template="notification",
        tag=kind.name,
        title=rendered.title,
        stream=kind.name,
        stream_words=kind.description or kind.name,
        thread=f"{source.type}.{_atom(source.id)}.user.{user.pk}" if source else "",
        unsubscribe=unsubscribe,
        context={
            "category": kind.category,
            "category_name": labels.category_name(kind.category),
            "is_failure": labels.is_failure(kind.name),
            "body": rendered.body,
            "shown_title": rendered.shown_title,
            "shown_body": rendered.shown_body,
            "facts": _facts(event, shown=f"{rendered.shown_title} {rendered.shown_body}", user=user, zone=zone),
            "action_url": _open_url(row),
            "action_words": _("Open the {thing}").format(thing=thing) if thing else _("Open"),
            "reason": _reason(row, category=kind.category),
            "preference_url": signed_links.absolute_url(f"{reverse('carillon:preferences')}#type-{kind.name}"),
            "unsubscribe_words": _("Stop these e-mails"),
            **_mute(event, user=user),
            **_acknowledge(row, event, user=user),
        },
    )


def _acknowledge(row: Notification, event: Event, *, user: User) -> dict[str, str]:
    """Link to take a critical event on, and its word; nothing where it waits for nobody."""
    if not event.event_type.escalation or steps.is_ended(event):
        return {}
    link = signed_links.acknowledge_url(signed_links.Acknowledging(user.pk, row.pk))
    return {"acknowledge_url": link, "acknowledge_words": _("Acknowledge")}


def _mute(event: Event, *, user: User) -> dict[str, str]:
    """Link to mute what it is about, and its words; nothing where a mute would let it pass."""
    source, kind = event.source, event.event_type
    if source is None or kind.is_critical or kind.is_locked:
        return {}
    name = entity_name(source, [event.payload])
    link = signed_links.mute_url(signed_links.Muting(user.pk, source, name))
    return {"mute_url": link, "mute_words": _("Mute {name}").format(name=name)}


def _atom(key: int | str) -> str:
    """Spell an entity's id within a Message-ID, which takes few characters and not many of them."""
    return str(key) if isinstance(key, int) else hashlib.sha256(key.encode()).hexdigest()[:32]


def _reason(row: Notification, *, category: str) -> str:
    reason = labels.reason_text(row.reason, category=category)
    return _("You get this {because}.").format(because=reason) if reason else _("Your preferences include this.")


def _facts(event: Event, *, shown: str, user: User, zone: ZoneInfo) -> list[Field]:
    """List when and who, and of the payload what title and body don't say already."""
    fields = [Field(_("When"), times.full_time(event.created_at, zone=zone))]
    actor = event.actor_user
    if actor is not None and actor.pk != user.pk:
        fields.append(Field(_("Who"), accounts.full_name(actor)))
    more = [fact for fact in fields_of(event.payload) if fact.value != "—" and fact.value not in shown]
    return fields + [Field(fact.name, _short(fact.value)) for fact in more[:MAX_FACTS]]


def _short(text: str) -> str:
    return text if len(text) <= MAX_FACT else f"{text[:MAX_FACT]}…"


def _open_url(row: Notification) -> str:
    return signed_links.absolute_url(reverse("carillon:notification-open", args=[row.pk]))


def _summary(summary: Summary, held: list[Held], *, user: User, zone: ZoneInfo) -> Content:
    kind = _KIND(summary.kind)
    is_digest = kind == _KIND.DIGEST
    listed = held[:MAX_LISTED]
    anchor = "digest-title" if is_digest else "quiet-title"
    return Content(
        template="summary",
        tag=_TAG_OF_SUMMARY[kind],
        title=summary_text.counts(summary.by_type, types=[one.event.event_type for one in held]),
        stream=_TAG_OF_SUMMARY[kind],
        stream_words=str(_OF_SUMMARY[kind]),
        # What do-not-disturb and quiet hours give back comes over the channels of many types: no one rule governs it.
        unsubscribe=signed_links.unsubscribe_url(signed_links.Subscription(user.pk, None)) if is_digest else "",
        context={
            "intro": _OF_SUMMARY[kind],
            "items": [_item(one, zone=zone) for one in listed],
            "more": max(0, summary.count - len(listed)),
            "action_url": signed_links.absolute_url(summary_text.url(summary.pk)),
            "action_words": _("See all"),
            "reason": _REASON_OF_SUMMARY[kind],
            "preference_url": signed_links.absolute_url(f"{reverse('carillon:preferences')}#{anchor}"),
            "unsubscribe_words": _("Stop the digest by e-mail"),
        },
    )


def _item(one: Held, *, zone: ZoneInfo) -> dict[str, object]:
    rendered = rendering.render(one.event, one.event.event_type)
    category = one.event.event_type.category
    return {
        "category": category,
        "category_name": labels.category_name(category),
        "is_failure": labels.is_failure(one.event.event_type.name),
        "title": rendered.title,
        "body": _short(rendered.body),
        "shown_title": rendered.shown_title,
        "shown_body": _short(rendered.shown_body),
        "when": times.full_time(one.event.created_at, zone=zone),
        "url": _open_url(one.notification),
    }


def _confirmation(outgoing: Outgoing) -> Content:
    return Content(
        template="plain",
        tag="confirm",
        title=_("Confirm this e-mail address"),
        context={
            # The user name alone: whoever gets this hasn't agreed to read what a stranger calls themselves.
            "body": _(
                "{name} wants to get notifications from {site} at this address. We send nothing until you confirm "
                "it. If this wasn't you, ignore this e-mail."
            ).format(name=accounts.public_name(outgoing.person), site=urlsplit(conf.BASE_URL).hostname),
            "action_url": signed_links.confirmation_url(outgoing.address, sent_at=outgoing.delivery.created_at),
            "action_words": _("Confirm this address"),
            "reason": _("The link works for {days} days.").format(days=signed_links.CONFIRM_WITHIN.days),
        },
    )


def _test() -> Content:
    return Content(
        template="plain",
        tag="test",
        title=_("E-mail from Carillon works"),
        context={
            "body": _("This is a test. Nothing happened."),
            "action_url": signed_links.absolute_url(reverse("carillon:preferences")),
            "action_words": _("Choose what you get"),
            "reason": _("You get this because you asked for a test."),
        },
    )
