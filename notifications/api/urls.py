"""The notifications half of /api/v1/."""

from events.rest.converters import path
from notifications.api import digest_views, feed_views, follow_views, mute_views, preference_views, project_views

urlpatterns = [
    path("notifications", feed_views.FeedView.as_view(), name="notifications"),
    path("notifications/unread", feed_views.UnreadManyView.as_view(), name="unread-many"),
    path("notifications/read-all", feed_views.ReadAllView.as_view(), name="read-all"),
    path("notifications/bulk", feed_views.BulkView.as_view(), name="bulk"),
    path("notifications/undo", feed_views.UndoView.as_view(), name="undo"),
    path("notifications/unread-count", feed_views.UnreadCountView.as_view(), name="unread-count"),
    path("notifications/preferences", preference_views.PreferencesView.as_view(), name="preferences"),
    path(
        "notifications/preferences/<bigint:event_type_id>",
        preference_views.PreferenceView.as_view(),
        name="preference",
    ),
    path("notifications/projects", project_views.ScopesView.as_view(), name="project-scopes"),
    path("notifications/projects/<bigint:project_id>", project_views.ScopeView.as_view(), name="project-scope"),
    path("projects/<bigint:project_id>/defaults", project_views.DefaultsView.as_view(), name="project-defaults"),
    path(
        "projects/<bigint:project_id>/defaults/<bigint:event_type_id>",
        project_views.DefaultView.as_view(),
        name="project-default",
    ),
    path("notifications/follows", follow_views.FollowsView.as_view(), name="follows"),
    path("entities/<str:entity_type>/<entity_id:entity_id>/follow", follow_views.FollowView.as_view(), name="follow"),
    path("notifications/mutes", mute_views.MutesView.as_view(), name="mutes"),
    path("entities/<str:entity_type>/<entity_id:entity_id>/mute", mute_views.MuteView.as_view(), name="mute"),
    path("notifications/settings", preference_views.SettingsView.as_view(), name="settings"),
    path("notifications/digest", digest_views.DigestView.as_view(), name="digest"),
    path("notifications/<bigint:notification_id>/read", feed_views.ReadView.as_view(), name="read"),
    path("notifications/<bigint:notification_id>/unread", feed_views.UnreadView.as_view(), name="unread"),
    path("notifications/<bigint:notification_id>/snooze", feed_views.SnoozeView.as_view(), name="snooze"),
    path("notifications/<bigint:notification_id>/done", feed_views.DoneView.as_view(), name="done"),
    path(
        "notifications/<bigint:notification_id>/acknowledge", feed_views.AcknowledgeView.as_view(), name="acknowledge"
    ),
    path("notifications/<bigint:notification_id>/folded", feed_views.FoldedView.as_view(), name="folded"),
    path("notifications/<bigint:notification_id>/why", feed_views.WhyView.as_view(), name="why"),
]
