"""In live mode only the operator starts merchants."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import Settings
from app.storage.database import Transaction
from app.users import service as users
from tests.flows.conftest import World


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(mode="live", secrets_file=tmp_path / "secrets.json")


async def test_a_live_server_names_the_command_by_which_a_merchant_is_started(
    world: World,
) -> None:
    ports, now = world.ports, world.clock.wall()
    drawn = users.draw(ports, now)

    def work(tx: Transaction) -> None:
        user = users.make_user_with_email(
            tx,
            drawn,
            email="ana@example.org",
            language="en",
            now=now,
        )
        users.open_session(tx, user.user_id, drawn, now=now)

    await ports.database.write(work)
    answer = await world.client.post(
        "/v1/merchants",
        json={"name": "Chez Ana"},
        headers={
            "Authorization": f"Bearer {drawn.token}",
            "Idempotency-Key": "k",
            "Host": "127.0.0.1:8000",  # a live server answers under its own name only
        },
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong-token")
    assert "portecarte merchants add" in answer.json()["detail"]
