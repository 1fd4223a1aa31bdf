"""Texts that hold what their file uses between values, and remarks that name the right key."""

from __future__ import annotations

import json

import pytest

from tests.imports.made import read, zipped


def test_a_comma_in_a_text_of_an_old_backup_is_none_between_its_pairs() -> None:
    file = read(b"{cardName: Jouets, jeux, cardId: 0042, cardType: CardType.code128}\n")
    assert [(card.shop_name, card.number) for card in file.cards] == [("Jouets, jeux", "0042")]


@pytest.mark.parametrize(
    ("code", "field"),
    [
        ({"message": "1\x01", "altText": ""}, "message"),
        ({"message": "1", "altText": "1\x01"}, "altText"),
        ({}, "serialNumber"),
    ],
)
def test_a_remark_on_a_pass_names_the_key_that_its_number_stands_under(
    code: dict[str, str], field: str
) -> None:
    content = {"organizationName": "O", "serialNumber": "", "barcode": code}
    file = read(zipped({"pass.json": json.dumps(content)}))
    assert [it.field for it in file.failed] == [field]
