"""A user who leaves traces everywhere, and searches for them in all that is kept."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import msgspec

from app.http.ports import Ports
from app.storage.open import sqlite_path
from app.users import passkey_queries
from app.users.passkey_queries import PasskeyRow
from tests.cards.cards_world import Asking, rows
from tests.flows.conftest import World
from tests.flows.phones import Shop
from tests.partners.hosted_shop import Shop as HostedShop
from tests.partners.hosted_shop import open_hosted
from tests.passes.pictures import picture
from tests.users.people import user_with

EMAIL = "zephyrine.quokka@canary-mail.example"
OTHER_EMAIL = "holder@elsewhere.example"
NUMBER, VALUE = "2900000000018", "2900000000025"
# Each stands somewhere before, and nowhere after; what is kept as a hash never stands anywhere.
PLANTED = {
    "address": EMAIL,
    "wanted address": "zephyrine.next@canary-mail.example",
    "contact's address": "zephyrine.joined@canary-mail.example",
    "name": "Zephyrine Quokka-Canary",
    "name at the shop": "Mme Z. Quokka du Comptoir",
    "name when joining": "Zephyrine Qui-Rejoint",
    "phone": "+33699887766",
    "birthday": "02-29",
    "birthday when joining": "10-31",
    "number of a shop's card": "QUOKKA-NUMERO-4711",
    "barcode of a shop's card": "QUOKKA-BARRES-4712",
    "shop's name": "Boutique Quokkanarie",
    "number of a program's card": NUMBER,
    "label": "Carte de Zephyrine étiquetée",
    "note": "Note très personnelle quokkanote",
    "group": "Groupe-quokka",
    "second group": "Groupe-wombat",
    "own balance": "48213.77",
    "color": "#a1b2c3",
    "field of a statement": "Chèque quokkafield",
    "field's label": "Libellé quokkalabel",
    "message of a statement": "Bonjour Zephyrine quokkamessage",
    "reason of a correction": "geste commercial quokkaraison",
    "label of a program's card": "Étiquette quokkaprogramme",
    "note of a program's card": "Rappel quokkaprogramme",
    "label of a hosted card": "Étiquette quokkahosted",
    "number of a second card": "QUOKKA-SECOND-0815",
    "name of a second shop": "Second Quokkamarkt",
    "note of a second card": "Deuxième note quokka",
    "label of a second card": "Deuxième étiquette quokka",
    "name of a passkey": "Clef de Zephyrine",
    "credential of a passkey": "credential-quokka-bytes",
    "public key of a passkey": "publickey-quokka-bytes",
    "push token": "",  # the phone's own
    "line of a device": "quokkaline the device logged",
    "picture": "",  # its bytes
}
DELETED_NUMBER = "QUOKKA-DELETED-0007"


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """What a test may hold of it. `traces`: name → bytes; `hashed`: what never stood anywhere."""

    ask: Asking
    other: Asking
    shop: Shop
    hosted: HostedShop
    cards: dict[str, dict[str, Any]]
    phone: Any
    traces: dict[str, bytes]
    hashed: dict[str, bytes]


async def lived(world: World, shop: Shop) -> Life:
    """Let a user do everything that leaves a trace."""
    ask = Asking(world, await user_with(world, EMAIL))
    other = Asking(world, await user_with(world, OTHER_EMAIL))
    plant, hashed = dict(PLANTED), {"session": str(ask.token)}
    await must(ask, "PATCH", "/v1/me", {"display_name": plant["name"]})
    cards = await _own_cards(ask, plant)
    cards["program"] = await _program_card(ask, shop, plant)
    hosted = await open_hosted(world)
    cards["hosted"] = await _hosted_card(ask, hosted, plant)
    code = await must(ask, "POST", f"/v1/cards/{cards['hosted']['id']}/one-time-codes", {})
    hashed["one-time code"] = code["code"]
    share = await must(ask, "POST", f"/v1/cards/{cards['shop']['id']}/shares", {"access": "read"})
    token = share["url"].partition("#")[2]
    await must(other, "POST", f"/v1/shares/{token}")
    await must(other, "PATCH", f"/v1/cards/{cards['shop']['id']}", {"label": "Chez l'autre"})
    hashed["share token"] = token
    phone = shop.phone(1)
    for name in ("shop", "program", "hosted"):
        await shop.add_to(phone, cards[name]["id"], str(ask.token))
    plant["push token"], hashed["library id"] = phone.push_token, phone.library_id
    line = f"{plant['line of a device']} {next(iter(phone.wallet))}"
    await must(Asking(world, None), "POST", "/apple/v1/log", {"logs": [line]})
    await _credentials(world, ask, plant)
    drawn = await _picture(ask, cards["shop"])
    traces = {name: text.encode() for name, text in plant.items()} | {"picture": drawn}
    return Life(
        ask=ask,
        other=other,
        shop=shop,
        hosted=hosted,
        cards=cards,
        phone=phone,
        traces=traces,
        hashed={name: text.encode() for name, text in hashed.items()},
    )


async def must(ask: Asking, method: str, path: str, body: Any = None) -> Any:
    """Ask, and be answered well."""
    answer = await ask(method, path, body)
    assert answer.status_code < 300, f"{method} {path}: {answer.text}"
    return answer.json() if answer.content else None


async def _own_cards(ask: Asking, plant: dict[str, str]) -> dict[str, dict[str, Any]]:
    first = {
        "shop_name": plant["shop's name"],
        "number": plant["number of a shop's card"],
        "barcode_value": plant["barcode of a shop's card"],
        "barcode_format": "CODE_128",
        "label": plant["label"],
        "note": plant["note"],
        "color": plant["color"],
    }
    second = {
        "shop_name": plant["name of a second shop"],
        "number": plant["number of a second card"],
        "barcode_format": "QR_CODE",
        "label": plant["label of a second card"],
        "note": plant["note of a second card"],
    }
    cards = {"shop": await must(ask, "POST", "/v1/cards", first)}
    cards["second"] = await must(ask, "POST", "/v1/cards", second)
    gone = await must(ask, "POST", "/v1/cards", {"shop_name": "Fini", "number": DELETED_NUMBER})
    await must(ask, "DELETE", f"/v1/cards/{gone['id']}")
    change = {
        "groups": [plant["group"], plant["second group"]],
        "own_balance": {"value": plant["own balance"], "currency": "EUR"},
        "is_favorite": True,
    }
    await must(ask, "PATCH", f"/v1/cards/{cards['shop']['id']}", change)
    return cards


async def _program_card(ask: Asking, shop: Shop, plant: dict[str, str]) -> dict[str, Any]:
    path = f"/v1/partner/programs/{shop.program_id}/cards"
    contact = {
        "number": NUMBER,
        "display_name": plant["name at the shop"],
        "email": EMAIL,
        "phone": plant["phone"],
        "birthday": plant["birthday"],
    }
    partner = Asking(ask.world, shop.key)
    enrolled = await must(partner, "POST", path, contact)
    body = {
        "program_id": shop.program_id,
        "number": NUMBER,
        "link_token": enrolled["link_token"],
        "label": plant["label of a program's card"],
        "note": plant["note of a program's card"],
    }
    card = await must(ask, "POST", "/v1/cards", body)
    field = {"key": "q", "label": plant["field's label"], "value": plant["field of a statement"]}
    told = await shop.tell(
        NUMBER, 7, balance=1250, fields=[field], message=plant["message of a statement"]
    )
    assert told.status_code == 200, told.text
    return dict(card)


async def _hosted_card(ask: Asking, hosted: HostedShop, plant: dict[str, str]) -> dict[str, Any]:
    joining = {
        "email": plant["contact's address"],
        "display_name": plant["name when joining"],
        "birthday": plant["birthday when joining"],
    }
    joined = await must(
        Asking(ask.world, None), "POST", f"/v1/programs/{hosted.program}/join", joining
    )
    plant["claim token"] = joined["claim_token"]  # in a mail that waits
    card = await must(ask, "POST", "/v1/claims", {"claim_token": joined["claim_token"]})
    await hosted.buy("T-1", 5_000, card_number=card["number"])
    adjusted = await hosted.post(
        id="A-1",
        type="adjust",
        card_number=card["number"],
        unit="pts",
        units=15,
        reason=plant["reason of a correction"],
    )
    assert adjusted.status_code == 201, adjusted.text
    label = {"label": plant["label of a hosted card"]}
    await must(ask, "PATCH", f"/v1/cards/{card['id']}", label)
    plant["number of a hosted card"] = card["number"]
    return dict(card)


async def _credentials(world: World, ask: Asking, plant: dict[str, str]) -> None:
    """Keep a passkey and a wished address as they are kept, and ask for a code."""
    ports, now = world.ports, world.clock.wall()
    me = await must(ask, "GET", "/v1/me")
    ((user_id,),) = await rows(
        ports, "SELECT user_id FROM user_by_public WHERE public_id = ?", bytes.fromhex(me["id"][5:])
    )
    row = PasskeyRow(
        user_id=user_id,
        passkey_id=1,
        public_id=b"p" * 16,
        credential_id=plant["credential of a passkey"].encode(),
        public_key=plant["public key of a passkey"].encode(),
        sign_count=0,
        name=plant["name of a passkey"],
        created_at=now,
        last_used_at=None,
    )

    def work(tx: Any) -> None:
        passkey_queries.insert_passkey(tx, row)
        passkey_queries.take_credential(tx, b"c" * 32, user_id, 1)
        tx.run(
            "INSERT INTO email_change (user_id, email, code_hash, expires_at, tries)"
            " VALUES (?, ?, ?, ?, 0)",
            *(user_id, plant["wanted address"], b"h" * 32, now + 1),
        )

    await ports.database.write(work)
    await must(Asking(world, None), "POST", "/v1/sign-in/codes", {"email": EMAIL})


async def _picture(ask: Asking, card: dict[str, Any]) -> bytes:
    path = f"/v1/cards/{card['id']}/pictures/front"
    headers = {"Authorization": f"Bearer {ask.token}", "Content-Type": "image/png"}
    answer = await ask.world.client.put(path, content=picture(40, 30), headers=headers)
    assert answer.status_code == 200, answer.text
    return bytes((await ask("GET", path)).content)


async def tables(ports: Ports) -> dict[str, bytes]:
    """Write out every row of every table."""
    sql = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        if ports.database.engine == "sqlite"
        else "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = current_schema()"
    )
    found = {}
    for (name,) in await rows(ports, sql):
        told = await rows(ports, f"SELECT * FROM {name}")  # names of ours
        found[str(name)] = b"\n".join(_bytes(value) for row in told for value in row)
    return found


def files(ports: Ports) -> dict[str, bytes]:
    """Read the database's files as they are on the disk; nothing on PostgreSQL."""
    path = sqlite_path(ports.settings.database_url)
    if path is None:
        return {}
    beside = (path, Path(f"{path}-wal"), Path(f"{path}-journal"))
    return {each.name: each.read_bytes() for each in beside if each.exists()}


def hits(places: dict[str, bytes], traces: dict[str, bytes]) -> list[str]:
    """Say what stands where, in clear or as hexadecimal or base64 digits."""
    return sorted(
        f"{name} in {place}"
        for place, content in places.items()
        for name, trace in traces.items()
        if any(form in content for form in _forms(trace))
    )


def _forms(trace: bytes) -> list[bytes]:
    forms = [trace]
    if len(trace) >= 12:  # too short ones look like chance
        forms += [trace.hex().encode(), base64.b64encode(trace)[:-4]]
        forms.append(msgspec.json.encode(trace.decode("utf-8", "replace")).strip(b'"'))
    return forms


def _bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
