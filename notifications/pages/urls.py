"""Addresses of the pages, included at the root."""

from django.urls import path

from notifications.pages import accounts, inbox_views, marks, preferences_views, summary_views

urlpatterns = [
    path("sign-in/", accounts.SignIn.as_view(), name="sign-in"),
    path("sign-out/", accounts.SignOut.as_view(), name="sign-out"),
    path("notifications/", inbox_views.inbox_page, name="inbox"),
    path("notifications/rows/", inbox_views.rows, name="feed-rows"),
    path("notifications/panel/", inbox_views.panel, name="feed-panel"),
    path("notifications/counts/", inbox_views.counts, name="feed-counts"),
    path("notifications/embed/", inbox_views.embed, name="notifications-embed"),
    path("notifications/since/", inbox_views.since, name="notifications-since"),
    path("notifications/read-all/", marks.read_all, name="read-all"),
    path("notifications/unread/", marks.unread_many, name="unread-many"),
    path("notifications/do-not-disturb/", preferences_views.do_not_disturb, name="do-not-disturb"),
    path("notifications/preferences/", preferences_views.preferences_page, name="preferences"),
    path("notifications/digest/send/", summary_views.send_digest, name="digest-send"),
    path("notifications/summaries/", summary_views.above_feed, name="feed-summaries"),
    path("notifications/summaries/<int:summary_id>/", summary_views.summary_page, name="summary"),
    path("notifications/summaries/<int:summary_id>/read/", summary_views.read, name="summary-read"),
    path("notifications/<int:notification_id>/", inbox_views.detail, name="notification-detail"),
    path("notifications/<int:notification_id>/open/", inbox_views.open_notification, name="notification-open"),
    path("notifications/<int:notification_id>/read/", marks.read, name="notification-read"),
    path("notifications/<int:notification_id>/unread/", marks.unread, name="notification-unread"),
]
