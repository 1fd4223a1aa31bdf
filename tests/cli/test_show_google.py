"""`portecarte show CARD_ID --google`: what Google would be told now, and nothing is written."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import jwt
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.commands.group import portecarte
from passes.google.lint import lint_class, lint_object

ROOT = Path(__file__).parents[2]
ISSUER = "3388000000099999999"
CATIMA = b"_id,store,cardid,barcodetype\n1,Boulangerie \xc3\x89lan,4006381333931,EAN_13\n"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, with no settings."""
    for name in [name for name in os.environ if name.startswith("PORTECARTE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def card_id(place: Path) -> str:
    """Import a card."""
    assert run("certs").exit_code == 0
    assert run("merchants", "add", "Chez Ana", "--owner", "ana@example.org").exit_code == 0
    (place / "cards.csv").write_bytes(CATIMA)
    imported = json.loads(run("import", "cards.csv", "--user", "ana@example.org").output)
    return str(imported["cards"][0]["id"])


def run(*arguments: str) -> Result:
    return CliRunner().invoke(portecarte, arguments)


def shown(card_id: str) -> dict[str, Any]:
    result = run("show", card_id, "--google")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_class_object_and_link_are_what_google_takes(place: Path, card_id: str) -> None:
    found = shown(card_id)
    assert list(found) == ["class", "object", "save_jwt"]
    given = {"issuer": ISSUER, "allow_loopback": True}
    assert lint_class(json.dumps(found["class"]).encode(), **given) == []  # type: ignore[arg-type]
    assert lint_object(json.dumps(found["object"]).encode(), **given) == []  # type: ignore[arg-type]
    assert found["class"]["programName"] == "Boulangerie Élan"
    assert found["object"]["barcode"]["value"] == "4006381333931"
    assert found["object"]["id"] == f"{ISSUER}." + "0" * 32  # before the first link
    key = json.loads((place / "certs/dev/google-service-account.json").read_text())
    public = load_pem_private_key(key["private_key"].encode(), None).public_key()
    claims = jwt.decode(found["save_jwt"], public, ["RS256"], audience="google")  # type: ignore[arg-type]
    assert claims["iss"] == key["client_email"]
    (held,) = claims["payload"]["loyaltyObjects"]
    assert held.items() <= found["object"].items()
    assert claims["payload"]["loyaltyClasses"][0]["id"] == found["class"]["id"]


def test_nothing_is_written(place: Path, card_id: str) -> None:
    file = place / "data" / "portecarte.db"
    before = file.read_bytes()
    shown(card_id)
    assert file.read_bytes() == before
    with sqlite3.connect(file) as connection:
        for table in ("pass", "google_object", "google_class", "image", "issuer"):
            count = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
            assert count == (0,), table


def test_an_unknown_card_or_no_wallet_named_is_an_error(card_id: str) -> None:
    assert run("show", "card_" + "0" * 32, "--google").exit_code == 1
    assert run("show", "nonsense", "--google").exit_code == 1
    assert run("show", card_id).exit_code == 2
    assert run("show", card_id, "--google", "--apple").exit_code == 2


def test_a_missing_account_is_a_sentence(place: Path, card_id: str) -> None:
    (place / "certs/dev/google-service-account.json").unlink()
    result = run("show", card_id, "--google")
    assert (result.exit_code, "cannot be read" in result.output) == (1, True)


def test_live_without_an_issuer_is_a_sentence(
    place: Path, card_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = {
        "MODE": "live",
        "PUBLIC_URL": "https://cards.example.org",
        "PASS_URL": "https://cards.example.org",
        "SMTP_URL": "smtp://localhost:25",
        "APPLE_PASS_TYPE_ID": "pass.x",
        "APPLE_TEAM_ID": "T",
        **{f"APPLE_{name}_FILE": str(place / name) for name in ("CERT", "KEY", "WWDR")},
    }
    for name, value in live.items():
        monkeypatch.setenv(f"PORTECARTE_{name}", value)
    result = run("show", card_id, "--google")
    assert result.exit_code == 1
    assert result.output.startswith("Error: This server has no account with Google")


def test_standard_output_is_json_and_nothing_else(place: Path, card_id: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "show", card_id, "--google"],
        capture_output=True,
        cwd=place,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout)["object"]["state"] == "ACTIVE"
    assert done.stderr == b""
