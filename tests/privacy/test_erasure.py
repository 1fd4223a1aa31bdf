"""Erasure over HTTP: nothing of a user is left, in no table, no file, no log, on no phone."""

from __future__ import annotations

from tests.flows.conftest import World
from tests.flows.phones import Shop
from tests.privacy.life import DELETED_NUMBER, Life, files, hits, lived, tables


async def erase(life: Life) -> None:
    """Have the user erased."""
    answer = await life.ask("DELETE", "/v1/me")
    assert answer.status_code == 204, answer.text
    assert answer.headers["set-cookie"].startswith(("__Host-session=;", "session=;"))


async def finished(world: World, shop: Shop, *, seconds: float = 120) -> None:
    """Let the worker tell phones and finish what waits for them."""
    for _ in range(6):
        await shop.worker.step()
        world.clock.forward(seconds / 6)
    await shop.worker.step()


async def test_every_trace_stands_somewhere_before_and_nowhere_after(
    world: World, shop: Shop
) -> None:
    life = await lived(world, shop)
    before = hits(await tables(world.ports), life.traces)
    named = {hit.partition(" in ")[0] for hit in before}
    assert named == life.traces.keys(), "what is not found before proves nothing after"
    assert not hits(await tables(world.ports), life.hashed)
    assert not hits(await tables(world.ports), {"deleted": DELETED_NUMBER.encode()})

    await erase(life)
    at_once = {name: trace for name, trace in life.traces.items() if name != "push token"}
    assert not hits(await tables(world.ports), at_once)
    assert not hits(files(world.ports), at_once | life.hashed)
    await finished(world, shop)
    assert not hits(await tables(world.ports), life.traces)
    assert not hits(files(world.ports), life.traces)
