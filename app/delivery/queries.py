"""All SQL of delivery: whose phones a card is on, what each was told and pushed."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT: dict[str, str] = {}


class Target(msgspec.Struct, frozen=True):
    """A device that holds a pass of a card."""

    device_id: int
    serial: bytes


class Held(msgspec.Struct, frozen=True):
    """A pass on a device; `is_free`: its feed may be pushed now."""

    pass_type: str
    serial: bytes
    is_free: int


class FeedRow(msgspec.Struct, frozen=True):
    """A device's feed of one pass type, as it stands."""

    feed: int
    attempts: int
    next_at: int
    claimed_until: int
    parked: str | None


class Drawn(msgspec.Struct, frozen=True):
    """A number just drawn, and how often pushing the feed failed since it last went well."""

    feed: int
    attempts: int


class Device(msgspec.Struct, frozen=True):
    """A device's push token, and when it was brought last."""

    push_token: str | None
    token_at: int


class DueFeed(msgspec.Struct, frozen=True):
    """A feed that is ahead of what was pushed."""

    device_id: int
    pass_type: str


class Campaign(msgspec.Struct, frozen=True):
    """A change of a whole program, and the card from which it goes on."""

    program_id: int
    campaign_id: int
    next_card_id: int


_FEED = "SELECT feed, attempts, next_at, claimed_until, parked FROM device_feed"


def targets(tx: Transaction, card_id: int) -> list[Target]:
    """List the devices that hold passes of a card, but for those that know theirs has ended."""
    return tx.all(
        Target,
        "SELECT r.device_id, r.serial FROM registration r"
        " JOIN pass p ON p.card_id = r.card_id AND p.serial = r.serial WHERE r.card_id = ?"
        " AND (p.voided_at IS NULL OR p.pulled_at IS NULL OR p.pulled_at <= p.voided_at)",
        card_id,
    )


def lock_device(tx: Transaction, device_id: int) -> Device | None:
    """Find a device and hold its row for this unit of work."""
    sql = "SELECT push_token, token_at FROM device WHERE device_id = ?"
    return tx.one(Device, sql + tx.for_update, device_id)


def held_by(tx: Transaction, device_id: int, now: int) -> list[Held]:
    """List what a device holds, under its lock."""
    sql = (
        "SELECT p.pass_type, p.serial, CASE WHEN f.parked IS NULL AND f.next_at <= ?"
        " AND f.claimed_until <= ? THEN 1 ELSE 0 END FROM device_pass p JOIN device_feed f"
        " ON f.device_id = p.device_id AND f.pass_type = p.pass_type WHERE p.device_id = ?"
    )
    return tx.all(Held, sql, now, now, device_id)


def feed(tx: Transaction, device_id: int, pass_type: str) -> FeedRow | None:
    """Read a device's feed."""
    sql = _FEED + " WHERE device_id = ? AND pass_type = ?"
    return tx.one(FeedRow, sql, device_id, pass_type)


def draw_number(tx: Transaction, device_id: int, pass_type: str, *, until: int | None) -> Drawn:
    """Draw the feed's next number; take the feed for pushing until a moment, None: leave it."""
    found = tx.one(
        Drawn,
        "UPDATE device_feed SET feed = feed + 1, claimed_until = COALESCE(?, claimed_until)"
        " WHERE device_id = ? AND pass_type = ? RETURNING feed, attempts",
        *(until, device_id, pass_type),
    )
    assert found is not None, "a device that holds a pass has a feed of its type"
    return found


def note_told(
    tx: Transaction, device_id: int, held: Held, *, told: int, revision: int, now: int
) -> None:
    """Note with which number a pass was told, and of which revision."""
    tx.run(
        "UPDATE device_pass SET told = ?, told_at = ?, told_revision = ?"
        " WHERE device_id = ? AND pass_type = ? AND serial = ?",
        *(told, now, revision, device_id, held.pass_type, held.serial),
    )


def due_feeds(tx: Transaction, now: int, limit: int) -> list[DueFeed]:
    """List feeds to push. # across: what the worker takes"""
    sql = (
        "SELECT device_id, pass_type FROM device_feed WHERE feed > pushed AND parked IS NULL"
        " AND next_at <= ? AND claimed_until <= ? ORDER BY next_at, device_id LIMIT ?"
    )
    return tx.all(DueFeed, sql, now, now, limit)


def claim_feed(tx: Transaction, device_id: int, pass_type: str, until: int) -> None:
    """Take a feed until a moment; under the device's lock."""
    tx.run(
        "UPDATE device_feed SET claimed_until = ? WHERE device_id = ? AND pass_type = ?",
        *(until, device_id, pass_type),
    )


def settle_feed(tx: Transaction, device_id: int, pass_type: str, pushed: int, *, now: int) -> None:
    """Note up to which number was pushed, and let the feed go."""
    tx.run(
        "UPDATE device_feed SET pushed = CASE WHEN pushed < ? THEN ? ELSE pushed END,"
        " pushed_at = ?, attempts = 0, claimed_until = 0 WHERE device_id = ? AND pass_type = ?",
        *(pushed, pushed, now, device_id, pass_type),
    )


def programs_told(tx: Transaction, device_id: int, pass_type: str, *, up_to: int) -> list[int]:
    """List the programs of which a push tells: of passes told since the push before."""
    return tx.all(
        int,
        "SELECT DISTINCT c.program_id FROM device_feed f JOIN device_pass p"
        " ON p.device_id = f.device_id AND p.pass_type = f.pass_type AND p.told > f.pushed"
        " JOIN card c ON c.card_id = p.card_id WHERE f.device_id = ? AND f.pass_type = ?"
        " AND p.told <= ? AND c.program_id IS NOT NULL ORDER BY c.program_id",
        *(device_id, pass_type, up_to),
    )


def delay_feed(tx: Transaction, device_id: int, pass_type: str, *, next_at: int) -> None:
    """Push later; newer changes merge into it."""
    tx.run(
        "UPDATE device_feed SET attempts = attempts + 1, next_at = ?, claimed_until = 0"
        " WHERE device_id = ? AND pass_type = ?",
        *(next_at, device_id, pass_type),
    )


def park_feed(tx: Transaction, device_id: int, pass_type: str, reason: str) -> None:
    """Push no more until the device registers again."""
    tx.run(
        "UPDATE device_feed SET parked = ?, claimed_until = 0"
        " WHERE device_id = ? AND pass_type = ?",
        *(reason, device_id, pass_type),
    )


def forget_push_token(tx: Transaction, device_id: int) -> None:
    """Forget a push token that Apple no longer knows."""
    tx.run("UPDATE device SET push_token = NULL WHERE device_id = ?", device_id)


def due_campaigns(tx: Transaction, now: int, limit: int) -> list[Campaign]:
    """List changes of programs to go on with. # across: what the worker takes"""
    sql = (
        "SELECT program_id, campaign_id, next_card_id FROM campaign WHERE done_at IS NULL"
        " AND next_at <= ? AND claimed_until <= ? ORDER BY next_at LIMIT ?"
    )
    return tx.all(Campaign, sql, now, now, limit)


def claim_campaign(tx: Transaction, campaign: Campaign, *, now: int, until: int) -> bool:
    """Take a page of a campaign; False when another worker has it."""
    return (
        tx.run(
            "UPDATE campaign SET claimed_until = ? WHERE program_id = ? AND campaign_id = ?"
            " AND next_card_id = ? AND done_at IS NULL AND claimed_until <= ?",
            *(until, campaign.program_id, campaign.campaign_id, campaign.next_card_id, now),
        )
        == 1
    )


def advance_campaign(
    tx: Transaction, campaign: Campaign, *, next_card_id: int, done_at: int | None, now: int
) -> None:
    """Let the campaign go on behind a card, or be done."""
    tx.run(
        "UPDATE campaign SET next_card_id = ?, done_at = ?, next_at = ?, claimed_until = 0"
        " WHERE program_id = ? AND campaign_id = ?",
        *(next_card_id, done_at, now, campaign.program_id, campaign.campaign_id),
    )


def cards_of_program(tx: Transaction, program_id: int, after: int, limit: int) -> list[int]:
    """List a page of a program's cards. # across: a campaign's page"""
    sql = "SELECT card_id FROM card WHERE program_id = ? AND card_id > ? ORDER BY card_id LIMIT ?"
    return tx.all(int, sql, program_id, after, limit)


def backlog(tx: Transaction) -> int:
    """Count feeds that are ahead of what was pushed. # across: a figure"""
    found = tx.value("SELECT COUNT(*) FROM device_feed WHERE feed > pushed AND parked IS NULL")
    return found if isinstance(found, int) else 0
