"""Status of channels: what the floor above knows of a person's addresses, for the preferences to show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from notifications.pages.inbox_status import InboxStatus


@dataclass(frozen=True, slots=True)
class AddressStatus:
    """One address. `tone`: good, open, bad or quiet. `page` is where it is seen to; `test` takes a POST that sends a
    test there, empty while none can go out.
    """

    id: int
    target: str
    state: str
    tone: str
    page: str
    test: str = ""


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """One channel that sends: where it goes for this person, and where one more address is added."""

    add: str
    addresses: list[AddressStatus] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return any(row.test for row in self.addresses)


Provider = Callable[[InboxStatus], Mapping[str, ChannelStatus]]
_providers: list[Provider] = []


def register_provider(provider: Provider) -> None:
    """Register, when the app starts, who is asked for the channels of a person, by their names."""
    _providers.append(provider)


def load(inbox: InboxStatus) -> dict[str, ChannelStatus]:
    """Status of each channel of a person; empty where nothing that sends is installed."""
    return {name: status for provider in _providers for name, status in provider(inbox).items()}
