"""What a change of a program sets going, which pictures stand where, and who may."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from app.programs import queries, service
from app.users import service as users
from tests.flows.conftest import World
from tests.flows.test_programs import PROGRAM, Partner, key_of, png


@pytest.fixture
async def partner(world: World) -> Partner:
    return Partner(world, await key_of(world))


async def made(partner: Partner, **changes: Any) -> dict[str, Any]:
    """Make a program and return it."""
    answer = await partner.ask("POST", "/v1/partner/programs", PROGRAM | changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def kept(world: World, program: dict[str, Any]) -> service.Program:
    """Return a program as other rooms see it."""
    found = await world.ports.database.read(lambda tx: service.program_named(tx, program["id"]))
    assert found is not None
    return found


async def campaigns(world: World) -> int:
    """Count the changes of programs that are to be told."""
    return int(
        await world.ports.database.read(lambda tx: tx.value("SELECT COUNT(*) FROM campaign")) or 0
    )


async def test_a_change_raises_version_and_revision_and_has_all_passes_told(
    world: World, partner: Partner
) -> None:
    program = await made(partner)
    assert await campaigns(world) == 0, "nobody has a card yet"
    path = f"/v1/partner/programs/{program['slug']}"
    answer = await partner.ask("PUT", path, PROGRAM | {"design": {"background_color": "#000000"}})
    assert answer.json()["version"] == 2
    found = await kept(world, program)
    assert (found.version, found.revision) == (2, 2)
    assert await campaigns(world) == 1


async def test_a_picture_raises_the_revision_but_not_the_version(
    world: World, partner: Partner
) -> None:
    program = await made(partner)
    path = f"/v1/partner/programs/{program['id']}/images/icon"
    await partner.ask("PUT", path, png(), Content_Type="image/png")
    found = await kept(world, program)
    assert (found.version, found.revision) == (1, 2)
    assert await campaigns(world) == 1


async def test_programs_of_the_same_name_have_slugs_of_their_own(partner: Partner) -> None:
    programs = await asyncio.gather(*(made(partner) for _ in range(4)))
    slugs = sorted(program["slug"] for program in programs)
    assert slugs == ["maison-verte", "maison-verte-2", "maison-verte-3", "maison-verte-4"]
    assert len({program["id"] for program in programs}) == 4


@pytest.mark.parametrize("name", ["東京", "!!!", "É", "x" * 80, "مقهى", "-"])
async def test_a_name_in_any_letters_has_a_slug(partner: Partner, name: str) -> None:
    program = await made(partner, name=name)
    assert program["name"] == name
    assert program["slug"].strip("-") == program["slug"] != ""


@pytest.mark.parametrize("authority", ["ledger", "merchant", "none"])
async def test_each_authority_can_be_made_without_rules(partner: Partner, authority: str) -> None:
    program = await made(partner, authority=authority, units=[], tiers=[], rules=None)
    assert program["authority"] == authority


async def test_a_hero_stands_in_the_strips_place_only_until_there_is_a_strip(
    world: World, partner: Partner
) -> None:
    program = await made(partner)
    found = await kept(world, program)

    async def put(role: str, width: int) -> None:
        path = f"/v1/partner/programs/{program['id']}/images/{role}"
        answer = await partner.ask("PUT", path, png(width, 100), Content_Type="image/png")
        assert answer.status_code == 200

    async def strip() -> bytes:
        artwork = await world.ports.database.read(
            lambda tx: queries.artwork_of(tx, found.program_id)
        )
        return artwork["strip@2x.png"]

    await put("hero", 300)
    assert Image.open(BytesIO(await strip())).size == (750, 288)
    await put("strip", 200)
    own = await strip()
    await put("hero", 400)
    assert await strip() == own
    shown = (await partner.ask("GET", f"/v1/partner/programs/{program['id']}")).json()
    assert sorted(shown["images"]) == ["hero", "strip"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [("image/jpeg", 415), ("application/json", 415), ("image/png; charset=x", 200), ("", 415)],
)
async def test_a_picture_is_taken_as_png_only(partner: Partner, kind: str, status: int) -> None:
    path = f"/v1/partner/programs/{(await made(partner))['id']}/images/logo"
    assert (await partner.ask("PUT", path, png(), Content_Type=kind)).status_code == status


async def test_a_picture_has_a_known_place_and_a_program_of_ones_own(
    world: World, partner: Partner
) -> None:
    program = await made(partner)
    other = Partner(world, await key_of(world, "Other"))
    for who, path, status in (
        (partner, f"{program['id']}/images/poster", {400, 404}),
        (other, f"{program['id']}/images/logo", {404}),
        (partner, f"prog_{'0' * 32}/images/logo", {404}),
    ):
        answer = await who.ask(
            "PUT", f"/v1/partner/programs/{path}", png(), Content_Type="image/png"
        )
        assert answer.status_code in status, path


async def test_a_picture_beyond_a_mebibyte_is_too_big(partner: Partner) -> None:
    path = f"/v1/partner/programs/{(await made(partner))['id']}/images/logo"
    answer = await partner.ask("PUT", path, png() + b"\x00" * 1024 * 1024, Content_Type="image/png")
    assert (answer.status_code, answer.json()["code"]) == (413, "too-big")


@pytest.mark.parametrize("name", ["0" * 64 + ".png", "0" * 63 + ".png", "x.png", "A" * 64 + ".png"])
async def test_an_unknown_picture_is_not_found(world: World, name: str) -> None:
    assert (await world.client.get(f"/images/{name}")).status_code == 404


async def test_a_picture_may_be_kept_for_ever(world: World, partner: Partner) -> None:
    path = f"/v1/partner/programs/{(await made(partner))['id']}/images/logo"
    url = (await partner.ask("PUT", path, png(), Content_Type="image/png")).json()["url"]
    shown = await world.client.get("/images/" + url.rpartition("/")[2])
    assert "immutable" in shown.headers["Cache-Control"]
    assert Image.open(BytesIO(shown.content)).size == (64, 64)


async def test_staff_works_with_the_session_of_its_user_as_its_role_allows(world: World) -> None:
    ports, now = world.ports, world.clock.wall()
    await key_of(world)  # its owner is user 1, who is nobody: the real one follows
    merchant_id = await ports.database.read(
        lambda tx: tx.value("SELECT merchant_id FROM merchant WHERE slug = 'maison-verte'")
    )
    assert isinstance(merchant_id, int)
    tokens = {}
    for role in ("owner", "staff", "viewer", None):
        drawn = users.draw(ports, now)
        user = await ports.database.write(
            lambda tx, drawn=drawn: users.make_guest(tx, drawn, language="fr", now=now)
        )
        tokens[role] = drawn.token
        if role is None:
            continue

        def hire(tx: Any, user_id: int = user.user_id, role: str = role) -> None:
            tx.run("INSERT INTO staff VALUES (?, ?, ?, ?)", merchant_id, user_id, role, now)
            users.add_workplace(tx, user_id, merchant_id)

        await ports.database.write(hire)
    wanted = {"owner": (200, 200), "staff": (200, 403), "viewer": (200, 403), None: (403, 403)}
    for role, statuses in wanted.items():
        staff = Partner(world, tokens[role])
        asked = [
            await staff.ask("GET", "/v1/partner/programs"),
            await staff.ask("GET", "/v1/partner/keys"),
        ]
        assert tuple(answer.status_code for answer in asked) == statuses, role


async def test_the_directory_shows_a_program_once_and_as_live(
    world: World, partner: Partner
) -> None:
    program = await made(partner, name="Fnac", design={"background_color": "#123456"})
    items = (await world.client.get("/v1/directory", params={"q": "fnác "})).json()["items"]
    named = [item for item in items if item["name"] == "Fnac"]
    assert len(named) == 1
    assert (named[0]["is_live"], named[0]["program_id"]) == (True, program["id"])
    assert named[0]["color"] == "#123456"
    assert items[0] == named[0]


async def test_the_directory_comes_in_pages_without_a_gap(world: World) -> None:
    names, after = [], None
    while True:
        params = {"q": "mar", "limit": 7} | ({"after": after} if after else {})
        answer = (await world.client.get("/v1/directory", params=params)).json()
        names += [(item["name"], item["category"]) for item in answer["items"]]
        after = answer["next"]
        if after is None:
            break
    assert len(names) == len(set(names)) > 14


@pytest.mark.parametrize("q", ["casino", "CASINO", "Casíno", "cas"])
async def test_shops_of_the_same_name_are_told_apart_by_their_category(
    world: World, q: str
) -> None:
    items = (await world.client.get("/v1/directory", params={"q": q})).json()["items"]
    casinos = [item["category"] for item in items if item["name"] == "Casino"]
    assert len(casinos) > 1
    assert len(set(casinos)) == len(casinos)


@pytest.mark.parametrize("q", ["zzzzzz", "%", "' OR 1=1 --", "\ufeff", "🙂"])
async def test_any_search_is_answered(world: World, q: str) -> None:
    assert (await world.client.get("/v1/directory", params={"q": q})).status_code == 200


async def test_a_search_too_long_is_refused(world: World) -> None:
    assert (await world.client.get("/v1/directory", params={"q": "x" * 81})).status_code == 400


async def test_the_directory_forgives_a_slip_of_the_finger(world: World) -> None:
    for typed, meant in (
        ("carefour", "Carrefour"),
        ("monorpix", "Monoprix (France)"),
        ("decatlon", "Decathlon"),
        ("Séphorra", "Sephora"),
        ("boulnger", "Boulanger"),
    ):
        items = (await world.client.get("/v1/directory", params={"q": typed})).json()["items"]
        assert meant in [item["name"] for item in items], typed
    items = (await world.client.get("/v1/directory", params={"q": "qxwzjk"})).json()["items"]
    assert items == []
