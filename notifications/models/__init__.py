from notifications.models.inboxes import Fanout, Inbox, ReadingBatch
from notifications.models.notifications import COUNTED, Hold, Notification, NotificationQuerySet, Summary, is_counted
from notifications.models.preferences import NotificationPreference, UserNotificationSettings

__all__ = [
    "COUNTED",
    "Fanout",
    "Hold",
    "Inbox",
    "Notification",
    "NotificationPreference",
    "NotificationQuerySet",
    "ReadingBatch",
    "Summary",
    "UserNotificationSettings",
    "is_counted",
]
