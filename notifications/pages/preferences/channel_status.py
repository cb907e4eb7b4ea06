"""Status of channels: what the floor above knows of a person's addresses, for the preferences to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from notifications.pages.inbox_status import Standing


@dataclass(frozen=True, slots=True)
class Place:
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
class Way:
    """One channel that sends: where it goes for this person, and where one more place is added."""

    add: str
    places: list[Place] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """True if something sent now would go somewhere."""
        return any(place.test for place in self.places)


Teller = Callable[[Standing], Mapping[str, Way]]
_tellers: list[Teller] = []


def tell_with(teller: Teller) -> None:
    """Register, when the app starts, who is asked for the channels of a person, by their names."""
    _tellers.append(teller)


def of(standing: Standing) -> dict[str, Way]:
    """Status of each channel of a person; empty where nothing that sends is installed."""
    return {name: way for teller in _tellers for name, way in teller(standing).items()}
