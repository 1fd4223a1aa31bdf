"""`portecarte import --password-file`: an encrypted export, its password never among arguments."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.commands.group import portecarte
from tests.imports.made import catima_zip, locked

ANA = ("--user", "ana@example.org")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a database, and an encrypted file."""
    for name in [name for name in os.environ if name.startswith("PORTECARTE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    assert run("certs").exit_code == 0
    assert run("merchants", "add", "Chez Ana", "--owner", "ana@example.org").exit_code == 0
    (tmp_path / "cards.zip").write_bytes(locked(catima_zip(), "clé 🔑"))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(portecarte, arguments)


def test_the_password_is_the_first_line_of_a_file(place: Path) -> None:
    (place / "word").write_text("clé 🔑\r\nnot this\n")
    result = run("import", "cards.zip", *ANA, "--password-file", "word")
    assert json.loads(result.output)["imported"] == 2


def test_without_it_or_with_another_the_import_ends_with_a_sentence(place: Path) -> None:
    result = run("import", "cards.zip", *ANA)
    assert (result.exit_code, "password" in result.output) == (1, True)
    (place / "word").write_text("clef\n")
    result = run("import", "cards.zip", *ANA, "--password-file", "word")
    assert (result.exit_code, "not the password" in result.output) == (1, True)
    (place / "word").write_bytes(b"\xff\n")
    result = run("import", "cards.zip", *ANA, "--password-file", "word")
    assert (result.exit_code, "UTF-8" in result.output) == (1, True)


def test_a_file_bigger_than_any_that_is_read_is_not_read(place: Path) -> None:
    with (place / "big.zip").open("wb") as file:
        file.truncate(21 * 1024 * 1024)
    result = run("import", "big.zip", *ANA)
    assert (result.exit_code, "bytes" in result.output) == (1, True)
