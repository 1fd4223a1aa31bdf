"""Random lives of cards: after every step all figures agree (specs/loyalty.md §12)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.loyalty.machine import REFUSED, SEEN, Cards

IS_NIGHTLY = settings.get_current_profile_name() == "nightly"


class TestCards(Cards.TestCase):  # type: ignore[misc,name-defined]
    """Some thousand steps, or the 200,000 of `--hypothesis-profile nightly`."""

    settings = settings(
        max_examples=9_000 if IS_NIGHTLY else 150,
        stateful_step_count=60 if IS_NIGHTLY else 40,
        deadline=None,
        database=None,
        derandomize=not IS_NIGHTLY,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.data_too_large,
        ],
    )

    @pytest.fixture(autouse=True)
    def _tell(self, capfd: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
        yield
        if not IS_NIGHTLY:
            return
        with capfd.disabled():
            print(f"\nsteps: {SEEN}, refused: {dict(sorted(REFUSED.items()))}")  # noqa: T201
