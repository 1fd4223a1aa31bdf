"""Replays a timeline of many cards on the engine, without any storage."""

from __future__ import annotations

from typing import Any

import msgspec

from app.loyalty import campaigns, engine
from app.loyalty.book import Book
from app.loyalty.calendar import parse_instant
from app.loyalty.events import Claims, Enrol, Give, Play, Step, TakeReward
from app.loyalty.model import Message, Progress, Refusal
from app.loyalty.program import Catalogue, Program
from app.loyalty.refusing import Refused
from app.loyalty.rules import Rules, Version
from app.loyalty.shelf import Shelf
from app.loyalty.spending import find

NO_CLAIMS = Claims()


class Done(msgspec.Struct, frozen=True):
    """A step that was done: what it was, for whom, and its results."""

    body: Any
    results: dict[str, Any]


class World:
    """A program's cards, and what they share: stock, instants, challenges, known ids."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.shelves: dict[str, Shelf] = {}
        self.birthdays: dict[str, str | None] = {}
        self.taken: dict[str, int] = {}  # of a reward's stock
        self.won: set[tuple[str, str]] = set()
        self.parts: dict[str, dict[str, Progress]] = {}  # challenge → card → progress
        self.done: dict[str, Done] = {}
        self.now: int | None = None

    def shelf(self, member: str) -> Shelf:
        """Return a card, opened now when it was never seen."""
        found = self.shelves.get(member)
        if found is None:
            assert self.now is not None, "time begins with the first step"
            found = self.shelves[member] = Shelf(engine.new_account(self.now))
        return found

    def move_to(self, now: int) -> None:
        """Let time pass for every card: what was due, then its tier."""
        self.now = now if self.now is None else max(now, self.now)
        for member in list(self.shelves):
            book = self.book(member)
            engine.catch_up(book)
            self._keep(member, book)

    def take(self, member: str, step: Step, body: Any) -> dict[str, Any] | Refusal:
        """Do a step of one card, once by its id; what it sends to others is applied at once."""
        if step.id and (known := self.done.get(step.id)) is not None:
            if known.body != body:
                return Refusal("duplicate_conflict")
            return {**known.results, "replayed": True}
        results = self._do(member, step)
        if not isinstance(results, Refusal) and step.id and results.get("enrolled") is not False:
            self.done[step.id] = Done(body, results)
        return results

    def book(self, member: str) -> Book:
        """Open a card's book at the world's time."""
        shelf = self.shelf(member)
        assert self.now is not None
        return Book(
            shelf,
            engine.copy_of(shelf.account),
            rules=self.rules,
            now=self.now,
            birthday=self.birthdays.get(member),
        )

    def _do(self, member: str, step: Step) -> dict[str, Any] | Refusal:
        event = step.event
        if isinstance(event, Enrol) and event.referred_by == member:
            return Refusal("self_referral")
        if isinstance(event, Enrol) and event.attrs.birthday is not None:
            self.birthdays[member] = event.attrs.birthday
        book = self.book(member)
        claims = self._claim(book, member, step)
        results = engine.decide(book, step, claims)
        if isinstance(results, Refusal):
            return results
        self._confirm(book, event, claims)
        if book.is_kept:
            self._keep(member, book)
        return results

    def _claim(self, book: Book, member: str, step: Step) -> Claims:
        """Look at what the program shares, as a server claims it before the card decides."""
        match step.event:
            case Play():
                return Claims(instant=self._instant(book, step))
            case TakeReward():
                return Claims(has_stock=self._has_stock(book, step.event))
        others = {
            challenge: sum(part.value for card, part in parts.items() if card != member)
            for challenge, parts in self.parts.items()
        }
        return Claims(collective=others) if others else NO_CLAIMS

    def _instant(self, book: Book, step: Step) -> str | None:
        assert isinstance(step.event, Play)
        try:
            campaign = campaigns.campaign_of(book.program, step.event.rule)
        except Refused:
            return None
        for instant in sorted(campaign.instants, key=parse_instant):
            is_free = (campaign.id, instant) not in self.won
            if is_free and parse_instant(instant) <= step.occurred_at:
                return instant
        return None

    def _has_stock(self, book: Book, event: TakeReward) -> bool:
        try:
            rule = find(book.program, Catalogue, event.rule)
        except Refused:
            return False
        return rule.stock is None or self.taken.get(rule.id, 0) < rule.stock

    def _confirm(self, book: Book, event: Any, claims: Claims) -> None:
        match event:
            case Play():
                if claims.instant is not None:
                    campaign = campaigns.campaign_of(book.program, event.rule)
                    self.won.add((campaign.id, claims.instant))
            case TakeReward():
                rule = find(book.program, Catalogue, event.rule)
                self.taken[rule.id] = self.taken.get(rule.id, 0) + 1

    def _keep(self, member: str, book: Book) -> None:
        self.shelf(member).put(book)
        for message in book.messages:
            self._send(message)
        for progress in book.progress:
            self._count(member, progress, book)

    def _send(self, message: Message) -> None:
        """Apply a message at its card, once by its id."""
        step = Step(message.id, self.now or 0, message.event)
        if message.id in self.done:
            return
        results = self._do(message.to, step)
        assert not isinstance(results, Refusal), "messages are never refused"
        self.done[message.id] = Done(None, results)

    def _count(self, member: str, progress: Progress, book: Book) -> None:
        """Note a card's part in a challenge; once the target is reached everyone gets it."""
        parts = self.parts.setdefault(progress.challenge, {})
        parts[member] = progress
        challenge = next(each for each in book.program.challenges if each.id == progress.challenge)
        if sum(part.value for part in parts.values()) < challenge.target:
            return
        give = Give(msgspec.to_builtins(challenge.grant), challenge.id, "challenge")
        for card, part in parts.items():
            if part.tickets > 0:
                self._send(Message(f"{challenge.id}:{card}", card, give))


def world_of(program: Program) -> World:
    """Open an empty world of one version, in force since ever."""
    return World(Rules((Version(program.version, -(2**62), program),)))
