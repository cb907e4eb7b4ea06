"""Addresses of the pages, included at the root."""

from events.rest.converters import path
from notifications.pages import (
    auth_views,
    bulk_view,
    entity_views,
    follow_control,
    inbox_views,
    password_views,
    read_views,
    summary_views,
)
from notifications.pages.preferences import (
    back_test_view,
    follow_view,
    mute_view,
    project_defaults_view,
    views,
)

urlpatterns = [
    path("sign-in/", auth_views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", auth_views.SignOut.as_view(), name="sign-out"),
    path("password/", password_views.ChangePassword.as_view(), name="password-change"),
    path("entities/<str:entity_type>/<entity_id:entity_id>/", entity_views.entity_page, name="entity"),
    path("notifications/", inbox_views.inbox_page, name="inbox"),
    path("notifications/rows/", inbox_views.rows, name="feed-rows"),
    path("notifications/panel/", inbox_views.panel, name="feed-panel"),
    path("notifications/counts/", inbox_views.counts, name="feed-counts"),
    path("notifications/embed/", inbox_views.embed, name="notifications-embed"),
    path("notifications/since/", inbox_views.since, name="notifications-since"),
    path("notifications/read-all/", read_views.read_all, name="read-all"),
    path("notifications/bulk/", bulk_view.bulk, name="notification-bulk"),
    path("notifications/seen/", read_views.seen, name="seen"),
    path("notifications/undo/", read_views.undo_reading, name="undo-reading"),
    path("notifications/do-not-disturb/", views.do_not_disturb, name="do-not-disturb"),
    path("notifications/follow/", follow_view.follow, name="follow"),
    path(
        "projects/<bigint:project_id>/defaults/", project_defaults_view.project_defaults_page, name="project-defaults"
    ),
    path("notifications/follow/control/", follow_control.of_entity, name="follow-control"),
    path("notifications/mute/", mute_view.mute, name="mute"),
    path("notifications/preferences/", views.preferences_page, name="preferences"),
    path("notifications/preferences/try/", back_test_view.try_preferences, name="preferences-try"),
    path("notifications/digest/send/", summary_views.send_digest, name="digest-send"),
    path("notifications/summaries/", summary_views.above_feed, name="feed-summaries"),
    path("notifications/summaries/<bigint:summary_id>/", summary_views.summary_page, name="summary"),
    path("notifications/summaries/<bigint:summary_id>/read/", summary_views.read, name="summary-read"),
    path("notifications/<bigint:notification_id>/", inbox_views.detail, name="notification-detail"),
    path("notifications/<bigint:notification_id>/follow/", follow_control.of_notification, name="notification-follow"),
    path("notifications/<bigint:notification_id>/open/", inbox_views.open_notification, name="notification-open"),
    path(
        "notifications/<bigint:notification_id>/acknowledge/",
        read_views.acknowledge_one,
        name="notification-acknowledge",
    ),
    path("notifications/<bigint:notification_id>/read/", read_views.read, name="notification-read"),
    path("notifications/<bigint:notification_id>/unread/", read_views.unread, name="notification-unread"),
]
