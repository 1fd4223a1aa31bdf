"""Issuers with their keys parsed once: links are signed, and Google is spoken to, by these."""

from __future__ import annotations

import asyncio
from typing import Protocol

import msgspec

from app.errors import Unavailable
from app.http.ports import Ports
from app.programs import issuers as rows
from app.programs.issuer_queries import IssuerRow
from app.programs.issuers import FIRST_ISSUER
from passes.google.save_link import Account

LOADED_FOR_SECONDS = 60.0  # whoever says he is of an unknown issuer does not make us read all day


class LoadedIssuer(msgspec.Struct, frozen=True, kw_only=True):
    """An issuer that can sign; `google_issuer` heads all its ids."""

    issuer_id: int
    google_issuer: str
    account: Account


class IssuerSource(Protocol):
    """Whoever knows the issuers; `doctor` knows one without a database."""

    async def get(self, issuer_id: int | None = None) -> LoadedIssuer:
        """Return an issuer; None: the server's first. Raises Unavailable when there is none."""


class Issuers:
    """The issuers by id; read from the database when an unknown one is asked for."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._rows: dict[int, IssuerRow] = {}
        self._by_id: dict[int, LoadedIssuer] = {}
        self._loaded_at: float | None = None

    async def load(self) -> None:
        """Read every issuer; only new or renewed keys are parsed, in a thread (30 ms each).

        Raises ValueError when one cannot be read.
        """
        self._loaded_at = self._ports.clock.monotonic()
        found = await self._ports.database.read(rows.all_issuers)
        loop = asyncio.get_running_loop()
        for row in found:
            if self._rows.get(row.issuer_id) == row:
                continue
            loaded = await loop.run_in_executor(self._ports.threads, self._loaded, row)
            self._rows[row.issuer_id], self._by_id[row.issuer_id] = row, loaded

    async def load_again(self) -> bool:
        """Read those that another process added; False when that was done a minute ago or less.

        Raises ValueError when one cannot be read.
        """
        now = self._ports.clock.monotonic()
        if self._loaded_at is not None and now < self._loaded_at + LOADED_FOR_SECONDS:
            return False
        await self.load()
        return True

    async def get(self, issuer_id: int | None = None) -> LoadedIssuer:
        """Return an issuer; None: the server's first. Raises Unavailable when there is none."""
        issuer_id = FIRST_ISSUER if issuer_id is None else issuer_id
        if issuer_id not in self._by_id:
            await self.load()
        found = self._by_id.get(issuer_id)
        if found is None:
            raise Unavailable("this server has no account with Google for that card")
        return found

    async def first(self) -> LoadedIssuer:
        """Return the server's own issuer. Raises Unavailable when there is none."""
        return await self.get(FIRST_ISSUER)

    def all(self) -> tuple[LoadedIssuer, ...]:
        """Return those that are loaded, the first one first."""
        return tuple(self._by_id.values())

    def _loaded(self, row: IssuerRow) -> LoadedIssuer:
        sealed = rows.unseal_account(row, self._ports.secrets)
        account, key = rows.read_account(sealed)
        return LoadedIssuer(
            issuer_id=row.issuer_id,
            google_issuer=row.google_issuer,
            account=Account(email=account.client_email, key=key, key_id=account.private_key_id),
        )
