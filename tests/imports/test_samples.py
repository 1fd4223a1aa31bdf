"""The sample exports, where they lie: what specs/imports.md §14 says must come out."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.imports.found import FoundFile
from tests.imports.made import by_shop, read, reasons

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "imports"
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="the sample exports are not here")


def sample(name: str) -> FoundFile:
    (path,) = SAMPLES.glob(name)
    return read(path.read_bytes())


def test_fidme() -> None:
    file = sample("fidme.zip")
    assert len(file.cards) == 3
    assert (by_shop(file, "Hema").number, by_shop(file, "Hema").barcode_format) == (
        "82825292629272726",
        "CODE_128",
    )
    assert by_shop(file, "test").number == "123456"
    heijn = by_shop(file, "Albert Heijn")
    assert (heijn.number, heijn.barcode_format) == ("123435363634", "CODE_128")
    assert heijn.note == "Bonus Kaart"
    assert [reason for _, reason in reasons(file)["skipped"]] == ["expired-card"]
    assert not file.failed
    assert not file.warnings


def test_stocard() -> None:
    file = sample("stocard2.zip")
    assert len(file.cards) == 4
    gamma = by_shop(file, "GAMMA")
    assert (gamma.number, gamma.barcode_format) == ("55555", "CODE_128")
    assert by_shop(file, "jö").barcode_format == "RSS_EXPANDED"
    foo = by_shop(file, "Foo")
    assert (foo.number, foo.barcode_format) == ("1234567895", "ITF")
    miles = by_shop(file, "Miles")
    assert (miles.number, miles.label, miles.note) == ("7649484", "Miles", "szjsbs")
    assert [picture.side for picture in miles.pictures] == ["front", "back"]
    assert [reason for _, reason in reasons(file)["skipped"]] == ["no-card-data"]
    assert [reason for _, reason in reasons(file)["warnings"]] == ["no-wallet-format"]
    assert not file.failed


def test_a_boarding_pass() -> None:
    (card,) = sample("kde_*.pkpass").cards
    assert (card.shop_name, card.barcode_format) == ("Boarding Pass", "QR_CODE")
    assert card.barcode_value is not None
    assert card.number == card.barcode_value.strip()
    assert card.note is not None
    assert "Seat: 10E" in card.note, "its strings are UTF-16BE"
    assert card.expires_at == 1_505_692_836_000_000, "2017-09-18"


def test_a_pass_without_a_barcode() -> None:
    file = sample("catima_Eurowings*.pkpass")
    (card,) = file.cards
    assert (card.shop_name, card.number, card.barcode_format) == ("EUROWINGS", "REDACTED", "none")
    assert [it.reason for it in file.warnings] == ["unknown-barcode-format"]
    assert "PassbookPassGenerator" not in repr(file), "its web service is not kept"
