"""`portecarte export`: a user's cards as a file that another wallet takes, and ours too."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.commands.group import portecarte
from tests.imports.catima_reader import read_zip

CATIMA = "_id,store,cardid,barcodetype,note\n1,Bains,4006381333931,EAN_13,a b\n2,Livres,77,,\n"
ANA = ("--user", "ana@example.org")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a database, and Ana's two cards in it."""
    for name in [name for name in os.environ if name.startswith("PORTECARTE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    assert run("certs").exit_code == 0
    assert run("merchants", "add", "Chez Ana", "--owner", "ana@example.org").exit_code == 0
    (tmp_path / "cards.csv").write_text(CATIMA)
    assert run("import", "cards.csv", *ANA).exit_code == 0
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(portecarte, arguments)


def test_the_files_name_says_which_form(place: Path) -> None:
    before = (place / "data" / "portecarte.db").read_bytes()
    result = run("export", "out.zip", *ANA)
    assert (result.exit_code, result.output) == (0, "out.zip: 2 cards, 0 pictures.\n")
    cards = read_zip((place / "out.zip").read_bytes())
    assert [card["store"] for card in cards] == ["Bains", "Livres"]
    assert run("export", "out.json", *ANA).exit_code == 0
    told = json.loads((place / "out.json").read_text())
    assert [card["number"] for card in told["cards"]] == ["4006381333931", "77"]
    assert run("export", "other", *ANA, "--format", "portecarte").exit_code == 0
    assert json.loads((place / "other").read_text())["format"] == "portecarte/1"
    assert stat.S_IMODE((place / "out.zip").stat().st_mode) == 0o600
    assert (place / "data" / "portecarte.db").read_bytes() == before


@pytest.mark.parametrize("name", ["out.zip", "out.json"])
def test_what_was_exported_is_imported_again(place: Path, name: str) -> None:
    assert run("export", name, *ANA).exit_code == 0
    again = json.loads(run("import", name, *ANA).output)
    assert (again["imported"], again["skipped"]) == (0, 2)


def test_a_password_encrypts_catimas_zip_only(place: Path) -> None:
    (place / "word").write_text("clé 🔑\n")
    assert run("export", "out.zip", *ANA, "--password-file", "word").exit_code == 0
    assert len(read_zip((place / "out.zip").read_bytes(), password="clé 🔑")) == 2
    result = run("export", "out.json", *ANA, "--password-file", "word")
    assert (result.exit_code, "password" in result.output) == (1, True)
    assert not (place / "out.json").exists()


def test_nobodys_cards_are_a_sentence_and_no_file(place: Path) -> None:
    result = run("export", "out.zip", "--user", "bo@example.org")
    assert (result.exit_code, "user" in result.output) == (1, True)
    assert not (place / "out.zip").exists()
    assert run("export", "no/such/place.zip", *ANA).exit_code == 1
