"""What a statement does to an account: decided in plain Python, for one and for many alike."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from app.cards.queries import AccountRow
from app.errors import invalid
from app.http.fields import moment
from app.partners.schemas import Statement

_encode = msgspec.json.Encoder(order="deterministic").encode
_read_balances = msgspec.json.Decoder(dict[str, int]).decode
_SHOWN = ("balances", "tier", "fields", "next_expiry_at", "next_expiry_units", "message")


class Named(msgspec.Struct, frozen=True):
    """What a program's statements may name: units, the first is `balance`, and tiers."""

    units: tuple[str, ...]
    tiers: frozenset[str]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A statement judged: what it changes of an account, by column; absent = unchanged."""

    sequence: int
    as_of: int
    balances: dict[str, int]
    columns: dict[str, Any]


class Stale(msgspec.Struct, frozen=True):
    """The statement is not newer than the last one."""

    sequence: int


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The account after a statement, and what of it a pass shows anew.

    `has_balance_changed` is about everything but the tier. `message`: as this statement sent it.
    """

    account: AccountRow
    has_balance_changed: bool
    has_tier_changed: bool
    message: str | None

    @property
    def is_changed(self) -> bool:
        """Whether a phone has anything to be told."""
        return self.has_balance_changed or self.has_tier_changed


def judge(statement: Statement, named: Named) -> Told:
    """Read a statement by its program's names. Raises InvalidInput naming the field."""
    columns: dict[str, Any] = {}
    if statement.tier is not UNSET:
        if statement.tier is not None and statement.tier not in named.tiers:
            raise invalid("tier", f"the program has no tier {statement.tier}")
        columns["tier"] = statement.tier
    if statement.fields is not UNSET:
        columns["fields"] = _encode(statement.fields or []).decode()
    if statement.message is not UNSET:
        columns["message"] = statement.message or None
    if statement.next_expiry is not UNSET:
        expiry = statement.next_expiry
        columns["next_expiry_at"] = moment("next_expiry.at", expiry.at) if expiry else None
        columns["next_expiry_units"] = expiry.units if expiry else None
    return Told(
        sequence=statement.sequence,
        as_of=moment("as_of", statement.as_of),
        balances=_balances(statement, named),
        columns=columns,
    )


def decide(account: AccountRow, told: Told) -> Change | Stale:
    """Put a statement onto an account, unless one of its sequence or above was taken before."""
    if account.as_of is not None and told.sequence <= account.sequence:
        return Stale(account.sequence)
    balances = account.balances
    if told.balances:
        balances = _encode(_read_balances(balances) | told.balances).decode()
    after = msgspec.structs.replace(
        account,
        sequence=told.sequence,
        as_of=told.as_of,
        balances=balances,
        **told.columns,
    )
    has_tier_changed = after.tier != account.tier
    has_balance_changed = any(
        getattr(after, name) != getattr(account, name) for name in _SHOWN if name != "tier"
    )
    message = told.columns.get("message")
    if has_tier_changed or has_balance_changed:
        after = msgspec.structs.replace(after, is_message_new=int(message is not None))
    return Change(
        account=after,
        has_balance_changed=has_balance_changed,
        has_tier_changed=has_tier_changed,
        message=message,
    )


def _balances(statement: Statement, named: Named) -> dict[str, int]:
    if (statement.balance is UNSET) == (statement.balances is UNSET):
        raise invalid("balance", "exactly one of balance and balances is needed")
    if statement.balance is not UNSET:
        if not named.units:
            raise invalid("balance", "the program counts no unit")
        return {named.units[0]: statement.balance}
    assert statement.balances is not UNSET
    for unit in statement.balances:
        if unit not in named.units:
            raise invalid(f"balances.{unit}", "the program has no such unit")
    return statement.balances
