"""Person whose data is exported or erased: their number, and what texts name them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from delivery.models import Address
from delivery.models.addresses import ADDRESS_ENTITY
from events import accounts

if TYPE_CHECKING:
    from events.accounts import User

# How a person is named whose account may be gone.
BY_NUMBER = "id:"


@dataclass(frozen=True, slots=True)
class Person:
    """Person by number. `texts`: their names and addresses, in lower case; none once their account is gone."""

    id: int
    account: User | None
    texts: frozenset[str] = frozenset()
    addresses: frozenset[int] = field(default=frozenset())

    def is_theirs(self, value: Any) -> bool:
        """Tell whether a value of a payload is one of their names or addresses, or their number."""
        return value.lower() in self.texts if isinstance(value, str) else type(value) is int and value == self.id

    def is_in(self, ids: Any) -> bool:
        """Tell whether a stored list of ids has theirs; what is no list has nobody's."""
        return isinstance(ids, list) and any(type(one) is int and one == self.id for one in ids)

    def removed_from(self, ids: list[Any]) -> list[Any]:
        return [one for one in ids if not self.is_in([one])]

    def is_source(self, type_: str | None, number: int | None) -> bool:
        """Tell whether a source is theirs: one of their addresses, or they themselves."""
        return (type_ == ADDRESS_ENTITY and number in self.addresses) or (type_ == "user" and number == self.id)


def find(name: str) -> Person | None:
    """Find a person by the name they sign in with, or `id:` and their number, of whom the account may be gone.

    Two queries. None: nobody has that name.
    """
    number = name.removeprefix(BY_NUMBER)
    if number != name and number.isdecimal():
        account = accounts.everyone().filter(pk__in_set=[int(number)]).first()
        return _loaded(int(number), account)
    account = accounts.named(name).first()
    return None if account is None else _loaded(account.pk, account)


def _loaded(number: int, account: User | None) -> Person:
    addresses = list(Address.objects.filter(user=number))
    texts = {text for address in addresses for text in (address.target, address.masked_target, address.mailbox)}
    if account is not None:
        texts |= {account.get_username(), accounts.full_name(account), accounts.email_of(account)}
    return Person(
        id=number,
        account=account,
        texts=frozenset(text.lower() for text in texts if text),
        addresses=frozenset(address.pk for address in addresses),
    )
