"""The notifications half of /api/v1/."""

from events.rest.converters import path
from notifications.api import digest_views, feed_views, preference_views

urlpatterns = [
    path("notifications", feed_views.FeedView.as_view(), name="api-notifications"),
    path("notifications/unread", feed_views.UnreadManyView.as_view(), name="api-unread-many"),
    path("notifications/read-all", feed_views.ReadAllView.as_view(), name="api-read-all"),
    path("notifications/bulk", feed_views.BulkView.as_view(), name="api-bulk"),
    path("notifications/undo", feed_views.UndoView.as_view(), name="api-undo"),
    path("notifications/unread-count", feed_views.UnreadCountView.as_view(), name="api-unread-count"),
    path("notifications/preferences", preference_views.PreferencesView.as_view(), name="api-preferences"),
    path(
        "notifications/preferences/<bigint:event_type_id>",
        preference_views.PreferenceView.as_view(),
        name="api-preference",
    ),
    path("notifications/settings", preference_views.SettingsView.as_view(), name="api-settings"),
    path("notifications/digest", digest_views.DigestView.as_view(), name="api-digest"),
    path("notifications/<bigint:notification_id>/read", feed_views.ReadView.as_view(), name="api-read"),
    path("notifications/<bigint:notification_id>/unread", feed_views.UnreadView.as_view(), name="api-unread"),
    path("notifications/<bigint:notification_id>/snooze", feed_views.SnoozeView.as_view(), name="api-snooze"),
    path("notifications/<bigint:notification_id>/done", feed_views.DoneView.as_view(), name="api-done"),
    path("notifications/<bigint:notification_id>/why", feed_views.WhyView.as_view(), name="api-why"),
]
