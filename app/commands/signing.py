"""Keeps the signers of passes in the database: from the settings, in the sandbox two."""

from __future__ import annotations

from pathlib import Path

from app.commands.certificates import DEVELOPMENT_FOLDER, signer_files
from app.http.ports import Ports
from app.programs.queries import SignerRow
from app.programs.service import FIRST_SIGNER
from app.programs.signers import SignerFiles, ensure_signer, seal_signer
from app.sandbox.certificates import found_in
from app.sandbox.demo import SECOND_SIGNER


async def keep_signers(ports: Ports) -> None:
    """Write the signers' rows, or renew their certificates.

    Raises: ValueError with a sentence when a file cannot be used, or passes were issued for
    another pass type.
    """
    named = signer_files(ports.settings)
    files = SignerFiles(
        certificate=_read(named.certificate),
        key=_read(named.key),
        wwdr=_read(named.wwdr),
        password=_read(named.password).strip() if named.password else None,
    )
    await _keep(ports, files, FIRST_SIGNER)
    if not ports.settings.is_live:
        made = found_in(DEVELOPMENT_FOLDER)
        second = made.signers[1]
        files = SignerFiles(
            certificate=_read(second.certificate), key=_read(second.key), wwdr=_read(made.wwdr)
        )
        await _keep(ports, files, SECOND_SIGNER)


async def _keep(ports: Ports, files: SignerFiles, signer_id: int) -> None:
    row: SignerRow = seal_signer(
        files,
        signer_id=signer_id,
        secrets=ports.secrets,
        nonce=ports.ids.secret(12),
        now=ports.clock.wall(),
    )
    public = ports.ids.public()
    await ports.database.write(lambda tx: ensure_signer(tx, row, server_public=public))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise ValueError(f"{path} cannot be read: see certs/README.md") from None
