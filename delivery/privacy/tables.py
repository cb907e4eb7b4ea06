"""Tables that keep something of a person: whose rows go with them, and whose only lose their number."""

from dataclasses import dataclass
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import Model, QuerySet

from delivery.models import Address, Attempt, Delivery, Destination, Recovery
from delivery.privacy.person import Person
from events.models import ApiKey, Membership, TrackedJob
from notifications.models import (
    Escalation,
    Inbox,
    Mute,
    Notification,
    NotificationPreference,
    ProjectScope,
    ReadingBatch,
    Summary,
    UserNotificationSettings,
)


@dataclass(frozen=True, slots=True)
class PersonTable:
    """Rows of a person in one table. `lookup`: path from a row to the number of its person; `hidden`: columns that
    never leave the database, as they are secrets or say nothing of anybody."""

    model: type[Model]
    lookup: str = "user_id"
    hidden: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    def rows(self, person: Person) -> QuerySet[Any]:
        return self.model._default_manager.filter(**{self.lookup: person.id}).order_by("pk")

    def columns(self) -> list[str]:
        return [one.attname for one in self.model._meta.concrete_fields if one.attname not in self.hidden]


# In the order in which they go: what points before what is pointed to.
OWNED = (
    PersonTable(Attempt, "delivery__address__user_id"),
    PersonTable(Delivery, "address__user_id", hidden=("claim_token", "lease_until")),
    PersonTable(Recovery, "address__user_id"),
    PersonTable(Notification),
    PersonTable(Summary),
    PersonTable(ReadingBatch),
    PersonTable(Mute),
    PersonTable(NotificationPreference),
    PersonTable(ProjectScope),
    PersonTable(UserNotificationSettings),
    PersonTable(Inbox),
    PersonTable(Membership),
    PersonTable(ApiKey, hidden=("digest",)),
    PersonTable(Address, hidden=("secret", "previous_secret")),
    PersonTable(LogEntry),
)
# Rows that are others' too: the column is emptied.
NAMED_IN = (
    PersonTable(Membership, "written_by_user_id"),
    PersonTable(Escalation, "acknowledged_by_id"),
    PersonTable(Destination, "created_by_id"),
    PersonTable(TrackedJob, "actor_user_id"),
)
# Columns that other modules here see to, by table.
ELSEWHERE = {
    "events": {"actor_user_id", "recipients", "publisher"},
    "notifications": {"actors"},
}
# Columns that sound like a person and say nothing of one, and why.
EXEMPT = {
    "fanouts.after_user": "how far a walk over everybody has come",
    "fanouts.until_user": "where a walk over everybody ends",
    "command_entries.operator": "who was at the machine, by the name that its system has for them",
    "notification_channels.mailbox": "a column of a row that is theirs whole",
    "event_types.actor_becomes_owner": "a rule",
    "event_types.exclude_actor": "a rule",
    "escalations.acknowledged_at": "a moment",
    "event_types.acknowledge_minutes": "a rule",
}
