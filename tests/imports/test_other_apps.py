"""What the files of other apps become, each by its content and not its name."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from app.imports.found import OwnBalance
from tests.imports.made import (
    CARDABASE,
    CATIMA,
    FIDME,
    PASS,
    STOCARD,
    VOUCHERS,
    by_shop,
    catima_zip,
    code_of,
    own_export,
    pkpass,
    png,
    read,
    reasons,
    stocard,
    zipped,
)

END_OF_JANUARY = 1_769_903_999_000_000
IN_2030 = 1_900_000_000_000_000


def test_a_catima_zip_is_its_table_with_pictures() -> None:
    file = read(zipped(catima_zip(**{"notes.txt": b"?", "card_99_back.png": png()})))
    four = by_shop(file, "Le Four")
    assert (four.groups, four.is_favorite, four.note) == (("Quartier",), True, "deux\n\nlignes")
    assert [picture.side for picture in four.pictures] == ["front", "icon"]
    assert by_shop(file, "Bains").own_balance == OwnBalance("12.50", "EUR")
    assert reasons(file)["warnings"] == [
        ("notes.txt", "ignored-entry"),
        ("card_99_back.png", "ignored-entry"),
    ]


def test_fidme_guesses_formats_and_takes_balances_from_their_own_table() -> None:
    file = read(zipped(FIDME))
    four, bains = by_shop(file, "Le Four"), by_shop(file, "Bains")
    assert (four.number, four.barcode_format, four.note) == ("4006381333931", "EAN_13", "Pain; dur")
    assert four.own_balance == OwnBalance("1250.5", None)
    assert (bains.barcode_format, bains.own_balance) == ("CODE_128", OwnBalance("3.20", "EUR"))
    assert reasons(file) == {
        "failed": [(5, "bad-record"), (6, "missing-store")],
        "skipped": [(4, "expired-card")],
        "warnings": [],
    }


def test_a_shops_usual_format_is_guessed_first() -> None:
    file = read(zipped(FIDME), usual={"bains": "ITF", "le four": "EAN_8"})
    assert by_shop(file, "Bains").barcode_format == "ITF"
    assert by_shop(file, "Le Four").barcode_format == "EAN_13", "the value must pass its rule"


def test_stocard_keeps_a_folder_a_card() -> None:
    file = read(zipped(stocard()))
    four, bains = by_shop(file, "Le Four"), by_shop(file, "Bains")
    assert (four.barcode_format, four.label, four.note) == ("EAN_13", "du coin", "sésame")
    assert four.last_used_at == 1_617_026_726_000_000
    assert [picture.side for picture in four.pictures] == ["front"]
    assert (bains.barcode_format, bains.number) == ("CODE_128", "0042")
    assert [picture.side for picture in bains.pictures] == ["icon"], "its shop's own logo"
    assert by_shop(file, "Stocard 841").barcode_format == "none"
    assert reasons(file) == {
        "failed": [(f"{STOCARD}/d/content.json", "bad-json")],
        "skipped": [(f"{STOCARD}/e/", "no-card-data")],
        "warnings": [
            (f"{STOCARD}/c/content.json", "unknown-shop"),
            (f"{STOCARD}/c/content.json", "barcode-value-invalid"),
        ],
    }


def test_voucher_vault_is_a_list() -> None:
    file = read(json.dumps(VOUCHERS))
    books = by_shop(file, "Librairie")
    assert (books.number, books.barcode_format, books.color) == ("AB-12", "CODE_128", "#2e7d32")
    assert (books.expires_at, books.is_archived) == (END_OF_JANUARY, True)
    assert books.own_balance == OwnBalance("12.5", None)
    bains = by_shop(file, "Bains")
    assert (bains.barcode_format, bains.own_balance) == ("none", OwnBalance("3.5", None))
    assert by_shop(file, "Quai").barcode_format == "none"
    assert reasons(file) == {
        "failed": [(4, "missing-store")],
        "skipped": [],
        "warnings": [(2, "bad-colour"), (3, "barcode-value-invalid")],
    }


def test_a_broken_list_loses_only_what_is_broken() -> None:
    text = json.dumps(VOUCHERS)
    broken = text.replace('"code": "0042"', '"code": 0042"')
    assert [card.shop_name for card in read(broken).cards] == ["Librairie", "Quai"]
    assert (2, "bad-json") in reasons(read(broken))["failed"]
    cut = text[: text.index("Quai")]
    assert [card.shop_name for card in read(cut).cards] == ["Librairie", "Bains"]


@pytest.mark.parametrize("is_zip", [True, False])
def test_cardabase_is_read_leniently(is_zip: bool) -> None:
    files = {"cards/cards": json.dumps(CARDABASE), "settings": "{}", "images/a1-f.png": png()}
    file = read(zipped(files)) if is_zip else read(json.dumps(CARDABASE))
    four = by_shop(file, "Le Four")
    assert (four.barcode_format, four.color, four.note) == ("EAN_13", "#67bf74", "rassis")
    assert (four.groups, four.own_balance) == (("Quartier",), OwnBalance("12", None))
    assert [picture.side for picture in four.pictures] == (["front"] if is_zip else [])
    assert by_shop(file, "Bains").color == "#67bf74"
    assert reasons(file) == {
        "failed": [(3, "missing-number")],
        "skipped": [],
        "warnings": [(4, "unknown-barcode-format")],
    }


def test_old_backups_of_cardabase_are_lines() -> None:
    text = (
        "[Le Four, 4006381333931, 103, 191, 116, CardType.ean13, false]\n"
        "{cardName: Bains, cardId: 0042, redValue: 1, greenValue: 2, blueValue: 3, cardType: itf}\n"
        "nothing\n"
    )
    file = read(text)
    assert [(c.shop_name, c.number, c.barcode_format, c.color) for c in file.cards] == [
        ("Le Four", "4006381333931", "EAN_13", "#67bf74"),
        ("Bains", "0042", "ITF", "#010203"),
    ]
    assert reasons(file)["failed"] == [(3, "bad-record")]


def test_a_pass_is_only_data() -> None:
    strings = '/* c */ "points_label" = "Vos \\"points\\"";\n'.encode("utf-16")
    file = read(pkpass(**{"fr.lproj/pass.strings": strings, "icon.png": png()}), language="fr")
    (card,) = file.cards
    assert (card.shop_name, card.number, card.barcode_value) == ("Le Four", "1234", " 12-34")
    assert (card.barcode_format, card.color, card.expires_at) == ("AZTEC", "#67bf74", IN_2030)
    assert card.note == 'Vos "points": 12\nConditions: a\nb'
    assert [picture.side for picture in card.pictures] == ["icon"]
    assert "do-not-keep-this-token" not in repr(file)
    assert not file.warnings


@pytest.mark.parametrize(
    ("change", "wanted", "warned"),
    [
        ({"barcodes": [], "barcode": PASS["barcodes"][1]}, ("1234", " 12-34", "AZTEC"), []),
        ({"barcodes": None}, ("a/b", None, "none"), ["unknown-barcode-format"]),
        ({"barcodes": [PASS["barcodes"][0]]}, ("?", None, "none"), ["unknown-barcode-format"]),
        (
            {
                "barcodes": [
                    {
                        "format": "PKBarcodeFormatEAN13",
                        "message": "0036000291452",
                        "altText": "036000291452",
                    }
                ]
            },
            ("036000291452", None, "UPC_A"),
            [],
        ),
        ({"storeCard": 7, "voided": True}, ("1234", " 12-34", "AZTEC"), []),
        ({"backgroundColor": "red"}, ("1234", " 12-34", "AZTEC"), ["bad-colour"]),
        ({"expirationDate": "soon"}, ("1234", " 12-34", "AZTEC"), ["bad-date"]),
    ],
)
def test_odd_passes_are_kept(
    change: dict[str, Any], wanted: tuple[str, str | None, str], warned: list[str]
) -> None:
    file = read(pkpass({**PASS, **change}))
    (card,) = file.cards
    assert (card.number, card.barcode_value, card.barcode_format) == wanted
    assert [it.reason for it in file.warnings] == warned


def test_a_bundle_reads_each_pass_alone() -> None:
    bundle = zipped({"1.pkpass": pkpass(), "2.pkpass": b"?", "sub/3.PKPASS": pkpass()})
    file = read(bundle)
    assert [card.row for card in file.cards] == ["1.pkpass", "sub/3.PKPASS"]
    assert reasons(file)["failed"] == [("2.pkpass", "bad-record")]


@pytest.mark.parametrize(
    "head",
    [
        "https://catima.app/share#",
        "http://www.catima.app/share/#",
        "https://thelastproject.github.io/Catima/share#",
        "https://brarcher.github.io/loyalty-card-locker/share?",
    ],
)
def test_a_shared_link_is_a_card(head: str) -> None:
    data = urlencode(
        {
            "store": "Le Four & Cie",
            "note": "50 % + 1",
            "cardid": "12345",
            "barcodetype": "QR_CODE",
            "expiry": "1900000000000",
            "starstatus": "1",
        }
    )
    link = head + (quote(data) if head.endswith("#") else data)
    (card,) = read(f" {link}\n").cards
    assert (card.shop_name, card.number, card.note) == ("Le Four & Cie", "12345", "50 % + 1")
    assert (card.barcode_format, card.expires_at, card.is_favorite) == ("QR_CODE", IN_2030, False)


def test_links_of_others_and_without_a_card_are_told_apart() -> None:
    assert code_of("https://evil.example/share#store=a") == "unknown-file"
    assert code_of("https://[bad/share#store=a") == "unknown-file"
    file = read("https://catima.app/share#note%3D1")
    assert reasons(file)["failed"] == [(1, "missing-store")]


def test_our_own_export_has_all() -> None:
    card = {
        "id": "card_x",
        "shop_name": "Le Four",
        "number": "0042",
        "barcode_value": "X0042",
        "barcode_format": "CODE_39",
        "label": "du coin",
        "note": "a\nb",
        "groups": ["Quartier"],
        "color": "#67bf74",
        "is_favorite": True,
        "is_archived": True,
        "valid_from": None,
        "expires_at": "2030-03-17T17:46:40Z",
        "own_balance": {"value": "12.50", "currency": "EUR"},
        "last_used_at": "2030-03-17T17:46:40Z",
        "pictures": {"front": "iVBORw0=", "back": "!"},
    }
    file = read(own_export([card, 7]))  # type: ignore[list-item]
    (kept,) = file.cards
    assert (kept.barcode_value, kept.barcode_format) == ("X0042", "CODE_39")
    assert (kept.label, kept.groups, kept.color) == ("du coin", ("Quartier",), "#67bf74")
    assert (kept.is_favorite, kept.is_archived) == (True, True)
    assert (kept.expires_at, kept.last_used_at) == (IN_2030, IN_2030)
    assert kept.own_balance == OwnBalance("12.50", "EUR")
    assert [picture.side for picture in kept.pictures] == ["front"]
    assert reasons(file) == {
        "failed": [(2, "bad-json")],
        "skipped": [],
        "warnings": [(1, "bad-picture")],
    }
    assert code_of(b'{"format": "portecarte/2", "cards": []}') == "unsupported-version"


def test_what_looks_like_a_payment_card_is_refused_in_every_format() -> None:
    number = "4111111111111111"
    vouchers = [{"description": "Bank", "code": number, "codeType": "TEXT"}]
    assert reasons(read(json.dumps(vouchers)))["failed"] == [(1, "payment-card")]
    files = dict(FIDME)
    files["loyalty_programs.csv"] = f"Retailer;Program;Reference\nBank;;{number}\n"
    assert reasons(read(zipped(files)))["failed"] == [(2, "payment-card")]
    hidden = CATIMA.replace("0042,,ITF", f"0042,{number},CODE_128")
    assert (10, "payment-card") in reasons(read(hidden))["failed"]


def test_halves_of_letters_and_control_characters_fail_their_card_only() -> None:
    text = '[{"description": "\\ud800", "code": "1", "codeType": "QR"},' + json.dumps(VOUCHERS[0])
    file = read(text + "]")
    assert [card.shop_name for card in file.cards] == ["Librairie"]
    assert reasons(file)["failed"] == [(1, "control-character")]


@pytest.mark.parametrize("content", [b"%PDF-1.7 ...", b"{}", b"[]", b"[1]", zipped({"a": b"b"})])
def test_what_nobody_writes_is_unknown(content: bytes) -> None:
    assert code_of(content) == "unknown-file"
