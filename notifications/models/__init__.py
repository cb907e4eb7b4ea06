from notifications.models.inboxes import Fanout, Inbox, ReadingBatch
from notifications.models.notifications import Hold, Notification, Summary
from notifications.models.preferences import NotificationPreference, UserNotificationSettings

__all__ = [
    "Fanout",
    "Hold",
    "Inbox",
    "Notification",
    "NotificationPreference",
    "ReadingBatch",
    "Summary",
    "UserNotificationSettings",
]
