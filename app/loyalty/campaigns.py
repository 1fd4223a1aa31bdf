"""What reaches beyond one card: referrals, challenges and instant wins (specs/loyalty.md §9)."""

from __future__ import annotations

from typing import Any

import msgspec

from app.loyalty import calendar, lots, program, rewards
from app.loyalty.book import Book
from app.loyalty.conditions import Context
from app.loyalty.events import Claims, Give, Play, TakeBack
from app.loyalty.model import INTERNAL, Gift, Message, Progress, Ticket
from app.loyalty.refusing import Refused


def refer(book: Book, ticket: Ticket) -> None:
    """Reward a referral at the referee's first ticket that is large enough, once per referee."""
    rule, account = book.program.referral, book.account
    if rule is None or account.referred_by is None or account.referral_ticket is not None:
        return
    if ticket.net < rule.min_minor:
        return
    account.referral_ticket = ticket.id
    gift = rewards.give(book, rule.referee, source="referral", why={"referral": "referee"})
    gift.id = f"{INTERNAL}referee"
    book.gifts[gift.id] = gift
    give = Give(
        grant=msgspec.to_builtins(rule.sponsor),
        source="referral",
        kind="referral",
        max_times=rule.max_per_sponsor,
    )
    book.messages.append(Message(_referral(ticket), account.referred_by, give))


def refer_back(book: Book, ticket: Ticket) -> None:
    """Take a referral back from both cards when its ticket falls under the minimum."""
    rule, account = book.program.referral, book.account
    if account.referral_ticket != ticket.id or account.referred_by is None:
        return
    gift = book.gift(f"{INTERNAL}referee")
    if gift is None or gift.is_taken_back or ticket.net >= (rule.min_minor if rule else 0):
        return
    take_back(book, gift)
    back = TakeBack(of=_referral(ticket))
    book.messages.append(Message(f"referral-back:{ticket.id}", account.referred_by, back))


def _referral(ticket: Ticket) -> str:
    return f"referral:{ticket.id}"


def receive(book: Book, key: str, event: Give) -> dict[str, Any]:
    """Give what another card or a campaign sent; a sponsor only up to his maximum."""
    if book.gift(key) is not None:
        return {}  # taken back before it came
    if event.kind == "referral":
        if event.max_times is not None and book.account.sponsored >= event.max_times:
            return {}
        book.account.sponsored += 1
    elif book.tally(f"given:{event.source}"):
        return {}
    else:
        book.count(f"given:{event.source}", 1)
    grant: program.Grant = msgspec.convert(event.grant, program.Grant)
    gift = rewards.give(book, grant, source=event.source, why={event.kind: event.source})
    gift.id = key
    book.gifts[key] = gift
    return {}


def give_back(book: Book, event: TakeBack) -> dict[str, Any]:
    """Take back what a message gave; what has not come yet is noted, and then not given."""
    gift = book.gift(event.of)
    if gift is None:
        book.gifts[event.of] = Gift(event.of, is_taken_back=True)
    elif not gift.is_taken_back:
        take_back(book, gift)
    return {}


def take_back(book: Book, gift: Gift) -> None:
    """Take a gift's units and unused vouchers; what was spent of it is owed."""
    gift.is_taken_back = True
    for unit, units in gift.spent.items():
        if book.unit(unit).negative != "write_off":
            lots.owe(book, unit, units, kind="reverse", rule="referral")
    for number in gift.lots:
        lot = book.lot(number)
        rewards.take_lot_back(book, lot, lot.counted, rule="referral", why={"of": "referral"})
    for number in gift.vouchers:
        rewards.void_if_issued(book, number)


def progress(book: Book, ticket: Ticket, net: int, tickets: int) -> None:
    """Count a ticket, or what a refund took of it, for the challenges of its moment."""
    for challenge in book.program.challenges:
        start, end = calendar.parse_instant(challenge.start), calendar.parse_instant(challenge.end)
        if not start <= ticket.occurred_at < end or (net == 0 and tickets == 0):
            continue
        count = book.count(f"tickets:{challenge.id}", tickets)
        value = book.count(f"net:{challenge.id}", net)
        if challenge.collective:
            counted = count if challenge.agg == "tickets" else value
            book.progress.append(Progress(challenge.id, counted, count))


def reward(book: Book, claims: Claims) -> None:
    """Grant each challenge whose target is reached, once; a collective one to who took part."""
    for challenge in book.program.challenges:
        tickets = book.tally(f"tickets:{challenge.id}")
        if tickets == 0 or book.tally(f"given:{challenge.id}"):
            continue
        value = tickets if challenge.agg == "tickets" else book.tally(f"net:{challenge.id}")
        if challenge.collective:
            value += claims.collective.get(challenge.id, 0)
        if value >= challenge.target:
            book.count(f"given:{challenge.id}", 1)
            rewards.give(
                book, challenge.grant, source=challenge.id, why={"challenge": challenge.id}
            )


def play(book: Book, event: Play, context: Context, claims: Claims) -> dict[str, Any]:
    """Take the instant that the program claimed for this play, within the day's plays."""
    campaign = campaign_of(context.program, event.rule)
    day = calendar.local_date(context.at, context.program.tz).isoformat()
    key = f"plays:{campaign.id}:{day}"
    if book.tally(key) >= campaign.max_plays_per_day:
        raise Refused("limit", plays=campaign.max_plays_per_day)
    book.count(key, 1)
    if claims.instant is not None:
        rewards.give(book, campaign.prize, source=campaign.id, why={"instant": claims.instant})
    return {"won": claims.instant}


def campaign_of(rules: program.Program, campaign_id: str | None) -> program.InstantWin:
    """Return an instant win by its id, or the first. Raises Refused: there is none."""
    for campaign in rules.instants:
        if campaign_id in (None, campaign.id):
            return campaign
    raise Refused("unknown_rule", rule=campaign_id)
