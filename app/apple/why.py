"""Answers "why did my pass not update?" from what stands in the rows."""

from __future__ import annotations

import msgspec

from app.apple import queries
from app.apple.queries import Story
from app.cards import passes_of
from app.cards.pass_queries import PassRow
from app.clock import rfc3339
from app.outbox import queries as outbox_queries
from app.outbox import service as outbox
from app.storage.database import Transaction

LINES_MAX = 20


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a pass: its card's revision, what was told, and each device's story."""

    row: PassRow
    revision: int
    told: int | None  # the revision up to which devices were told; None: no phone ever held it
    devices: list[Story]
    logged: list[str]


def why(tx: Transaction, serial: bytes) -> Account | None:
    """Collect what is known of a pass; None for an unknown serial number."""
    row = passes_of.pass_by_serial(tx, serial)
    if row is None:
        return None
    return Account(
        row=row,
        revision=outbox_queries.revision(tx, row.card_id),
        told=outbox_queries.done(tx, row.card_id, outbox.APPLE),
        devices=queries.stories(tx, row.card_id, serial),
        logged=queries.logged(tx, serial, LINES_MAX),
    )


def explain(known: Account) -> list[str]:
    """Say in sentences how far each change came, from the commit to the phone."""
    row = known.row
    lines = [f"The card is at revision {known.revision}."]
    if row.served_card_revision >= known.revision:
        lines.append(
            f"That revision was fetched last {_at(row.pulled_at)}: the pass is up to date."
        )
    elif row.served_card_revision:
        lines.append(f"Revision {row.served_card_revision} was fetched last {_at(row.pulled_at)}.")
    else:
        lines.append("The pass was never fetched.")
    if row.voided_at is not None:
        lines.append(f"The pass is void since {rfc3339(row.voided_at)}.")
    if not known.devices:
        lines.append("No phone is registered for it: nobody can be told.")
    elif known.told is not None and known.told < known.revision:
        lines.append(f"Phones were told up to revision {known.told}; the rest waits for delivery.")
    lines += [_story(number, story) for number, story in enumerate(known.devices, 1)]
    return lines + [f"A phone logged: {line}" for line in known.logged]


def _story(number: int, story: Story) -> str:
    if story.parked is not None:
        how = f"pushes stopped ({story.parked}) until it registers again"
    elif story.pushed < story.told:
        how = "the push is on its way or waits to be repeated"
    elif story.listed < story.told:
        how = f"pushed {_at(story.pushed_at)}, but it has not asked since"
    else:
        how = f"it asked {_at(story.listed_at)}"
    return f"Phone {number} was told revision {story.told_revision} {_at(story.told_at)}: {how}."


def _at(moment: int | None) -> str:
    return "never" if moment is None else f"at {rfc3339(moment)}"
