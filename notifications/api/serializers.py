"""The objects of the notifications half of the API, as they come in and go out."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from events.rest.fields import (
    MAX_CHANNELS,
    Category,
    ChannelName,
    Choice,
    Distinct,
    EntityId,
    Instant,
    Listed,
    Payload,
    QuerySwitch,
    QueryWhole,
    Switch,
    Text,
    Whole,
    one_of,
)
from events.rest.pagination import Paged, cursor_field
from events.rest.strict import Changes, Strict
from events.rules.ladders import NEVER, STEPS
from notifications.inbox import feed, search, triage
from notifications.preferences import projects
from notifications.preferences.validation import INTERVALS, MAX_WINDOWS, SCOPES, timezones

MAX_IDS = 10_000
MAX_BULK = 100
_TIME = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "example": "22:00"}


class FeedQuery(Paged):
    unread_only = QuerySwitch(default=False)
    cursor = cursor_field(count=2)
    category = Category(required=False)
    state = Choice(list(feed.STATES), required=False)
    q = Text(
        required=False, max_length=search.MOST_CHARACTERS, help_text="Words of titles and names, or as in `job:42`."
    )
    offset = QueryWhole(default=0, max_value=2**31, help_text="For short lists; a cursor costs the same on every page.")


class NotificationOut(serializers.Serializer[Any]):
    id = Whole()
    seq = Whole(help_text="The inbox's number at its last visible change.")
    feed_seq = Whole(help_text="The inbox's number when it surfaced.")
    event_id = Whole()
    event_type = Text()
    category = Text()
    is_critical = Switch()
    is_over = Switch(help_text="A later event about the same thing has ended what it said.")
    title = Text()
    body = Text(allow_blank=True)
    display_title = Text(
        allow_blank=True,
        help_text="The title for a page: values isolated (U+2068) where directions mix, long URLs and paths cut in the "
        "middle. Empty where that is the title itself.",
    )
    display_body = Text(allow_blank=True, help_text="The body for a page, likewise.")
    initials = Text(allow_blank=True, help_text="Of whom the title names as the one who did it, or empty.")
    progress = serializers.FloatField(allow_null=True, help_text="From 0 to 1, of events that only report it.")
    url = Text(allow_blank=True, help_text="A path on this site, or empty.")
    reason = Text(allow_blank=True)
    count = Whole(
        help_text="Events that it shows: more than 1 where they came in a burst. Its title is the last one's."
    )
    actors = Listed(
        child=Whole(), help_text="Ids of those who did them, the last first: three at most, of bursts alone."
    )
    payload = Payload()
    source_entity_type = Text(allow_null=True)
    source_entity_id = EntityId(allow_null=True)
    actor_user_id = Whole(allow_null=True)
    channel = ChannelName()
    is_read = Switch()
    read_at = Instant(allow_null=True)
    done_at = Instant(allow_null=True, help_text="When you were done with it; null: you aren't.")
    snoozed_until = Instant(allow_null=True, help_text="When it comes back into the inbox; null: it isn't snoozed.")
    acknowledged_by = Text(
        allow_null=True,
        allow_blank=True,
        help_text="Name of who has acknowledged it; empty: it waits for somebody to; null: nobody needs to.",
    )
    is_delivered = Switch()
    delivered_at = Instant(allow_null=True)
    created_at = Instant()


class Ids(Strict):
    ids = Distinct(child=Whole(min_value=1), min_length=1, max_length=MAX_IDS)


class Until(Strict):
    until = Instant(help_text="In the future, within a year.")


class Bulk(Strict):
    ids = Distinct(child=Whole(min_value=1), min_length=1, max_length=MAX_BULK)
    action = Choice(triage.ACTIONS)
    until = Instant(required=False, help_text="For `snooze` alone: in the future, within a year.")


class UpTo(Strict):
    may_be_missing = True

    up_to = Whole(required=False, help_text="A feed_seq; what surfaced later stays unread.")
    category = Category(required=False)


class Batch(Strict):
    batch = Whole(help_text="Of a reading, from `read-all` or the header X-Reading-Batch.")


class BatchOut(serializers.Serializer[Any]):
    batch = Whole(allow_null=True, help_text="What undoes it; null: nothing was unread.")


class CountOut(serializers.Serializer[Any]):
    count = Whole()


class AcknowledgedOut(serializers.Serializer[Any]):
    user_id = Whole(allow_null=True, help_text="Who is on it; null: their account is gone.")
    name = Text()
    acknowledged_at = Instant()


class WhyOut(serializers.Serializer[Any]):
    reason = Text(
        allow_blank=True,
        help_text="mentioned, addressed, owner, actor, member, watcher, project, admin, everyone, escalated, a group "
        "or code.",
    )
    rule = Text(allow_null=True, help_text="The rule of the type's audience that gave the reason, if it still stands.")
    explanation = Text(help_text="Both in words.")
    event_type = Text()
    preference_url = Text(help_text="Where this person decides about events of this type.")


@extend_schema_field(
    {"type": "object", "additionalProperties": {"enum": list(STEPS)}, "example": {"email": 15, "chat": NEVER}}
)
class LadderField(Payload):
    """Channel -> minutes that it waits for what is still unread then, or never; what is not named is as usual."""


class PreferenceOut(serializers.Serializer[Any]):
    event_type_id = Whole()
    event_type = Text()
    category = Text()
    description = Text(allow_blank=True)
    is_critical = Switch()
    is_locked = Switch()
    is_enabled = Switch()
    channels = Distinct(child=ChannelName())
    scope = one_of(SCOPES)
    ladder = LadderField(help_text="When each channel may speak of this type, where that differs from your settings.")


class PreferenceIn(Changes):
    is_enabled = Switch()
    channels = Distinct(child=ChannelName(), max_length=MAX_CHANNELS)
    scope = one_of(SCOPES)
    ladder = LadderField()


@extend_schema_field(_TIME)
class TimeOfDay(Text):
    """Time as in 22:00, checked with its whole window."""


class QuietWindow(Strict):
    days = Distinct(child=Whole(max_value=6), min_length=1, max_length=7, help_text="0 is Monday.")
    start = TimeOfDay()
    end = TimeOfDay(help_text="Before the start: on the next day.")


class SettingsOut(serializers.Serializer[Any]):
    dnd_enabled = Switch()
    dnd_until = Instant(allow_null=True)
    digest_enabled = Switch()
    digest_interval = one_of(INTERVALS)
    digest_hour = Whole(max_value=23)
    digest_weekday = Whole(max_value=6)
    digest_channels = Distinct(child=ChannelName())
    timezone = Text()
    quiet_hours = QuietWindow(many=True)
    ladder = LadderField(help_text="When each channel may speak: 0, 5, 15 or 60 minutes later, or never.")


class SettingsIn(Changes):
    dnd_enabled = Switch()
    dnd_until = Instant(allow_null=True, help_text="In the future, or null for no end.")
    digest_enabled = Switch()
    digest_interval = one_of(INTERVALS)
    digest_hour = Whole(max_value=23)
    digest_weekday = Whole(max_value=6)
    digest_channels = Distinct(child=ChannelName(), max_length=MAX_CHANNELS)
    timezone = one_of(sorted(timezones()))
    quiet_hours = Listed(child=QuietWindow(), max_length=MAX_WINDOWS)
    ladder = LadderField()


class ProjectDefaultIn(Changes):
    is_enabled = Switch()
    channels = Distinct(child=ChannelName(), min_length=1, max_length=MAX_CHANNELS)


class ProjectDefaultOut(serializers.Serializer[Any]):
    event_type_id = Whole()
    event_type = Text()
    is_set = Switch(help_text="false: the type's own default counts.")
    is_enabled = Switch()
    channels = Distinct(child=ChannelName())


class ProjectScopeIn(Strict):
    scope = one_of(projects.SCOPES)


class ProjectScopeOut(serializers.Serializer[Any]):
    project_id = Whole()
    scope = one_of(projects.SCOPES)


class FollowOut(serializers.Serializer[Any]):
    entity_type = Text()
    entity_id = EntityId(source="source_id")
    created_at = Instant()


class MuteIn(Strict):
    may_be_missing = True

    until = Instant(required=False, allow_null=True, help_text="In the future; null or missing: for good.")


class MuteOut(serializers.Serializer[Any]):
    entity_type = Text()
    entity_id = EntityId(source="source_id")
    until = Instant(allow_null=True, help_text="When it ends by itself; null: never.")
    created_at = Instant()


class DigestOut(serializers.Serializer[Any]):
    next_at = Instant(allow_null=True, help_text="null while the digest is off, or held back without an end.")
    timezone = Text(help_text="The zone its hour is meant in.")
    count = Whole(help_text="Events collected and not read yet.")
    by_type = serializers.DictField(child=Whole())


class SentDigestOut(serializers.Serializer[Any]):
    count = Whole(help_text="0: nothing was collected that is still unread, and nothing was sent.")
    by_type = serializers.DictField(child=Whole())
    url = Text(allow_null=True, help_text="The page that lists it.")
