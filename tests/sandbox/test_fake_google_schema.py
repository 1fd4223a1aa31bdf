"""The fake Google's schema is Google's own, and its development account is a usable one."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.commands.group import portecarte
from app.sandbox.fake_google_schema import schema
from app.sandbox.google_account import (
    EMAIL,
    FILE_NAME,
    make_google_account,
    read_google_account,
)


def discovered() -> dict[str, Any]:
    """Read the discovery document of the public package."""
    folder = files("googleapiclient") / "discovery_cache" / "documents"
    found: dict[str, Any] = msgspec.json.decode((folder / "walletobjects.v1.json").read_bytes())
    return found["schemas"]


def kind_of(member: dict[str, Any]) -> Any:
    """Say a member's kind as our file does."""
    if "$ref" in member:
        return member["$ref"]
    if member["type"] == "array":
        return [kind_of(member["items"])]
    if "enum" in member:
        return {"enum": sorted(member["enum"])}
    return member.get("format") or member["type"]


def test_every_message_has_the_members_of_the_discovery_document() -> None:
    google = discovered()
    for name, members in schema().items():
        theirs = google[name].get("properties", {})
        assert members == {key: kind_of(it) for key, it in theirs.items()}, name


@pytest.fixture(scope="module")
def account(tmp_path_factory) -> Path:
    return make_google_account(tmp_path_factory.mktemp("certs") / "dev")


def test_the_development_account_has_googles_shape_and_is_its_owners(account: Path) -> None:
    assert (account.name, account.stat().st_mode & 0o777) == (FILE_NAME, 0o600)
    read = msgspec.json.decode(account.read_bytes())
    assert set(read) == {
        *("type", "project_id", "private_key_id", "private_key", "client_email", "client_id"),
        *("auth_uri", "token_uri", "universe_domain"),
    }
    assert (read["type"], read["client_email"]) == ("service_account", EMAIL)
    assert read["token_uri"] == "https://oauth2.googleapis.com/token"
    key = load_pem_private_key(read["private_key"].encode(), None)
    known = read_google_account(account)
    assert key.public_key() == known.public_key
    assert known.key_id == read["private_key_id"]


def test_a_usable_account_is_kept_and_any_other_is_made_anew(account: Path) -> None:
    before = account.read_bytes()
    make_google_account(account.parent)
    assert account.read_bytes() == before
    for broken in (b"", b"{}", before.replace(b"service_account", b"authorized_user"), b"\xff"):
        account.write_bytes(broken)
        make_google_account(account.parent)
        assert read_google_account(account).email == EMAIL


def test_the_certs_command_makes_the_account_too(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(portecarte, ["certs"])
    assert done.exit_code == 0, done.output
    assert read_google_account(tmp_path / "certs" / "dev" / FILE_NAME).email == EMAIL
