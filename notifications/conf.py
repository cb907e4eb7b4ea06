"""Carillon's own settings of this floor; see `events.conf`."""

from events.conf import Setting, is_whole, text, whole


def _are_caps(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(key, str) and is_whole(most) for key, most in value.items())


class _Notifications:
    # What Carillon's pages stand in: its own, or a template of the project with the blocks title, head and content.
    BASE_TEMPLATE = text("carillon/base.html")
    # Dotted path of a function may_see(user, entity); empty: everybody may see all.
    MAY_SEE = text()
    # What comes to one person one by one within an hour, by channel; more than that waits for one summary. 0: no cap.
    HOURLY_CAPS = Setting[dict[str, int]]({"email": 30, "chat": 0}, "a dict of channels and whole numbers", _are_caps)
    # Rows of one type that one person gets within a minute; more than that share one row. 0: no limit.
    STORM_LIMIT = whole(30)
    # The sign-in page names the demo's accounts.
    DEMO = Setting[bool](False, "True or False", lambda value: isinstance(value, bool))


conf = _Notifications()
