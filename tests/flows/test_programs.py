"""Programs, pictures and keys over HTTP, on both engines."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from app.programs import merchants
from app.programs.merchants import DrawnKey
from app.programs.schemas import NewKey
from tests.flows.conftest import World

PROGRAM: dict[str, Any] = {
    "name": "Maison Verte",
    "authority": "merchant",
    "units": [{"id": "pts", "name": {"fr": "Points", "en": "Points"}}],
    "tiers": [{"id": "gold", "name": {"fr": "Or", "en": "Gold"}}],
    "design": {"background_color": "#2e7d32", "foreground_color": "#ffffff"},
    "barcode": {"format": "EAN_13", "number_pattern": r"29\d{11}"},
    "locations": [{"id": "paris", "name": "Paris", "latitude": 48.85, "longitude": 2.35}],
    "links": [{"label": "Site", "url": "https://example.org"}],
    "languages": ["fr", "en"],
    "settings": {"open_numbers": True},
}


async def key_of(world: World, name: str = "Maison Verte", *scopes: Any) -> str:
    """Make a merchant with a key, as the command line does."""
    ports, now = world.ports, world.clock.wall()
    merchant_id, public = ports.ids.next(now), ports.ids.public()
    drawn = DrawnKey(ports.ids.next(now), ports.ids.public(), ports.ids.token("pck_test_"))
    new = NewKey(name="first", scopes=scopes or ("read", "write", "admin"))

    def work(tx: Any) -> None:
        merchants.add_merchant(
            tx, merchant_id=merchant_id, public=public, name=name, owner_id=1, now=now
        )
        merchants.add_key(tx, merchant_id, new, drawn=drawn, now=now)

    await ports.database.write(work)
    return drawn.token


class Partner:
    """A merchant's system that repeats nothing."""

    def __init__(self, world: World, token: str) -> None:
        self._world, self._token, self._sent = world, token, 0

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        self._sent += 1
        given = {"Authorization": f"Bearer {self._token}"}
        given |= {"Idempotency-Key": f"k-{self._sent}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        if isinstance(body, bytes):
            return await self._world.client.request(method, path, content=body, headers=given)
        return await self._world.client.request(method, path, json=body, headers=given)


@pytest.fixture
async def partner(world: World) -> Partner:
    return Partner(world, await key_of(world))


def png(width: int = 64, height: int = 64) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "#336699").save(out, "PNG")
    return out.getvalue()


async def test_a_program_that_was_made_is_answered_as_it_was_sent(partner: Partner) -> None:
    made = await partner.ask("POST", "/v1/partner/programs", PROGRAM)
    assert made.status_code == 201, made.text
    program = made.json()
    assert program["slug"] == "maison-verte" and program["version"] == 1
    assert program["join_url"].endswith("/join/maison-verte")
    found = await partner.ask("GET", f"/v1/partner/programs/{program['id']}")
    assert found.json() == program
    listed = await partner.ask("GET", "/v1/partner/programs?limit=1")
    assert listed.json()["items"] == [program]


async def test_the_same_key_makes_no_second_program(partner: Partner) -> None:
    first = await partner.ask("POST", "/v1/partner/programs", PROGRAM, Idempotency_Key="same")
    again = await partner.ask("POST", "/v1/partner/programs", PROGRAM, Idempotency_Key="same")
    assert again.content == first.content
    assert again.headers["idempotent-replay"] == "true"
    other = PROGRAM | {"name": "Another"}
    third = await partner.ask("POST", "/v1/partner/programs", other, Idempotency_Key="same")
    assert third.status_code == 422 and third.json()["code"] == "idempotency-conflict"


async def test_replacing_a_program_raises_its_version_only_when_it_changed(
    partner: Partner,
) -> None:
    program = (await partner.ask("POST", "/v1/partner/programs", PROGRAM)).json()
    path = f"/v1/partner/programs/{program['id']}"
    assert (await partner.ask("PUT", path, PROGRAM)).json()["version"] == 1
    changed = await partner.ask("PUT", path, PROGRAM | {"name": "Maison Bleue"})
    assert (changed.json()["version"], changed.json()["slug"]) == (2, "maison-verte")
    refused = await partner.ask("PUT", path, PROGRAM | {"authority": "ledger"})
    assert refused.status_code == 400 and refused.json()["errors"][0]["path"] == "authority"


async def test_a_dry_run_stores_nothing(partner: Partner) -> None:
    judged = await partner.ask("POST", "/v1/partner/programs?dry_run=true", PROGRAM)
    assert judged.status_code == 200 and judged.json()["valid"]
    assert (await partner.ask("GET", "/v1/partner/programs")).json()["items"] == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"rules": {}}, "rules"),
        ({"surprise": 1}, ""),
        ({"authority": "nobody"}, "authority"),
        ({"name": "a\u0000b"}, "name"),
        ({"name": "a\n"}, "name"),
        ({"units": [{"id": "pts", "name": "A"}, {"id": "pts", "name": "B"}]}, "units[1]"),
        ({"units": [{"id": "pts", "name": {"en": "Points"}}]}, "units[0].name"),
        ({"barcode": {"format": "EAN13"}}, "barcode.format"),
        ({"barcode": {"format": "EAN_13", "accepts": ["QR"]}}, "barcode.accepts[0]"),
        ({"barcode": {"format": "QR_CODE", "number_pattern": "(a+)+"}}, "barcode.number_pattern"),
        ({"barcode": {"format": "QR_CODE", "number_pattern": "[9-0]"}}, "barcode.number_pattern"),
        ({"design": {"background_color": "green"}}, "design.background_color"),
        ({"links": [{"label": "x", "url": "javascript:alert(1)"}]}, "links[0].url"),
        ({"languages": []}, "languages"),
        ({"languages": ["fr", "fr"]}, "languages[1]"),
        ({"locations": [{"id": "a", "name": "A", "latitude": 91, "longitude": 0}]}, "locations[0]"),
        ({"settings": {"nfc": {"public_key": "AAAA"}}}, "settings.nfc.public_key"),
    ],
)
async def test_a_program_with_a_wrong_field_is_refused_by_the_fields_name(
    partner: Partner, change: dict[str, Any], path: str
) -> None:
    refused = await partner.ask("POST", "/v1/partner/programs", PROGRAM | change)
    assert refused.status_code == 400, refused.text
    assert refused.json()["code"] == "invalid-input"
    assert refused.json()["errors"][0]["path"].startswith(path)


async def test_another_merchants_program_is_as_unknown_as_none(
    world: World, partner: Partner
) -> None:
    program = (await partner.ask("POST", "/v1/partner/programs", PROGRAM)).json()
    other = Partner(world, await key_of(world, "Other"))
    answers = [
        await other.ask("GET", f"/v1/partner/programs/{program['id']}"),
        await other.ask("PUT", f"/v1/partner/programs/{program['id']}", PROGRAM),
        await other.ask("GET", "/v1/partner/programs/prog_" + "0" * 32),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert (await other.ask("GET", "/v1/partner/programs")).json()["items"] == []


async def test_a_key_without_the_scope_may_not(world: World) -> None:
    reader = Partner(world, await key_of(world, "Reader", "read"))
    assert (await reader.ask("GET", "/v1/partner/programs")).status_code == 200
    refused = await reader.ask("POST", "/v1/partner/programs", PROGRAM)
    assert refused.status_code == 403 and refused.json()["code"] == "missing-scope"


async def test_a_picture_is_shown_at_its_hash_and_in_the_program(
    world: World, partner: Partner
) -> None:
    program = (await partner.ask("POST", "/v1/partner/programs", PROGRAM)).json()
    path = f"/v1/partner/programs/{program['id']}/images/logo"
    put = await partner.ask("PUT", path, png(), Content_Type="image/png")
    assert put.status_code == 200, put.text
    shown = await world.client.get(put.json()["url"].partition("8000")[2])
    assert shown.status_code == 200 and shown.headers["content-type"] == "image/png"
    found = (await partner.ask("GET", f"/v1/partner/programs/{program['id']}")).json()
    assert found["images"] == {"logo": put.json()["url"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 422), (b"no picture", 422), (png()[:60], 422), (png(3000, 3000), 413)],
)
async def test_what_is_no_small_png_is_refused(partner: Partner, body: bytes, status: int) -> None:
    program = (await partner.ask("POST", "/v1/partner/programs", PROGRAM)).json()
    path = f"/v1/partner/programs/{program['id']}/images/icon"
    refused = await partner.ask("PUT", path, body, Content_Type="image/png")
    assert refused.status_code == status, refused.text


async def test_a_key_is_shown_once_and_its_rolled_token_works_at_once(
    world: World, partner: Partner
) -> None:
    made = await partner.ask("POST", "/v1/partner/keys", {"name": "till", "scopes": ["read"]})
    assert made.status_code == 201, made.text
    key = made.json()
    listed = (await partner.ask("GET", "/v1/partner/keys")).json()["items"]
    assert key["id"] in {each["id"] for each in listed}
    assert not any("token" in each for each in listed)
    path = f"/v1/partner/keys/{key['id']}"
    rolled = (await partner.ask("POST", f"{path}/roll", {"overlap_seconds": 60})).json()
    old, new = Partner(world, key["token"]), Partner(world, rolled["token"])
    assert (await old.ask("GET", "/v1/partner/programs")).status_code == 200
    assert (await new.ask("GET", "/v1/partner/programs")).status_code == 200
    world.clock.forward(61)
    assert (await old.ask("GET", "/v1/partner/programs")).status_code == 401
    assert (await partner.ask("DELETE", path)).status_code == 204
    assert (await new.ask("GET", "/v1/partner/programs")).status_code == 401
    assert (await partner.ask("DELETE", path)).status_code == 404


async def test_the_directory_finds_shops_however_they_are_spelt(world: World) -> None:
    found = (await world.client.get("/v1/directory?q=FNAC")).json()["items"]
    assert any(shop["name"].startswith("Fnac") for shop in found)
    bad = await world.client.get("/v1/directory?limit=101")
    assert bad.status_code == 400
