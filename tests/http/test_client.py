"""A typed client is made from the document without a warning, and works with the running server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from app.clock import rfc3339
from tests.cards.cards_world import merchant, program
from tests.checkout.till_world import HOSTED, till
from tests.flows.conftest import World, extras, settings, world
from tests.http.openapi_gate import present

__all__ = ["extras", "settings", "world"]

CONFIG = Path(__file__).parent.parent.parent / "docs" / "client.yml"
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """Make the client as `make client` does, and import it."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_bytes(msgspec.json.encode(present()))
    made = subprocess.run(
        [
            *(BIN / "openapi-python-client", "generate", "--path", folder / "openapi.json"),
            *("--config", CONFIG, "--output-path", folder / "out", "--fail-on-warning"),
        ],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"},
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder / "out"))
    try:
        import portecarte_client

        yield portecarte_client
    finally:
        sys.path.remove(str(folder / "out"))
        for name in [name for name in sys.modules if name.startswith("portecarte_client")]:
            del sys.modules[name]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_made_client_enrols_states_a_balance_and_sells(client: Any, world: World) -> None:
    from portecarte_client import models
    from portecarte_client.api.checkout import checkout_refund, checkout_scan, checkout_sell
    from portecarte_client.api.partners import partners_enrol, partners_put_statement

    _, ask = await merchant(world)
    mirrored, hosted = await program(ask), await program(ask, **HOSTED)
    shop = client.AuthenticatedClient(base_url=world.url, token=ask.token)
    selling = client.AuthenticatedClient(base_url=world.url, token=(await till(world, ask)).token)
    now = rfc3339(world.clock.wall())

    new = models.NewAccount(display_name="Ana")
    account = await partners_enrol.asyncio(
        mirrored, client=shop, body=new, idempotency_key="enrol-ana"
    )
    told = models.Statement(sequence=1, as_of=now, balance=1300)
    stated = await partners_put_statement.asyncio(mirrored, account.number, client=shop, body=told)
    assert (stated.card_number, stated.sequence, stated.changed) == (account.number, 1, True)
    stale = await partners_put_statement.asyncio(mirrored, account.number, client=shop, body=told)
    assert (stale.code, stale.status) == ("stale-statement", 409)

    bob = await partners_enrol.asyncio(
        hosted, client=shop, body=models.NewAccount(), idempotency_key="enrol-bob"
    )
    ticket = models.NewTicket(id="T-1", card_id=bob.id, occurred_at=now, amount_minor=2995)
    sold = await checkout_sell.asyncio(client=selling, body=ticket)
    assert sold.results.to_dict()["earned_units"] == {"pts": 29}
    back = models.CheckoutNewRefund(id="R-1", amount_minor=2995)
    assert (await checkout_refund.asyncio("T-1", client=selling, body=back)).id == "R-1"
    seen = await checkout_scan.asyncio(client=selling, body=models.NewScan(code=bob.number))
    assert seen.card.balances[0].value == 0
