"""The commands, each as its user sees it: what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.clock import SystemClock
from app.commands.group import portecarte
from app.storage.open import open_database

ROOT = Path(__file__).parents[2]
CATIMA = b"_id,store,cardid,barcodetype\n1,Bains,4006381333931,EAN_13\n2,,77,\n"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, with no settings."""
    for name in [name for name in os.environ if name.startswith("PORTECARTE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(portecarte, arguments)


def made(place: Path) -> str:
    """Make secrets, database, a merchant with its owner; return the key."""
    assert run("certs").exit_code == 0
    result = run("merchants", "add", "Chez Ana", "--owner", "ana@example.org")
    assert result.exit_code == 0, result.output
    (place / "cards.csv").write_bytes(CATIMA)
    return result.output.strip()


def test_a_wrong_setting_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTECARTE_PORT", "high")
    for command in (["up"], ["migrate"], ["doctor"], ["backup", "file"]):
        result = run(*command)
        assert result.exit_code == 1
        assert result.output == "Error: PORTECARTE_PORT must be a whole number\n"


def test_a_worker_alone_and_many_processes_refuse_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("worker")
    assert (result.exit_code, "PostgreSQL" in result.output) == (1, True)
    monkeypatch.setenv("PORTECARTE_WORKERS", "2")
    result = run("up")
    assert (result.exit_code, "PostgreSQL" in result.output) == (1, True)


def test_the_demo_is_for_the_sandbox(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    live = {
        "MODE": "live",
        "PASS_URL": "https://cards.example.org",
        "SMTP_URL": "smtp://localhost:25",
        "APPLE_PASS_TYPE_ID": "pass.x",
        "APPLE_TEAM_ID": "T",
        **{f"APPLE_{name}_FILE": str(place / name) for name in ("CERT", "KEY", "WWDR")},
    }
    for name, value in live.items():
        monkeypatch.setenv(f"PORTECARTE_{name}", value)
    result = run("up", "--demo")
    assert (result.exit_code, "sandbox" in result.output) == (1, True)


def test_certificates_and_secrets_are_made_once_and_for_the_owner_only(place: Path) -> None:
    result = run("certs")
    assert result.exit_code == 0, result.output
    secrets = place / "data" / "secrets.json"
    first = secrets.read_bytes()
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert "trial signature" in result.output
    assert run("certs").exit_code == 0
    assert secrets.read_bytes() == first


def test_demo_keys_without_a_demo_end_with_a_sentence() -> None:
    result = run("demo-keys")
    assert (result.exit_code, result.output.startswith("Error: No demo")) == (1, True)


def test_migrating_makes_the_database_and_then_changes_nothing(place: Path) -> None:
    assert "schema now" in run("migrate").output
    assert "nothing was changed" in run("migrate").output
    assert not list(place.rglob("*.backup"))


def test_a_database_of_a_newer_release_is_refused_with_a_sentence(place: Path) -> None:
    import sqlite3

    run("migrate")
    with sqlite3.connect(place / "data" / "portecarte.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    result = run("migrate")
    assert (result.exit_code, "newer release" in result.output) == (1, True)


def test_the_first_merchant_gets_a_key_and_nothing_else_is_printed(place: Path) -> None:
    key = made(place)
    assert key.startswith("pck_test_")
    assert "\n" not in key
    again = run("merchants", "add", "", "--owner", "ana@example.org")
    assert (again.exit_code, "name" in again.output) == (1, True)
    again = run("merchants", "add", "Chez Bo", "--owner", "nobody")
    assert (again.exit_code, "owner" in again.output) == (1, True)


def test_a_file_is_imported_once(place: Path) -> None:
    made(place)
    first = json.loads(run("import", "cards.csv", "--user", "ana@example.org").output)
    assert (first["imported"], first["skipped"]) == (1, 0)
    assert [it["reason"] for it in first["failed"]] == ["missing-store"]
    assert first["cards"][0]["authority"] == "none"
    again = json.loads(run("import", "cards.csv", "--user", "ana@example.org").output)
    assert (again["imported"], again["skipped"]) == (0, 1)
    assert again["skipped_rows"][0]["reason"] == "already-there"


def test_an_import_for_nobody_or_of_no_file_is_a_sentence(place: Path) -> None:
    made(place)
    result = run("import", "cards.csv", "--user", "bo@example.org")
    assert (result.exit_code, "user" in result.output) == (1, True)
    (place / "letter.txt").write_text("Dear Ana")
    result = run("import", "letter.txt", "--user", "ana@example.org")
    assert (result.exit_code, "Catima" in result.output) == (1, True)


def test_a_pass_is_shown_without_writing_anything(place: Path) -> None:
    made(place)
    card = json.loads(run("import", "cards.csv", "--user", "ana@example.org").output)["cards"][0]
    before = (place / "data" / "portecarte.db").read_bytes()
    shown = json.loads(run("show", card["id"], "--apple").output)
    assert shown["barcodes"][0]["message"] == "4006381333931"
    assert shown["webServiceURL"] == "http://127.0.0.1:8000/apple"
    assert (place / "data" / "portecarte.db").read_bytes() == before
    assert run("show", "card_" + "0" * 32, "--apple").exit_code == 1
    assert run("show", "nonsense", "--apple").exit_code == 1
    assert run("show", card["id"]).exit_code == 2


def test_a_backup_comes_back_into_an_empty_place_only(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(place)
    run("import", "cards.csv", "--user", "ana@example.org")
    result = run("backup", "kept.backup")
    assert (result.exit_code, "1 cards, 1 users" in result.output) == (0, True)
    assert run("backup", "kept.backup").exit_code == 1, "never over another one"
    assert run("restore", "kept.backup").exit_code == 1, "the place is not empty"
    monkeypatch.setenv("PORTECARTE_DATABASE_URL", "sqlite:///other/new.db")
    result = run("restore", "kept.backup")
    assert (result.exit_code, "1 cards and 1 users" in result.output) == (0, True)


def test_a_process_that_takes_no_orders_is_named(place: Path) -> None:
    made(place)

    async def beside() -> Result:
        database = await open_database("sqlite:///data/portecarte.db", clock=SystemClock())
        try:
            return await asyncio.to_thread(
                run, "merchants", "add", "Chez Bo", "--owner", "bo@example.org"
            )
        finally:
            await database.close()

    result = asyncio.run(beside())
    assert (result.exit_code, "in use" in result.output) == (1, True)


def test_doctor_names_each_missing_thing_with_its_cure(place: Path) -> None:
    result = run("doctor", "--mail", "ana@example.org")
    assert result.exit_code == 1
    for name in ("certs/dev/pass.key", "data/secrets.json", "DATABASE_URL", "/healthz", "SMTP_URL"):
        assert name in result.output
    made(place)
    (place / "certs" / "dev" / "pass.key").chmod(0o644)
    assert "chmod 600" in run("doctor").output


def test_the_module_runs_as_the_command_does(place: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-m", "app.cli", "demo-keys"],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("Error: No demo")
