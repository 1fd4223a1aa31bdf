"""What must hold before passes are signed: each fault is named with its file and its cure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from app.clock import DAY, FrozenClock
from app.commands.certificates import SignerFiles
from app.commands.checks import Check, check_signer
from app.sandbox.certificates import LEAF_DAYS, make_development_certificates

NOW = FrozenClock().wall()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_development_certificates(folder, now=NOW)
    return folder


@pytest.fixture
def files(folder: Path) -> SignerFiles:
    return SignerFiles(
        pass_type="pass.example.portecarte",
        team="PORTECARTE",
        certificate=folder / "pass.pem",
        key=folder / "pass.key",
        wwdr=folder / "wwdr.pem",
    )


def failures(files: SignerFiles, *, now: int = NOW) -> list[str]:
    return [check.text for check in check_signer(files, now=now) if check.level == "failure"]


def written(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_development_certificates_pass_every_check(files: SignerFiles) -> None:
    assert {check.level for check in check_signer(files, now=NOW)} == {"ok"}
    assert check_signer(files, now=NOW)[-1] == Check(
        "ok", "A trial signature was made and verified."
    )


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("another key", lambda f, p: {"key": p / "pass2.key"}, "does not belong"),
        ("another type", lambda f, p: {"pass_type": "pass.other"}, "APPLE_PASS_TYPE_ID pass.other"),
        ("another team", lambda f, p: {"team": "OTHER"}, "APPLE_TEAM_ID OTHER"),
        ("another issuer", lambda f, p: {"wwdr": p / "root.pem"}, "was not issued by"),
        ("no G4", lambda f, p: {"wwdr": p / "apns_ca.pem"}, "not generation G4"),
        ("no file", lambda f, p: {"key": p / "none.key"}, "none.key is missing"),
        ("no certificate", lambda f, p: {"certificate": p / "pass.key"}, "no PEM certificate"),
        ("no key", lambda f, p: {"key": p / "pass.pem"}, "no PEM key"),
    ],
)
def test_a_fault_is_named_with_its_file(
    name: str,
    change: Callable[[SignerFiles, Path], dict[str, object]],
    said: str,
    files: SignerFiles,
    folder: Path,
) -> None:
    wrong = msgspec.structs.replace(files, **change(files, folder))
    assert any(said in text for text in failures(wrong)), (name, failures(wrong))


def test_a_key_that_others_may_read_is_refused(files: SignerFiles, tmp_path: Path) -> None:
    key = written(tmp_path / "open.key", files.key.read_bytes(), 0o644)
    (text,) = failures(msgspec.structs.replace(files, key=key))
    assert text.endswith(f"chmod 600 {key}")


def test_a_password_file_that_does_not_fit_is_named(files: SignerFiles, tmp_path: Path) -> None:
    password = written(tmp_path / "password", b"secret\n")
    (text,) = failures(msgspec.structs.replace(files, password=password))
    assert "APPLE_KEY_PASSWORD_FILE" in text
    assert "secret" not in text


def test_an_end_that_comes_near_is_a_warning_and_a_past_one_a_failure(files: SignerFiles) -> None:
    def levels(days: int) -> set[str]:
        return {check.level for check in check_signer(files, now=NOW + days * DAY)}

    assert levels(LEAF_DAYS - 62) == {"ok"}
    assert levels(LEAF_DAYS - 59) == {"ok", "warning"}
    assert "failure" in levels(LEAF_DAYS + 1)
    (text,) = failures(files, now=NOW - 2 * DAY)[:1]
    assert "not valid yet" in text
