"""What must hold before cards go into Google Wallet: each fault is named with its cure."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.clock import SystemClock
from app.commands.checks import Check
from app.commands.google_checks import check_google
from app.ids import SystemRandomness
from app.sandbox.fake_google import FakeGoogle
from app.sandbox.google_account import GOOGLE_ISSUER, make_google_account, read_google_account
from app.settings import Settings
from tests.flows.server import serving


class Standing:
    """The fake as an app that has nothing to start."""

    def __init__(self, google: FakeGoogle) -> None:
        self.google = google

    @contextlib.asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Start nothing, stop nothing."""
        yield

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let the fake answer."""
        await self.google(scope, receive, send)


@pytest.fixture
def account(tmp_path: Path) -> Path:
    return make_google_account(tmp_path)


async def found(account: Path | None, **changed: Any) -> list[Check]:
    """Examine against a fake that knows the account, unless told otherwise."""
    clock = SystemClock()
    number = changed.pop("google_issuer_id", GOOGLE_ISSUER)
    known = changed.pop("known", account)
    google = FakeGoogle(
        read_google_account(known), GOOGLE_ISSUER, clock=clock, randomness=SystemRandomness()
    )
    async with serving(Standing(google)) as url:
        settings = Settings(
            google_issuer_id=number,
            google_service_account_file=account,
            google_api_url=changed.pop("google_api_url", url),
            google_token_url=f"{url}/token",
            **changed,
        )
        return [check async for check in check_google(settings, clock)]


async def test_an_invited_account_passes_every_check(account: Path) -> None:
    checks = await found(account)
    assert [check.level for check in checks] == ["ok"] * 3
    assert "lets this account work" in checks[-1].text


async def test_without_google_a_live_server_is_told_what_it_lacks() -> None:
    settings = Settings(mode="live")
    checks = [check async for check in check_google(settings, SystemClock())]
    assert [check.level for check in checks] == ["warning"]
    assert "Apple Wallet only" in checks[0].text


async def test_an_account_that_is_not_invited_is_told_to_be(account: Path) -> None:
    checks = await found(account, google_issuer_id="3388000000000000001")
    assert checks[-1].level == "failure"
    assert "invite the service account" in checks[-1].text


async def test_an_account_google_does_not_know_is_refused(account: Path, tmp_path: Path) -> None:
    other = make_google_account(tmp_path / "other")
    raw = msgspec.json.decode(other.read_bytes())
    raw["client_email"] = "stranger@elsewhere.iam.gserviceaccount.com"
    other.write_bytes(msgspec.json.encode(raw))
    checks = await found(other, known=account)
    assert checks[-1].level == "failure"
    assert "refuses the account" in checks[-1].text


async def test_a_google_that_does_not_answer_is_named(account: Path) -> None:
    checks = await found(account, google_api_url="http://127.0.0.1:9")
    assert (checks[-1].level, "does not answer" in checks[-1].text) == ("failure", True)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"{}", "not the JSON"), (b"\xff", "not the JSON"), (None, "missing")],
)
async def test_a_file_that_is_no_key_is_named(
    account: Path, content: bytes | None, said: str
) -> None:
    whole = read_google_account(account)
    assert whole.email
    broken = account.with_name("broken.json")
    if content is not None:
        broken.write_bytes(content)
        broken.chmod(0o600)
    checks = await found(broken, known=account)
    assert checks[-1].level == "failure"
    assert said in checks[-1].text


@pytest.fixture
def open_account(account: Path) -> Path:
    account.chmod(0o644)
    return account


async def test_a_file_that_others_can_read_is_named(open_account: Path) -> None:
    checks = await found(open_account)
    assert (checks[0].level, "chmod 600" in checks[0].text) == ("failure", True)


async def test_a_number_with_letters_is_no_issuer(account: Path) -> None:
    checks = await found(account, google_issuer_id="BCR2DN4T")
    assert (checks[-1].level, "is a number" in checks[-1].text) == ("failure", True)
