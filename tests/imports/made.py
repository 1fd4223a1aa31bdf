"""Small files of our own in the shape of other apps' exports."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pyzipper  # type: ignore[import-untyped]
from PIL import Image

from app.errors import AppError
from app.imports.detecting import read_file
from app.imports.found import FoundCard, FoundFile, Given

Files = dict[str, bytes | str]
NOW = 1_790_000_000_000_000
STOCARD = "extracts/u1/users/u1/loyalty-cards"

CATIMA = (
    "2\r\n\r\n_id\r\nQuartier\r\n\r\n"
    "_id,store,note,expiry,balance,balancetype,cardid,barcodeid,barcodetype,headercolor,starstatus"
    '\r\n3,Le Four,"deux\n\nlignes",,,,4006381333931,,EAN_13,-9977996,1'
    "\r\n7,Bains,,,12.50,EUR,0042,,ITF,,\r\n\r\ncardId,groupId\r\n3,Quartier\r\n"
)
FIDME: Files = {
    "user_profile.csv": "Email;Birthday\nnobody@example.org;1990-01-01\n",
    "loyalty_programs.csv": (
        "Retailer;Program;Added At;Reference;Firstname;Lastname\n"
        'Le Four;"Pain; dur";2021-03-24 18:35:08 UTC;4006381333931;Ana;X\n'
        "Bains;;2021-03-24 18:34:19 UTC;123435363634;;\n"
        "Vieux;Fini;2019-09-13 15:23:08 UTC;;;\n"
        "Trop;peu\n"
        ";;2021-03-24 18:34:19 UTC;99;;\n"
    ),
    "loyalty_points.csv": (
        "Retailer;Program;Added At;Balance;Unit Label\n"
        'Le Four;"Pain; dur";2021-03-24 18:35:08 UTC;1 250,5;points\n'
        "Bains;;2021-03-24 18:35:08 UTC;3,20;€\n"
    ),
    "tickets.csv": "ID;Retailer Name;Purchased At;Price;Fids Earned\n",
}
VOUCHERS: list[dict[str, Any]] = [
    {
        "uuid": "1",
        "description": "Librairie",
        "code": "AB-12",
        "codeType": "CODE128",
        "expires": "2026-01-31T23:59:59.000",
        "balanceMilliunits": 12_500,
        "color": "GREEN",
        "removeOnceExpired": True,
    },
    {"description": "Bains", "code": "0042", "codeType": "TEXT", "balance": 3.5, "color": "PINK"},
    {"description": "Quai", "code": "x", "codeType": "EAN13", "expires": None},
    {"description": "", "code": "12", "codeType": "QR"},
]
CARDABASE: list[dict[str, Any]] = [
    {
        "id": "a1",
        "barcode": {"data": "4006381333931", "type": "CodeEAN13"},
        "name": "Le Four",
        "color": "#FF67BF74",
        "tags": ["Quartier"],
        "notes": "rassis",
        "points": 12,
    },
    {"id": "b2", "barcode": {"data": "x1", "type": "QrCode"}, "name": "Bains", "color": 4284989300},
    {"id": "c3", "barcode": {"type": "Code128"}, "name": "Sans numéro"},
    {"id": "d4", "barcode": {"data": "7", "type": "Telepen"}, "name": "Quai"},
]
PASS: dict[str, Any] = {
    "formatVersion": 1,
    "serialNumber": "a/b",
    "authenticationToken": "do-not-keep-this-token",
    "webServiceURL": "https://issuer.example/",
    "organizationName": "Le Four",
    "backgroundColor": "rgb(103, 191, 116)",
    "expirationDate": "2030-03-17T18:46:40+01:00",
    "barcodes": [
        {"format": "PKBarcodeFormatNew", "message": "?"},
        {"format": "PKBarcodeFormatAztec", "message": " 12-34", "altText": "1234"},
    ],
    "storeCard": {
        "primaryFields": [{"key": "p", "label": "points_label", "value": 12}],
        "backFields": [{"key": "t", "label": "Conditions", "value": "a\nb"}, "odd"],
    },
}


def png(color: str = "red", size: tuple[int, int] = (40, 25)) -> bytes:
    """Paint a small picture."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


def zipped(files: Files, *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Pack a plain zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def locked(files: Files, password: str, *, encryption: Any = pyzipper.WZ_AES) -> bytes:
    """Pack an AES zip."""
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", pyzipper.ZIP_DEFLATED, encryption=encryption) as archive:
        archive.setpassword(password.encode())
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def catima_zip(**more: bytes) -> Files:
    """Return Catima's zip with pictures of the first card."""
    pictures: Files = {"card_3_front.png": png("blue"), "card_3_icon.png": png("green", (8, 8))}
    return {"catima.csv": CATIMA, **pictures, **more}


def stocard() -> Files:
    """Return Stocard's folders: a card with all, a custom provider's, two odd ones and one empty."""
    custom = "extracts/u1/users/u1/loyalty-card-custom-providers/p9"
    reference = "/users/u1/loyalty-card-custom-providers/p9"
    card = {
        "input_id": "4006381333931",
        "input_barcode_format": "EAN_13",
        "input_provider_name": "Le Four",
        "input_provider_reference": {"identifier": "/loyalty-card-providers/12"},
        "label": "du coin",
    }
    own = {"input_id": "0042", "input_provider_reference": {"identifier": reference}}
    usages = {"usages": [{"time": {"value": t}} for t in ("2021-03-29T14:05:26Z", "2020-01-01")]}
    nameless = {
        "input_id": "77",
        "input_barcode_format": "GS1_128",
        "input_provider_reference": {"identifier": "/loyalty-card-providers/841"},
    }
    return {
        f"{STOCARD}/a/content.json": json.dumps(card),
        f"{STOCARD}/a/notes/default/content.json": '{"content": "sésame"}',
        f"{STOCARD}/a/usage-statistics/content.json": json.dumps(usages),
        f"{STOCARD}/a/images/front/front.png": png("blue"),
        f"{STOCARD}/a/images/front/content.json": '{"content": "\\u00ff\\u00d8"}',
        f"{STOCARD}/a/points-account/content.json": '{"state": "?"}',
        f"{STOCARD}/b/content.json": json.dumps(own),
        f"{custom}/content.json": '{"name": "Bains"}',
        f"{custom}/logo.png": png("green"),
        f"{STOCARD}/c/content.json": json.dumps(nameless),
        f"{STOCARD}/d/content.json": '{"input_id": ',
        f"{STOCARD}/e/usage-statistics/content.json": "{}",
        "extracts/u1/users/u1/devices/x/ip-location-wifi/content.json": '{"lat": 51.5}',
    }


def pkpass(document: dict[str, Any] | None = None, **more: bytes) -> bytes:
    """Pack an unsigned pass."""
    document = PASS if document is None else document
    return zipped({"pass.json": json.dumps(document), **more})


def own_export(cards: list[dict[str, Any]]) -> bytes:
    """Write our own export."""
    document = {"format": "portecarte/1", "exported_at": "2026-01-01T00:00:00Z", "cards": cards}
    return json.dumps(document).encode()


def read(content: bytes | str, **given: Any) -> FoundFile:
    """Read a file as the import does."""
    raw = content.encode() if isinstance(content, str) else content
    return read_file(raw, Given(now=NOW, **given))


def code_of(content: bytes | str, **given: Any) -> str:
    """Return the code that a file is refused with."""
    try:
        read(content, **given)
    except AppError as error:
        return str(error.facts.get("code", error.code))
    raise AssertionError("the file was read")


def by_shop(file: FoundFile, shop: str) -> FoundCard:
    """Find the one card of a shop."""
    (card,) = [card for card in file.cards if card.shop_name == shop]
    return card


def reasons(file: FoundFile) -> dict[str, list[tuple[object, str]]]:
    """List what was said of rows."""
    return {
        name: [(it.row, it.reason) for it in getattr(file, name)]
        for name in ("failed", "skipped", "warnings")
    }
