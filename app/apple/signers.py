"""Signers parsed once: passes are signed, and pushes authenticated, by the same certificate."""

from __future__ import annotations

import hmac
from pathlib import Path

import msgspec

from app.apple.credentials import CertificateCredential, Credential, TokenCredential
from app.errors import Unavailable
from app.http.ports import Ports
from app.programs import service as programs
from app.programs.signers import unseal_key
from app.settings import Settings
from passes.apple.signing import Signer, load_signer


class LoadedSigner(msgspec.Struct, frozen=True, kw_only=True):
    """A pass type that can sign."""

    signer_id: int
    pass_type: str
    team: str
    signer: Signer
    credential: CertificateCredential


class Signers:
    """The signers by id; read from the database when an unknown one is asked for."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._by_id: dict[int, LoadedSigner] = {}
        self._token_key = _token_key(ports.settings)

    async def load(self) -> None:
        """Read every signer. Raises ValueError when a key cannot be read."""
        rows = await self._ports.database.read(programs.all_signers)
        for row in rows:
            key = unseal_key(row, self._ports.secrets)
            certificate, wwdr = row.certificate.encode(), row.wwdr.encode()
            self._by_id[row.signer_id] = LoadedSigner(
                signer_id=row.signer_id,
                pass_type=row.pass_type,
                team=row.team,
                signer=load_signer(certificate=certificate, key=key, wwdr=wwdr),
                credential=CertificateCredential(certificate=certificate, key=key),
            )

    async def get(self, signer_id: int) -> LoadedSigner:
        """Return a signer. Raises Unavailable when there is none."""
        if signer_id not in self._by_id:
            await self.load()
        found = self._by_id.get(signer_id)
        if found is None:
            raise Unavailable("this server has no certificate for that pass")
        return found

    async def is_of(self, signer_id: int, pass_type: str) -> bool:
        """Say whether a signer signs that pass type."""
        return hmac.compare_digest(
            (await self.get(signer_id)).pass_type.encode(), pass_type.encode("utf-8", "replace")
        )

    def credential(self, topic: str) -> Credential | None:
        """Return what pushes to a topic are authenticated by: the team's token, else its key."""
        for loaded in self._by_id.values():
            if loaded.pass_type != topic:
                continue
            if self._token_key is not None and loaded.team == self._ports.settings.apple_team_id:
                return self._token_key
            return loaded.credential
        return None

    def check(self) -> None:
        """Raise Unavailable while no signer is loaded."""
        if not self._by_id:
            raise Unavailable("no certificate for passes is loaded yet")


def _token_key(settings: Settings) -> TokenCredential | None:
    path: Path | None = settings.apns_token_key_file
    if path is None or settings.apns_token_key_id is None or settings.apple_team_id is None:
        return None
    return TokenCredential(
        team=settings.apple_team_id, key_id=settings.apns_token_key_id, key=path.read_bytes()
    )
