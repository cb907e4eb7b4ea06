"""/notifications: the feed, reading and unreading, and why something is there."""

from datetime import datetime

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from events.db import clock
from events.rest.errors import missing_is_404
from events.rest.openapi import documented
from events.rest.pagination import Paged, cursor_of, listed
from events.rest.strict import body_of, query_of, user_id_of
from events.rest.views import ApiView
from notifications.api.serializers import (
    AcknowledgedOut,
    Batch,
    BatchOut,
    Bulk,
    CountOut,
    FeedQuery,
    Ids,
    NotificationOut,
    Until,
    UpTo,
    WhyOut,
)
from notifications.escalations import acknowledge
from notifications.holds import undo
from notifications.inbox import feed, marking, triage
from notifications.models import Notification, ReadingBatch
from notifications.presentation import acknowledged
from notifications.routing.reasons import why


class FeedView(ApiView):
    @documented(
        "list_notifications",
        summary="List your in-app notifications, the newest surfaced first",
        parameters=[FeedQuery],
        answers={200: NotificationOut(many=True)},
        refusals=[400],
    )
    def get(self, request: Request) -> Response:
        query = query_of(request, as_=FeedQuery)
        rows = feed.page(
            user_id_of(request),
            unread_only=query["unread_only"],
            category=query.get("category"),
            limit=query["limit"] + 1,
            before=query.get("cursor"),
            offset=query["offset"],
            state=query.get("state", "" if query.get("q") else "inbox"),
            search_text=query.get("q", ""),
        )
        page = rows[: query["limit"]]
        following = {"cursor": cursor_of(page[-1].feed_seq, page[-1].pk)} if len(rows) > len(page) else None
        if following is None and rows.looked_to is not None:
            following = {"cursor": cursor_of(rows.looked_to, 0)}
        return listed(request, [feed.as_json(row) for row in page], following=following)


class ReadView(ApiView):
    @documented(
        "read_notification",
        summary="Mark one as read; 204 also when it was",
        answers={204: None},
        refusals=[404],
        changes_inbox=True,
    )
    def post(self, request: Request, notification_id: int) -> Response:
        return _mark(request, [notification_id], is_read=True)


class UnreadView(ApiView):
    @documented(
        "unread_notification",
        summary="Mark one as unread; 204 also when it was",
        answers={204: None},
        refusals=[404],
        changes_inbox=True,
    )
    def post(self, request: Request, notification_id: int) -> Response:
        return _mark(request, [notification_id], is_read=False)


class UnreadManyView(ApiView):
    @documented(
        "unread_notifications",
        summary="Mark several as unread: all of them, or none if one is not yours",
        request=Ids,
        answers={204: None},
        refusals=[404],
        changes_inbox=True,
    )
    def post(self, request: Request) -> Response:
        return _mark(request, body_of(request, as_=Ids)["ids"], is_read=False)


class ReadAllView(ApiView):
    @documented(
        "read_all_notifications",
        summary="Mark everything as read, or what had surfaced at a feed_seq, or one category",
        request=UpTo,
        answers={200: BatchOut},
        changes_inbox=True,
    )
    def post(self, request: Request) -> Response:
        body = body_of(request, as_=UpTo)
        state = marking.mark_all(
            user_id_of(request), now=clock.estimate(), up_to=body.get("up_to"), category=body.get("category")
        )
        return Response({"batch": state.batch}, headers=state.headers)


class SnoozeView(ApiView):
    @documented(
        "snooze_notification",
        summary="Take one out of the inbox until a moment, at which it comes back unread",
        request=Until,
        answers={204: None},
        refusals=[404],
        changes_inbox=True,
    )
    def post(self, request: Request, notification_id: int) -> Response:
        return _act(request, [notification_id], action="snooze", until=body_of(request, as_=Until)["until"])

    @documented(
        "unsnooze_notification",
        summary="Put a snoozed one back into the inbox; 204 also when it was there",
        answers={204: None},
        refusals=[404],
        changes_inbox=True,
    )
    def delete(self, request: Request, notification_id: int) -> Response:
        return _act(request, [notification_id], action="unsnooze")


class DoneView(ApiView):
    @documented(
        "finish_notification",
        summary="Mark one as done: read, and out of the inbox; 204 also when it was",
        answers={204: None},
        refusals=[404],
        changes_inbox=True,
    )
    def post(self, request: Request, notification_id: int) -> Response:
        return _act(request, [notification_id], action="done")

    @documented(
        "reopen_notification",
        summary="Put one that is done back into the inbox; 204 also when it was there",
        answers={204: None},
        refusals=[404],
        changes_inbox=True,
    )
    def delete(self, request: Request, notification_id: int) -> Response:
        return _act(request, [notification_id], action="undone")


class AcknowledgeView(ApiView):
    @documented(
        "acknowledge_notification",
        summary="Take a critical one on, so that it goes on to nobody else; whoever was first has it",
        answers={200: AcknowledgedOut},
        refusals=[404, 409],
        changes_inbox=True,
    )
    def post(self, request: Request, notification_id: int) -> Response:
        user_id = user_id_of(request)
        with missing_is_404(Notification):
            taken = acknowledge.acknowledge(user_id, notification_id=notification_id, now=clock.estimate())
        return Response(acknowledged.as_json(taken), headers=marking.state(user_id).headers)


class BulkView(ApiView):
    @documented(
        "change_notifications",
        summary="Do one thing with up to 100: all of them, or none if one is not yours",
        request=Bulk,
        answers={200: BatchOut},
        refusals=[404],
        changes_inbox=True,
    )
    def post(self, request: Request) -> Response:
        body = body_of(request, as_=Bulk)
        with missing_is_404(Notification):
            state = triage.act(user_id_of(request), **body, now=clock.estimate())
        return Response({"batch": state.batch}, headers=state.headers)


class UndoView(ApiView):
    @documented(
        "undo_reading",
        summary="Take a reading back, or what was marked as done; 204 also when that was undone",
        request=Batch,
        answers={204: None},
        refusals=[404],
        changes_inbox=True,
    )
    def post(self, request: Request) -> Response:
        batch_id = body_of(request, as_=Batch)["batch"]
        with missing_is_404(ReadingBatch):
            state = undo.undo(user_id_of(request), batch_id=batch_id, now=clock.estimate())
        return Response(status=204, headers=state.headers)


class UnreadCountView(ApiView):
    @documented("count_unread", summary="Count your unread notifications", answers={200: CountOut})
    def get(self, request: Request) -> Response:
        return Response({"count": marking.state(user_id_of(request)).unread_count})


class FoldedView(ApiView):
    @documented(
        "list_folded_notifications",
        summary="List what one row shows besides its last event, the newest first",
        parameters=[Paged],
        answers={200: NotificationOut(many=True)},
        refusals=[400, 404],
    )
    def get(self, request: Request, notification_id: int) -> Response:
        query, user_id = query_of(request, as_=Paged), user_id_of(request)
        with missing_is_404(Notification):
            head = feed.get(user_id, notification_id=notification_id)
        before = query.get("cursor", (None,))[0]
        rows = feed.folded(user_id, notification_id=head.pk, limit=query["limit"] + 1, before=before)
        page = rows[: query["limit"]]
        following = {"cursor": cursor_of(page[-1].event_id)} if len(rows) > len(page) else None
        return listed(request, [feed.as_json(row) for row in page], following=following)


class WhyView(ApiView):
    @documented(
        "explain_notification",
        summary="Say why you were told of this",
        answers={200: WhyOut},
        refusals=[404],
    )
    def get(self, request: Request, notification_id: int) -> Response:
        with missing_is_404(Notification):
            explained = why(feed.get(user_id_of(request), notification_id=notification_id))
        return Response(
            explained | {"preference_url": f"{reverse('carillon:preferences')}#type-{explained['event_type']}"}
        )


def _act(request: Request, ids: list[int], *, action: str, until: datetime | None = None) -> Response:
    with missing_is_404(Notification):
        state = triage.act(user_id_of(request), ids=ids, action=action, until=until, now=clock.estimate())
    return Response(status=204, headers=state.headers)


def _mark(request: Request, ids: list[int], *, is_read: bool) -> Response:
    with missing_is_404(Notification):
        state = marking.mark(user_id_of(request), ids=ids, is_read=is_read, now=clock.estimate())
    return Response(status=204, headers=state.headers)
