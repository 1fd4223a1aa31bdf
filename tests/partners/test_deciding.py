"""Statements against a model: shuffled and doubled, the account is what the sequence says."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.cards.queries import AccountRow
from app.partners.deciding import Change, Named, decide, judge
from app.partners.schemas import Statement

EMPTY = AccountRow(0, "{}", None, "[]", None, None, None, 0, None)
NAMED = Named(("pts", "stamps"), frozenset({"silver", "gold"}))
AS_OF = "2026-11-21T20:05:00Z"
UNITS = st.integers(-(2**53), 2**53)
BODIES = st.fixed_dictionaries(
    {"balances": st.dictionaries(st.sampled_from(NAMED.units), UNITS, min_size=1)},
    optional={
        "tier": st.sampled_from([None, "silver", "gold"]),
        "message": st.sampled_from([None, "a", "b"]),
        "fields": st.sampled_from([None, [], [{"key": "k", "label": "L", "value": "v"}]]),
        "next_expiry": st.sampled_from([None, {"at": AS_OF, "units": 3}]),
    },
)


def statement(sequence: int, body: dict[str, Any]) -> Statement:
    return msgspec.convert({"sequence": sequence, "as_of": AS_OF} | body, Statement)


def model(taken: list[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    """Say what an account shows after these statements, in the plainest way."""
    state: dict[str, Any] = {
        "balances": {},
        "tier": None,
        "message": None,
        "fields": [],
        "next_expiry": None,
    }
    for _, body in taken:
        state["balances"] = state["balances"] | body["balances"]
        for name in ("tier", "message", "fields", "next_expiry"):
            if name in body:
                state[name] = body[name] or ([] if name == "fields" else None)
    return state


def shown(account: AccountRow) -> dict[str, Any]:
    expiry = (
        None
        if account.next_expiry_at is None
        else {"at": AS_OF, "units": account.next_expiry_units}
    )
    return {
        "balances": msgspec.json.decode(account.balances),
        "tier": account.tier,
        "message": account.message,
        "fields": msgspec.json.decode(account.fields),
        "next_expiry": expiry,
    }


@given(st.lists(st.tuples(st.integers(0, 12), BODIES), max_size=30))
def test_an_account_is_what_the_statements_above_the_last_sequence_said(
    sent: list[tuple[int, dict[str, Any]]],
) -> None:
    account, taken, highest = EMPTY, [], -1
    for sequence, body in sent:
        decided = decide(account, judge(statement(sequence, body), NAMED))
        if not isinstance(decided, Change):
            assert sequence <= highest and decided.sequence == highest
            continue
        assert sequence > highest
        before = shown(account)
        account, highest = decided.account, sequence
        taken.append((sequence, body))
        assert decided.is_changed == (shown(account) != before)
        assert decided.has_tier_changed == (account.tier != before["tier"])
        assert shown(account) == model(taken)
        assert account.sequence == highest
