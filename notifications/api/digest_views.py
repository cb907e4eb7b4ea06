"""/notifications/digest: what it has collected, when it is due, and sending it now."""

from rest_framework.request import Request
from rest_framework.response import Response

from events.db import clock
from events.db.clock import instant
from events.rest.openapi import documented
from events.rest.strict import user_id_of
from events.rest.views import ApiView
from notifications.api.serializers import DigestOut, SentDigestOut
from notifications.holds import release
from notifications.inbox import marking
from notifications.preferences import digest_preview
from notifications.presentation import summary_text


class DigestView(ApiView):
    @documented(
        "show_digest",
        summary="Show what your digest has collected so far and when it is due",
        answers={200: DigestOut},
    )
    def get(self, request: Request) -> Response:
        preview = digest_preview.preview(user_id_of(request), now=clock.estimate())
        return Response(
            {
                "next_at": instant(preview.next_at),
                "timezone": preview.zone.key,
                "count": preview.count,
                "by_type": preview.by_type,
            }
        )

    @documented(
        "send_digest",
        summary="Send your digest now; later ones come at their usual time",
        answers={200: SentDigestOut},
        changes_inbox=True,
    )
    def post(self, request: Request) -> Response:
        user_id = user_id_of(request)
        summary = release.send_digest(user_id, now=clock.estimate())
        body = {
            "count": summary.count if summary else 0,
            "by_type": summary.by_type if summary else {},
            "url": summary_text.url(summary.pk) if summary else None,
        }
        return Response(body, headers=marking.state(user_id).headers)
