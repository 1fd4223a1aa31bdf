"""Issuers with their keys parsed once; unknown ones are looked for, missing ones a clear no."""

from __future__ import annotations

import pytest

from app.errors import Unavailable
from app.google.issuers import Issuers
from app.http.ports import Ports
from app.programs.issuers import FIRST_ISSUER
from tests.google.accounts import EMAIL, GOOGLE_ISSUER, account_json, key
from tests.google.conftest import keep_issuer


async def test_an_issuer_is_loaded_with_its_key(issuers: Issuers) -> None:
    first = await issuers.first()
    assert (first.issuer_id, first.google_issuer) == (FIRST_ISSUER, GOOGLE_ISSUER)
    assert (first.account.email, first.account.key_id) == (EMAIL, "0123abcd")
    assert first.account.key.private_numbers() == key().private_numbers()
    assert await issuers.get(None) is first
    assert issuers.all() == (first,)


async def test_a_key_is_parsed_once_until_it_is_renewed(issuers: Issuers, ports: Ports) -> None:
    first = await issuers.first()
    await issuers.load()
    assert await issuers.first() is first
    renewed = account_json(private_key_id="4567ef")
    await keep_issuer(ports, FIRST_ISSUER, GOOGLE_ISSUER, file=renewed)
    await issuers.load()
    assert (await issuers.first()).account.key_id == "4567ef"


async def test_an_issuer_that_came_later_is_found(issuers: Issuers, ports: Ports) -> None:
    await keep_issuer(ports, 5, "3388000000087654321")
    assert (await issuers.get(5)).google_issuer == "3388000000087654321"
    assert len(issuers.all()) == 2


async def test_a_server_without_google_says_so(ports: Ports) -> None:
    issuers = Issuers(ports)
    await issuers.load()
    assert issuers.all() == ()
    with pytest.raises(Unavailable):
        await issuers.first()


async def test_an_account_sealed_by_another_secrets_file_stops_the_start(ports: Ports) -> None:
    await keep_issuer(ports, FIRST_ISSUER, GOOGLE_ISSUER)
    await ports.database.write(
        lambda tx: tx.run("UPDATE issuer SET account_sealed = ?", b"\0" * 60)
    )
    with pytest.raises(ValueError, match="SECRETS_FILE"):
        await Issuers(ports).load()
