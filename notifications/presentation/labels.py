"""Labels of categories, reasons and states, for the templates and, as one JSON block, for the browser."""

from django.utils.text import capfirst
from django.utils.translation import get_language_bidi, gettext_lazy
from django.utils.translation import gettext as _

from events.models import EventType
from events.rules import audience, code_audiences

# In the order people see them in; others follow by name.
CATEGORIES = ("job", "review", "system", "collaboration")

_SINGULAR = {
    "job": gettext_lazy("Job"),
    "review": gettext_lazy("Review"),
    "system": gettext_lazy("System"),
    "collaboration": gettext_lazy("Collaboration"),
}
_PLURAL = {"job": gettext_lazy("Jobs"), "review": gettext_lazy("Reviews")}
_REASONS = {
    "mentioned": gettext_lazy("because you were mentioned"),
    "addressed": gettext_lazy("because it was addressed to you"),
    "owner": gettext_lazy("because you own it"),
    "actor": gettext_lazy("because you did it"),
    "member": gettext_lazy("because you're a member"),
    "watcher": gettext_lazy("because you're watching it"),
    "project": gettext_lazy("because you're in its project"),
    "admin": gettext_lazy("because you're an admin"),
    "everyone": gettext_lazy("because everyone gets it"),
    "escalated": gettext_lazy("because nobody acknowledged it in time"),
    "imported": gettext_lazy("because you had it before"),
}
_JOB_REASONS = {
    "actor": gettext_lazy("because you submitted it"),
    "owner": gettext_lazy("because it's your job"),
}
_ICON_OF_CATEGORY = {"job": "play", "review": "eye", "system": "alert", "collaboration": "users"}
# By the last word of a type's name, so that a new type with a usual verb has a fitting icon without any code.
_ICON_OF_VERB = {
    "submitted": "clock",
    "completed": "check",
    "approved": "check",
    "failed": "x",
    "rejected": "x",
    "cancelled": "ban",
    "comment": "message",
    "mention": "at",
    "lock": "lock",
    "restart": "refresh",
    "disk_warning": "drive",
    "gpu_warning": "heat",
    "gpu_critical": "heat",
    "disk_ok": "drive",
    "gpu_ok": "check",
    "backlog": "clock",
    "backlog_over": "check",
    "withdrawn": "ban",
}
# What an event leaves its source in, by the same word: the state, and its tone. Others change no state.
_STATE_OF_VERB = {
    "submitted": (gettext_lazy("Waiting"), "open"),
    "started": (gettext_lazy("Running"), "open"),
    "progress": (gettext_lazy("Running"), "open"),
    "completed": (gettext_lazy("Finished"), "good"),
    "failed": (gettext_lazy("Failed"), "bad"),
    "cancelled": (gettext_lazy("Cancelled"), ""),
    "approved": (gettext_lazy("Approved"), "good"),
    "rejected": (gettext_lazy("Needs changes"), "bad"),
    "disk_warning": (gettext_lazy("Disk nearly full"), "bad"),
    "gpu_warning": (gettext_lazy("Running hot"), "open"),
    "gpu_critical": (gettext_lazy("Too hot"), "bad"),
    "restart": (gettext_lazy("Restarted"), "good"),
    "disk_ok": (gettext_lazy("Has room"), "good"),
    "gpu_ok": (gettext_lazy("Fine"), "good"),
    "backlog": (gettext_lazy("Late"), "open"),
    "backlog_over": (gettext_lazy("In time"), "good"),
}
_ROLES = {"owner": gettext_lazy("Owner"), "member": gettext_lazy("Member"), "watcher": gettext_lazy("Watcher")}
_ICON_OF_TYPE = {"review.submitted": "eye"}
# By the last word too: their icons are filled, so that not colour alone tells them from the others.
_FAILURES = ("failed", "address_failing", "address_disabled", "delivery_failing")

# Above it a number is "99+": on the bell, and in lists.
MOST = {"bell": 99, "list": 999}


def category_name(category: str) -> str:
    return str(_SINGULAR.get(category) or capfirst(category.replace("_", " ")))


def category_plural(category: str) -> str:
    return str(_PLURAL.get(category) or category_name(category))


def category_order(category: str) -> tuple[int, str]:
    """Sort categories as people see them."""
    return CATEGORIES.index(category) if category in CATEGORIES else len(CATEGORIES), category


def type_name(event_type: EventType) -> str:
    """`job.completed` as Job completed, `system.gpu_warning` as System GPU warning."""
    words = event_type.name.rpartition(".")[2].replace("_", " ").replace("gpu", "GPU")
    return f"{category_name(event_type.category)} {words}"


def reason_text(reason: str, *, category: str) -> str:
    """Reason as half a sentence; empty for one that has no words."""
    special = _JOB_REASONS.get(reason) if category == "job" else None
    if special or reason in _REASONS:
        return str(special or _REASONS[reason])
    people = audience.words_of(reason) if audience.is_named(reason) else ""
    return _("because you're in {audience}").format(audience=people) if people else ""


def icon_of(event_type: str, *, category: str) -> str:
    verb = event_type.rpartition(".")[2]
    return _ICON_OF_TYPE.get(event_type) or _ICON_OF_VERB.get(verb) or _ICON_OF_CATEGORY.get(category, "bell")


def state_of(event_type: str) -> dict[str, str] | None:
    """State in which an event of this type leaves its source, as `text` and `tone` (good, open, bad or none)."""
    state = _STATE_OF_VERB.get(event_type.rpartition(".")[2])
    return {"text": str(state[0]), "tone": state[1]} if state else None


def role_name(role: str) -> str:
    return str(_ROLES.get(role, ""))


def is_failure(event_type: str) -> bool:
    return event_type.rpartition(".")[2] in _FAILURES


def capped(number: int, *, place: str = "list") -> str:
    return f"{MOST[place]}+" if number > MOST[place] else str(number)


def row_words() -> dict[str, str]:
    """Words that every row says, and the direction of all words."""
    return {
        "dir": "rtl" if get_language_bidi() else "ltr",
        "unread": _("Unread."),
        "acknowledge": _("Acknowledge"),
        "change": _("Change what you get"),
        "mark_read": _("Mark as read"),
        "mark_unread": _("Mark as unread"),
        "snooze": _("Snooze"),
        "more": _("More"),
    }


def for_browser() -> dict[str, object]:
    return {
        "categories": {name: category_name(name) for name in CATEGORIES},
        "reasons": {name: reason_text(name, category="") for name in [*_REASONS, *code_audiences.registered]},
        "jobReasons": {name: reason_text(name, category="job") for name in _JOB_REASONS},
        "icons": {"type": _ICON_OF_TYPE, "verb": _ICON_OF_VERB, "category": _ICON_OF_CATEGORY, "failures": _FAILURES},
        "most": MOST,
        "words": _sentences(),
    }


def _sentences() -> dict[str, str]:
    return {
        "inGroup": reason_text(f"{audience.GROUP}{{name}}", category=""),
        "markRead": _("Mark as read"),
        "markUnread": _("Mark as unread"),
        "dismiss": _("Dismiss: {title}"),
        "more": _("+{n} more"),
        "bellNone": _("Notifications, none unread"),
        "bellOne": _("Notifications, 1 unread"),
        "bellSome": _("Notifications, {n} unread"),
        "bellMany": _("Notifications, more than 99 unread"),
        "bellQuiet": _("do not disturb"),
        "bellNotLive": _("live updates off"),
        "new": _("{n} new"),
        "awayOne": _("1 new notification while you were away"),
        "awaySome": _("{n} new notifications while you were away"),
        "burst": _("{n} new notifications. Latest: {title}"),
        "several": _("{n} new notifications"),
        "latest": _("Latest: {title}"),
        "open": _("Open: {title}"),
        "openInbox": _("Open inbox"),
        "today": _("Today"),
        "yesterday": _("Yesterday"),
        "yesterdayAt": _("Yesterday {time}"),
        "justNow": _("just now"),
        "minutesAgo": _("{n} min ago"),
        "hoursAgo": _("{n} h ago"),
        "marked": _("Marked as read: {n}"),
        "markedDone": _("Done: {n}"),
        "selected": _("{n} selected"),
        "found": _("{n} found"),
        "over": _("Over"),
        "onIt": _("{name} is on it"),
        "undone": _("Marked as unread again"),
        "failed": _("Not saved: something went wrong on the server. Try again."),
        "cut": _("Not saved: you're offline. Try again once you're connected."),
        "outdated": _("Not saved: this page is out of date. Reload it and try again."),
        "loadFailed": _("Couldn't load notifications."),
        "retry": _("Try again"),
        "loading": _("Loading…"),
        "reconnecting": _("Connection lost. Reconnecting…"),
        "polling": _("Live updates are off. Checking every minute."),
        "offline": _("You're offline. Last updated {time}."),
        "liveAgain": _("Live again"),
        "signedOut": _("You've been signed out."),
        "signIn": _("Sign in"),
        "saved": _("Saved"),
        "saving": _("Saving…"),
        "quietUntil": _("Do not disturb until {time}"),
        "quiet": _("Do not disturb is on"),
        "dndUntil": _("On until {time} ({zone})"),
        "dndOn": _("On until you turn it off"),
        "dndOff": _("Off"),
    }
