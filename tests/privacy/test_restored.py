"""A restored backup: who was erased since is erased again before anybody is served."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from app.clock import FrozenClock
from app.http.ports import Ports
from app.ids import Ids
from app.privacy import erased_list, restoring
from app.storage import queries as storage_queries
from app.storage.backup import back_up, restore
from app.storage.database import DatabaseRefused
from app.storage.open import open_database, sqlite_path
from app.storage.queries import Erased
from tests.cards.cards_world import Asking, rows
from tests.flows.conftest import World
from tests.flows.phones import Shop
from tests.privacy.dying import DyingDatabase
from tests.privacy.life import OTHER_EMAIL, files, hits, lived, must, tables
from tests.storage.twice import TwiceDatabase


@pytest.fixture
def empty_url(database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return an empty place for the engine under test."""
    if sqlite_path(database_url) is not None:
        return f"sqlite:///{tmp_path}/empty/new.db"
    url: str = request.getfixturevalue("cluster").new()
    return url


async def restored(world: World, file: Path, url: str) -> Ports:
    """Restore a backup into an empty place, and open it beside what stood there."""
    clock = FrozenClock(world.clock.wall())
    await restore(url, file, clock=clock)
    database = TwiceDatabase(await open_database(url, clock=clock))
    settings = msgspec.structs.replace(world.ports.settings, database_url=url)
    return msgspec.structs.replace(world.ports, database=database, settings=settings)


async def test_who_was_erased_since_the_backup_is_erased_again(
    world: World, shop: Shop, empty_url: str, tmp_path: Path
) -> None:
    life = await lived(world, shop)
    await back_up(world.ports.settings.database_url, tmp_path / "backup")
    assert (await life.ask("DELETE", "/v1/me")).status_code == 204
    listed = world.ports.settings.erased_list
    assert stat.S_IMODE(listed.stat().st_mode) == 0o600
    assert not hits({"list": listed.read_bytes()}, life.traces)

    ports = await restored(world, tmp_path / "backup", empty_url)
    try:
        assert hits(await tables(ports), life.traces)
        found = await restoring.erase_again(ports)
        assert found is not None
        assert (found.users, found.is_listed) == (1, True)
        left = {name: trace for name, trace in life.traces.items() if name != "push token"}
        assert not hits(await tables(ports), left)
        assert not hits(files(ports), left)
        assert not await ports.database.read(storage_queries.is_erasure_due)
        assert len(await rows(ports, "SELECT email FROM users")) == 1, "others came back"
        assert await restoring.erase_again(ports) is None
    finally:
        await ports.database.close()


async def test_a_card_that_nobody_held_when_the_backup_was_made_is_erased_again(
    world: World, shop: Shop, empty_url: str, tmp_path: Path
) -> None:
    joined = await must(
        Asking(world, None),
        "POST",
        f"/v1/programs/{shop.program_id}/join",
        {"display_name": "Encore Personne", "email": OTHER_EMAIL},
    )
    await back_up(world.ports.settings.database_url, tmp_path / "backup")
    ask = Asking(world, await shop.guest())
    await must(ask, "POST", "/v1/claims", {"claim_token": joined["claim_token"]})
    assert (await ask("DELETE", "/v1/me")).status_code == 204

    ports = await restored(world, tmp_path / "backup", empty_url)
    try:
        found = await restoring.erase_again(ports)
        assert found is not None
        assert (found.users, found.cards) == (0, 1)
        named = {"name": b"Encore Personne", "number": joined["card"]["number"].encode()}
        assert not hits(await tables(ports), named)
    finally:
        await ports.database.close()


async def test_nobody_is_served_while_somebody_could_not_be_erased_again(
    world: World, shop: Shop, empty_url: str, tmp_path: Path
) -> None:
    life = await lived(world, shop)
    await back_up(world.ports.settings.database_url, tmp_path / "backup")
    assert (await life.ask("DELETE", "/v1/me")).status_code == 204
    ports = await restored(world, tmp_path / "backup", empty_url)
    try:
        for writes in (0, 3, 9):
            dying = DyingDatabase(ports.database, writes)
            with pytest.raises(DatabaseRefused, match="Nobody is served"):
                await restoring.erase_again(msgspec.structs.replace(ports, database=dying))
            assert await ports.database.read(storage_queries.is_erasure_due)
        assert await restoring.erase_again(ports) is not None
        left = {name: trace for name, trace in life.traces.items() if name != "push token"}
        assert not hits(await tables(ports), left)
    finally:
        await ports.database.close()


async def test_without_a_list_nobody_is_erased_again_and_that_is_said(
    world: World, shop: Shop, empty_url: str, tmp_path: Path
) -> None:
    await lived(world, shop)
    await back_up(world.ports.settings.database_url, tmp_path / "backup")
    ports = await restored(world, tmp_path / "backup", empty_url)
    try:
        assert await restoring.erase_again(ports) == restoring.Again(is_listed=False)
    finally:
        await ports.database.close()


async def test_a_line_that_a_crash_has_cut_is_left_out(world: World, ids: Ids) -> None:
    path = world.ports.settings.erased_list
    gone = [Erased("user", ids.public(), 1), Erased("card", ids.public(), 2)]
    await erased_list.append(world.ports, gone)
    with path.open("ab") as file:
        file.write(b'{"kind":"user","id":"user_01')
    more = [Erased("user", ids.public(), 3), gone[0]]
    await erased_list.append(world.ports, more)
    assert erased_list.read(path) == [*gone, more[0]]
    assert erased_list.read(path.with_name("none.jsonl")) is None
