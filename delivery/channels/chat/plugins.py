"""Apprise's plugins, which speak to each chat service: no pictures, no redirects, nothing but the message."""

import logging

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat

from delivery.channels.chat import guarded_requests
from delivery.channels.chat.message import Form
from delivery.channels.chat.trace import Trace
from delivery.channels.network import resolver

# Its lines repeat tokens and bodies; what they say is in the outcome.
logging.getLogger("apprise").setLevel(logging.CRITICAL)

_asset = AppriseAsset(
    app_id="Carillon",
    app_desc="Carillon",
    app_url="",
    # It would have services fetch pictures from a place of its own.
    image_url_mask="",
    image_url_logo="",
    async_mode=False,
    http_redirects=False,
    interpret_emojis=False,
    interpret_escapes=False,
    plugin_paths=[],
)


def send(url: str, text: dict[str, str], form: Form, trace: Trace) -> bool:
    found = plugin(url)
    if found is None:
        return False
    for name, value in form.options.items():
        setattr(found, name, value)
    with guarded_requests.traced(trace):
        try:
            # Past `notify`, which would convert what is marked up already.
            markup = NotifyFormat(form.markup)
            return bool(found.send(text["body"], title=text["title"], body_format=markup, body_passthrough=False))
        except (resolver.BlockedAddressError, resolver.NameLookupError, resolver.ResolverError, OSError) as error:
            # Plugins catch what requests raises, and these aren't that.
            trace.error = error
            return False


def plugin(url: str) -> NotifyBase | None:
    """None for a URL that Apprise doesn't take. What it sends goes through the guard."""
    found = Apprise.instantiate(url, asset=_asset, suppress_exceptions=True)
    if not isinstance(found, NotifyBase):
        return None
    guarded_requests.guard(found)
    return found
