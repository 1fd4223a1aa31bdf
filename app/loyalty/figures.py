"""Figures that need no card: the pure functions of specs/loyalty.md §10."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from app.loyalty import calendar
from app.loyalty.rounding import rdiv

PROMO = "promo"  # the only kind of push that is counted
_EXACT = Context(prec=200, Emax=10_000, Emin=-10_000, rounding=ROUND_HALF_UP)


def add_period(at: str, period: str, tz: str, align: str = "none") -> str:
    """Add a period to a moment on a zone's calendar. Raises ValueError."""
    return calendar.write_instant(calendar.add(calendar.parse_instant(at), period, tz, align))


def retention_rate(loyal: int, total: int) -> str | None:
    """Say how many of 100 came back, with two decimals, half up; None where nobody was there."""
    if total == 0:
        return None
    hundredths = rdiv(loyal * 10_000, total, "half_up")
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def frequency_target(average: str | int, uplift_pct: str | int) -> str:
    """Raise an average number of visits by a percentage: exact, without trailing zeros.

    Raises ValueError when they are no numbers.
    """
    try:
        factor = _EXACT.add(Decimal(100), Decimal(uplift_pct))
        raised = _EXACT.divide(_EXACT.multiply(Decimal(average), factor), Decimal(100))
    except InvalidOperation:
        raise ValueError("a decimal number expected") from None
    written = format(raised, "f")
    if not raised.is_finite():
        raise ValueError("a decimal number expected")
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def push_cap(
    max: int,  # noqa: A002  the name in the vectors
    window_days: int,
    pushes: Sequence[Mapping[str, str]],
) -> list[bool]:
    """Say which pushes pass: at most so many promotions in so many days of 24 hours.

    A promotion that was held back does not count; one exactly as old as the window neither.
    Raises ValueError when a moment is none.
    """
    window, sent, passes = window_days * calendar.DAY, list[int](), list[bool]()
    for push in pushes:
        at = calendar.parse_instant(push["at"])
        if push["kind"] != PROMO:
            passes.append(True)
            continue
        passes.append(sum(each > at - window for each in sent) < max)
        if passes[-1]:
            sent.append(at)
    return passes
