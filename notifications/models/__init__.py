# First: models of an app that is missing fail in words that say nothing of what to do.
# ruff: noqa: E402
from events.installed import require

require("notifications")

from notifications.models.escalations import Escalation
from notifications.models.inboxes import Fanout, Inbox, ReadingBatch
from notifications.models.mutes import Mute
from notifications.models.notifications import COUNTED, Hold, Notification, NotificationQuerySet, Summary, is_counted
from notifications.models.preferences import NotificationPreference, UserNotificationSettings
from notifications.models.projects import ProjectPreference, ProjectScope

__all__ = [
    "COUNTED",
    "Escalation",
    "Fanout",
    "Hold",
    "Inbox",
    "Mute",
    "Notification",
    "NotificationPreference",
    "NotificationQuerySet",
    "ProjectPreference",
    "ProjectScope",
    "ReadingBatch",
    "Summary",
    "UserNotificationSettings",
    "is_counted",
]
