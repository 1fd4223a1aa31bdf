"""A preview shows what leaves after publishing: the signed pass, Google's class and object."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

import pytest
from cryptography import x509
from PIL import Image

from app.cards.pass_queries import PassRow
from app.cards.passes_of import GOOGLE
from app.clock import FrozenClock, rfc3339
from app.google import documents
from app.google.pictures import addresses, drawn, own_pictures
from app.google.service import CALLBACKS
from app.sandbox.certificates import DevelopmentCertificates, make_development_certificates
from app.sandbox.pkpass_reader import OpenedPass, open_pass
from app.web.preview_controller import PER_MINUTE
from app.web.preview_example import EXPIRES_AFTER, POINTS
from tests.apple.iphone_world import keep_signers
from tests.cards.cards_world import Asking, card_row, merchant, rows, user
from tests.flows.conftest import World
from tests.google.accounts import GOOGLE_ISSUER
from tests.google.door_world import keep_issuer

PROGRAM: dict[str, Any] = {
    "name": "Café du Port",
    "authority": "merchant",
    "units": [{"id": "pts", "name": {"fr": "Points", "en": "Points"}}],
    "tiers": [
        {"id": "silver", "name": {"fr": "Argent", "en": "Silver"}},
        {"id": "gold", "name": {"fr": "Or", "en": "Gold"}},
    ],
    "design": {
        "background_color": "#0b3d5c",
        "foreground_color": "#ffffff",
        "label_color": "#cfe6f5",
        "headline": {"fr": "Au bord de l'eau", "en": "By the water"},
        "terms": {"fr": "Un point par euro.", "en": "One point for each euro."},
    },
    "barcode": {"format": "EAN_13"},
    "languages": ["fr", "en"],
    "settings": {"open_numbers": True},
}
HOSTED: dict[str, Any] = PROGRAM | {
    "authority": "ledger",
    "tiers": [],
    "rules": {
        "format": "loyalty-program/1",
        "id": "cafe",
        "version": 1,
        "tz": "Europe/Paris",
        "currency": "EUR",
        "units": [{"id": "pts", "expiry": {"after": "P12M"}, "pending": "P14D"}],
        "earn": [
            {"type": "per_amount", "id": "base", "unit": "pts", "step_minor": 100, "points": 1}
        ],
        "vouchers": [{"id": "bon", "kind": "amount", "value": 500}],
    },
}
OWN_TO_A_PASS = {"serialNumber", "authenticationToken"}
OWN_TO_AN_OBJECT = {"id", "groupingInfo"}
PATH = "/v1/partner/previews"


def png(width: int, height: int, color: str = "#336699") -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), color).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentCertificates:
    """Make the development certificates once."""
    folder = tmp_path_factory.mktemp("certificates") / "dev"
    return make_development_certificates(folder, now=FrozenClock().wall())


@pytest.fixture
async def partner(world: World, certificates: DevelopmentCertificates) -> Asking:
    """Keep signers and an issuer, and make a merchant."""
    await keep_signers(world, certificates)
    await keep_issuer(world)
    return (await merchant(world))[1]


async def preview(partner: Asking, sent: Any, *, status: int = 200) -> dict[str, Any]:
    """See a draft."""
    answer = await partner("POST", PATH, sent)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def published(partner: Asking, sent: Any, pictures: dict[str, bytes]) -> dict[str, Any]:
    """Publish a program with its pictures."""
    answer = await partner("POST", "/v1/partner/programs", sent)
    assert answer.status_code == 201, answer.text
    made = dict(answer.json())
    for role, picture in pictures.items():
        path = f"/v1/partner/programs/{made['id']}/images/{role}"
        put = await partner.world.client.put(
            path,
            content=picture,
            headers={"Authorization": f"Bearer {partner.token}", "Content-Type": "image/png"},
        )
        assert put.status_code == 200, put.text
    return made


async def downloaded(owner: Asking, card_id: str, root: DevelopmentCertificates) -> OpenedPass:
    """Fetch a pass and judge it as an iPhone does."""
    answer = await owner("GET", f"/v1/cards/{card_id}/apple.pkpass")
    assert answer.status_code == 200, answer.text
    return open_pass(answer.content, x509.load_pem_x509_certificate(root.root.read_bytes()))


async def told_google(world: World, card_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write class and object of a card as delivery does."""
    ports = world.ports
    card = await card_row(ports, card_id)
    user_id = (await rows(ports, "SELECT user_id FROM holder WHERE card_id = ?", card))[0][0]
    empty = dict.fromkeys(PassRow.__struct_fields__, 0)
    row = PassRow(
        **empty
        | {"card_id": card, "serial": b"s" * 16, "user_id": user_id, "wallet": GOOGLE}
        | {"voided_at": None, "pulled_at": None}
    )

    def work(tx: Any) -> Any:
        url = ports.settings.public_url
        found = documents.wanted(
            tx, row, secrets=ports.secrets, now=world.clock.wall(), public_url=url
        )
        assert found is not None
        looks = documents.looks_of(tx, documents.new_class(found))
        made = drawn(looks.program, own_pictures(tx, looks))
        of_class = documents.class_document(
            looks,
            found.class_suffix,
            issuer=GOOGLE_ISSUER,
            pictures=addresses(made, url),
            callback_url=url + CALLBACKS,
        )
        return of_class, documents.object_document(found, issuer=GOOGLE_ISSUER)

    of_class, of_object = await ports.database.read(work)
    return dict(of_class), dict(of_object)


def without(document: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


async def test_a_preview_of_a_mirrored_draft_is_the_pass_that_leaves_after_publishing(
    world: World, partner: Asking, certificates: DevelopmentCertificates
) -> None:
    pictures = {"logo": png(480, 150), "strip": png(1125, 432, "#aa5500")}
    in_text = {role: base64.b64encode(it).decode() for role, it in pictures.items()}
    seen = await preview(partner, PROGRAM | {"images": in_text})
    made = await published(partner, PROGRAM, pictures)
    of_it = await preview(partner, PROGRAM | {"of": made["id"]})
    assert of_it["pass_json"] == seen["pass_json"] and of_it["html"] == seen["html"]
    owner, number = await user(world), seen["pass_json"]["barcodes"][0]["message"]
    card = await owner("POST", "/v1/cards", {"program_id": made["id"], "number": number})
    assert card.status_code == 201, card.text
    now = world.clock.wall()
    expiry = {"at": rfc3339(now + EXPIRES_AFTER), "units": POINTS // 10}
    statement = {"sequence": 1, "as_of": rfc3339(now), "balance": POINTS, "tier": "gold"}
    path = f"/v1/partner/programs/{made['id']}/cards/{number}/statement"
    told = await partner("PUT", path, statement | {"next_expiry": expiry})
    assert told.status_code == 200, told.text
    opened = await downloaded(owner, card.json()["id"], certificates)
    assert without(opened.document, OWN_TO_A_PASS) == without(seen["pass_json"], OWN_TO_A_PASS)
    of_class, of_object = await told_google(world, card.json()["id"])
    assert of_class == of_it["google_class"]
    assert without(of_object, OWN_TO_AN_OBJECT) == without(of_it["google_object"], OWN_TO_AN_OBJECT)


async def test_a_preview_of_a_hosted_draft_is_the_pass_of_who_has_just_joined(
    world: World, partner: Asking, certificates: DevelopmentCertificates
) -> None:
    made = await published(partner, HOSTED, {})
    seen = await preview(partner, HOSTED | {"of": made["slug"], "member": "new"})
    owner, number = await user(world), seen["pass_json"]["barcodes"][0]["message"]
    card = await owner("POST", "/v1/cards", {"program_id": made["id"], "number": number})
    assert card.status_code == 201, card.text
    opened = await downloaded(owner, card.json()["id"], certificates)
    assert without(opened.document, OWN_TO_A_PASS) == without(seen["pass_json"], OWN_TO_A_PASS)
    of_class, of_object = await told_google(world, card.json()["id"])
    assert of_class == seen["google_class"]
    assert without(of_object, OWN_TO_AN_OBJECT) == without(seen["google_object"], OWN_TO_AN_OBJECT)


async def test_both_phones_both_languages_and_both_ages_of_ios_are_drawn(partner: Asking) -> None:
    seen = await preview(partner, PROGRAM)
    for system in ("ios-27", "ios-26", "watch", "android"):
        assert seen["html"].count(f'data-system="{system}"') == 2
    assert "Au bord de l" in seen["html"] and "By the water" in seen["html"]
    assert "style=" not in seen["html"] and "http" not in seen["html"].split("<svg")[0]
    names = set(seen["pictures"])
    again = await preview(partner, PROGRAM | {"known": sorted(names)})
    assert names and again["pictures"] == {}


async def test_a_preview_warns_in_the_readers_language_of_what_phones_show_badly(
    partner: Asking,
) -> None:
    design = {"background_color": "#ffffff", "foreground_color": "#eeeeee", "logo_text": "x" * 40}
    draft = PROGRAM | {
        "design": design,
        "name": "A name that is much too long for Google",
        "barcode": {"format": "CODE_39", "accepts": ["CODE_39"]},
        "images": {"strip": base64.b64encode(png(100, 100)).decode()},
    }
    seen = await preview(partner, draft)
    warned = {it["code"]: it for it in seen["warnings"]}
    expected = {"contrast-foreground", "contrast-label", "picture-small", "picture-cut"}
    expected |= {"long-name", "long-logo-text", "no-terms", "code-iphone"}
    assert expected <= set(warned), set(warned)
    assert warned["contrast-foreground"]["path"] == "design.foreground_color"
    assert "1.2" in warned["contrast-foreground"]["text"]
    answer = await partner.world.client.post(
        PATH,
        json=draft,
        headers={"Authorization": f"Bearer {partner.token}", "Accept-Language": "fr"},
    )
    french = {it["code"]: it["text"] for it in answer.json()["warnings"]}
    assert "se lit mal" in french["contrast-foreground"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"images": {"logo": "not base64!"}}, "images.logo"),
        ({"images": {"logo": base64.b64encode(b"no picture").decode()}}, "images.logo"),
        ({"member": "nobody"}, "member"),
        ({"design": {"background_color": "green"}}, "design.background_color"),
        ({"rules": {"format": "x"}}, "rules"),
        ({"known": ["x"]}, "known[0]"),
    ],
)
async def test_a_fault_of_a_draft_is_named_by_its_field(
    partner: Asking, change: dict[str, Any], path: str
) -> None:
    answer = await preview(partner, PROGRAM | change, status=400)
    assert answer["errors"][0]["path"].startswith(path)


async def test_a_preview_of_anothers_program_is_the_same_404_as_of_none(
    world: World, partner: Asking
) -> None:
    _, other = await merchant(world, "Other")
    made = await published(other, PROGRAM, {})
    answers = [
        (await preview(partner, PROGRAM | {"of": of}, status=404))
        for of in (made["id"], made["slug"], "prog_" + "0" * 32, "none")
    ]
    assert len({it["detail"] for it in answers}) == 1


async def test_who_asks_for_too_many_previews_is_told_to_wait(
    world: World, partner: Asking
) -> None:
    merchant_id, ask = await merchant(world, "Busy")
    for _ in range(PER_MINUTE):
        world.ports.limiter.count("previews", str(merchant_id), now=world.clock.wall())
    answer = await ask("POST", PATH, PROGRAM)
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) <= 60
    assert (await partner("POST", PATH, PROGRAM)).status_code == 200
    world.clock.forward(60)
    assert (await ask("POST", PATH, PROGRAM)).status_code == 200
