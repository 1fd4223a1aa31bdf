"""What a merchant must know before it breaks: days left, what waits, what went well last."""

from __future__ import annotations

from typing import Any

import pytest

from app.clock import DAY, microseconds
from app.delivery.health import certificates_of
from app.programs.queries import SignerRow
from tests.apple.iphone_world import House
from tests.cards.cards_world import merchant
from tests.passes.apple.chain import BEGIN, make_chain

HEALTH = "/v1/partner/health"


@pytest.fixture(scope="module")
def signer() -> SignerRow:
    chain = make_chain("ec", days=100)
    return SignerRow(
        merchant_id=0,
        signer_id=1,
        pass_type="pass.example",
        team="TEAM",
        certificate=chain.certificate.decode(),
        wwdr=chain.wwdr.decode(),
        key_sealed=b"",
        created_at=0,
    )


@pytest.mark.parametrize(
    ("left", "level"),
    [(100, "ok"), (61, "ok"), (60, "soon"), (21, "soon"), (20, "red"), (0, "red"), (-1, "red")],
)
def test_a_certificate_is_red_from_twenty_days_before_its_end(
    signer: SignerRow, left: int, level: str
) -> None:
    end = microseconds(BEGIN) + 100 * DAY
    for now in (end - left * DAY, end - left * DAY - DAY + 1):
        found, wwdr = certificates_of(signer, "en", now)
        assert (found.kind, found.name, found.days_left) == ("pass", "pass.example", left)
        assert (found.level, wwdr.level) == (level, "ok")
        assert "iPhones are told nothing" in found.what_breaks


async def health(asking: Any) -> Any:
    answer = await asking("GET", HEALTH)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_queue_is_seen_by_its_own_merchant_and_empties_with_the_push(
    house: House,
) -> None:
    _, other = await merchant(house.world, name="Other")
    opened = await house.download()
    assert await house.register(opened) == 201
    before = await health(house.partner)
    assert {it["kind"] for it in before["certificates"]} == {"pass", "wwdr"}
    assert all(it["days_left"] > 60 for it in before["certificates"])
    await house.tell(10)
    waits = await health(house.partner)
    assert (waits["level"], waits["apns"]["queue"]) == ("ok", 1)
    assert (await health(other))["apns"]["queue"] == 0
    while await house.worker.step():
        pass
    told = await health(house.partner)
    assert told["apns"]["queue"] == 0
    assert told["apns"]["last_success_at"] is not None
    assert told["google"] == {
        "level": "ok",
        "queue": 0,
        "failed": 0,
        "stopped": None,
        "last_success_at": None,
    }
    assert told["webhooks"] == {"level": "ok", "pending": 0, "failing": 0, "disabled": 0}


async def test_phones_of_another_shop_with_the_same_pass_type_are_not_counted(
    house: House,
) -> None:
    _, other = await merchant(house.world, name="Other")
    assert await house.register(await house.download()) == 201
    await house.world.ports.database.write(
        lambda tx: tx.run("UPDATE device_feed SET parked = 'BadDeviceToken', pushed_at = 1")
    )
    assert (await health(house.partner))["apns"]["failed"] == 1
    strangers = (await health(other))["apns"]
    assert (strangers["failed"], strangers["last_success_at"]) == (0, None)
