"""Members in the words of a page: a line of the list, and all that is known of one card."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from app.cards.schemas import BalanceOut, LotOut, VoucherOut
from app.http.fields import parse_rfc3339
from app.partners.schemas import AccountOut
from app.programs.content import program_content
from app.programs.ending import zone_of
from app.programs.service import Program
from app.web.texts import Catalogue
from passes.content import in_language
from passes.money import written


class MemberLine(msgspec.Struct, frozen=True, kw_only=True):
    """A member in a list."""

    id: str
    name: str | None
    number: str
    balances: list[str]
    tier: str | None
    since: str | None


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A label, what stands beside it, and a remark below."""

    label: str
    value: str
    remark: str | None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Something to choose in a form; `currency`: it is counted in minor units of that money."""

    id: str
    name: str
    currency: str | None = None


class MemberCard(msgspec.Struct, frozen=True, kw_only=True):
    """One member's card as its page shows it."""

    line: MemberLine
    balances: list[Fact]
    facts: list[Fact]
    lots: list[Fact]
    vouchers: list[Fact]
    consents: list[Fact]
    is_hosted: bool


class Speaker:
    """Says a program's figures in one language; the program is read once."""

    def __init__(self, program: Program, words: Catalogue) -> None:
        self._words = words
        self._zone = zone_of(program.document)
        self._units = units_of(program, words.language)
        self._tiers = {it.id: it.name for it in tiers_of(program, words.language)}

    def line(self, account: AccountOut) -> MemberLine:
        """Say an account in a line."""
        return MemberLine(
            id=account.id,
            name=account.display_name,
            number=account.number,
            balances=[self._balance(it) for it in account.balances],
            tier=self._tier(account),
            since=self._day(account.enrolled_at),
        )

    def card(self, account: AccountOut) -> MemberCard:
        """Say all that is known of a card."""
        t = self._words.text
        return MemberCard(
            line=self.line(account),
            balances=[
                Fact(
                    label=self._name(it.unit),
                    value=self._amount(it.unit, it.value),
                    remark=t("members.card.pending", n=it.pending) if it.pending else None,
                )
                for it in account.balances
            ],
            facts=self._facts(account),
            lots=[self._lot(it) for it in account.lots],
            vouchers=[self._voucher(it) for it in account.vouchers],
            consents=[
                Fact(
                    label=it.key,
                    value=t("members.card.consent.given", day=self._day(it.given_at))
                    if it.withdrawn_at is None
                    else t("members.card.consent.withdrawn", day=self._day(it.withdrawn_at)),
                )
                for it in account.consents
            ],
            is_hosted=account.authority == "ledger",
        )

    def _facts(self, account: AccountOut) -> list[Fact]:
        t = self._words.text
        found = [Fact(label=t("members.card.number"), value=account.number)]
        if account.barcode_value != account.number:
            found.append(Fact(label=t("members.card.code"), value=account.barcode_value))
        if (tier := self._tier(account)) is not None:
            found.append(Fact(label=t("members.card.tier"), value=tier))
        if account.next_expiry is not None and account.balances:
            units = self._amount(account.balances[0].unit, account.next_expiry.units)
            day = self._day(account.next_expiry.at)
            said = t("members.card.next_expiry.text", units=units, day=day)
            found.append(Fact(label=t("members.card.next_expiry"), value=said))
        dated = (("since", account.enrolled_at), ("as_of", account.as_of))
        for name, at in dated:
            if (day := self._day(at)) is not None:
                found.append(Fact(label=t(f"members.card.{name}"), value=day))
        return found

    def _lot(self, lot: LotOut) -> Fact:
        t = self._words.text
        left, units = self._amount(lot.unit, lot.left), self._amount(lot.unit, lot.units)
        day = self._day(lot.expires_at)
        return Fact(
            label=self._day(lot.earned_at) or "",
            value=t("members.card.lots.left", left=left, units=units),
            remark=None if day is None else t("members.card.lots.until", day=day),
        )

    def _voucher(self, voucher: VoucherOut) -> Fact:
        t, day = self._words.text, self._day(voucher.expires_at)
        return Fact(
            label=f"{voucher.template} · {voucher.code or '…'}",
            value=t(f"members.card.voucher.{voucher.status}"),
            remark=None if day is None else t("members.card.voucher.until", day=day),
        )

    def _balance(self, balance: BalanceOut) -> str:
        said = self._amount(balance.unit, balance.value)
        unit = self._units.get(balance.unit)
        return said if unit is None or unit.currency else f"{said} {unit.name}"

    def _amount(self, unit: str, value: int) -> str:
        known = self._units.get(unit)
        return written(value, known.currency if known else None, self._words.language)

    def _name(self, unit: str) -> str:
        known = self._units.get(unit)
        return unit if known is None else known.name

    def _tier(self, account: AccountOut) -> str | None:
        if account.tier is None:
            return None
        return self._tiers.get(account.tier.id, account.tier.name)

    def _day(self, text: str | None) -> str | None:
        at = None if text is None else parse_rfc3339(text)
        return None if at is None else self._words.day(at, self._zone)


def units_of(program: Program, language: str) -> dict[str, Choice]:
    """Name a program's units."""
    content = program_content(program)
    return {
        it.id: Choice(id=it.id, name=_named(it.name, program, language), currency=it.currency)
        for it in content.units
    }


def tiers_of(program: Program, language: str) -> list[Choice]:
    """Name a program's tiers, in rising order."""
    content = program_content(program)
    return [Choice(id=it.id, name=_named(it.name, program, language)) for it in content.tiers]


def vouchers_of(program: Program, language: str) -> list[Choice]:
    """Name the vouchers that a program's rules know."""
    rules = program.document.rules
    told = rules.get("vouchers", ()) if isinstance(rules, dict) else ()
    found = []
    for it in told:
        name = it.get("name")
        if isinstance(name, dict):
            name = in_language(name, language, default=program.document.languages[0])
        found.append(Choice(id=it["id"], name=str(name or it["id"])))
    return found


def _named(text: Mapping[str, str], program: Program, language: str) -> str:
    return in_language(dict(text), language, default=program.document.languages[0])
