"""Google Wallet as a server runs it: its parts, made from the ports."""

from __future__ import annotations

import httpx2
import msgspec

from app.google.issuers import Issuers
from app.google.linking import SaveLinks
from app.google.pacing import Pacer
from app.google.pictures import ClassPictures
from app.google.rest import RestWallet
from app.google.root_keys import RootKeys
from app.google.teller import Teller
from app.google.verdicts import noise
from app.google.wallet import GoogleWallet
from app.http.ports import Ports
from app.settings import google_api_url, google_root_keys_url, google_token_url

_NOISE_BYTES = 2


class Google(msgspec.Struct, frozen=True, kw_only=True):
    """All that speaks to Google, or is spoken to by it."""

    issuers: Issuers
    wallet: GoogleWallet
    pacer: Pacer
    teller: Teller
    links: SaveLinks
    root_keys: RootKeys

    async def load(self) -> None:
        """Read the issuers and parse their keys. Raises ValueError when one cannot be read."""
        await self.issuers.load()

    async def close(self) -> None:
        """Hang up."""
        await self.wallet.close()


def make_google(ports: Ports, *, transport: httpx2.AsyncBaseTransport | None = None) -> Google:
    """Make the parts; nothing is opened yet. `transport` may stand for the network."""
    issuers, pacer, pictures = Issuers(ports), Pacer(ports), ClassPictures(ports)
    wallet = RestWallet(
        issuers,
        clock=ports.clock,
        api_url=google_api_url(ports.settings),
        token_url=google_token_url(ports.settings),
        executor=ports.threads,
        transport=transport,
    )
    teller = Teller(ports, issuers, wallet, pacer, pictures=pictures.of)
    return Google(
        issuers=issuers,
        wallet=wallet,
        pacer=pacer,
        teller=teller,
        links=SaveLinks(ports, issuers, teller=teller, pictures=pictures),
        root_keys=RootKeys(
            clock=ports.clock,
            url=google_root_keys_url(ports.settings),
            chance=lambda: noise(ports.ids.secret(_NOISE_BYTES)),
            transport=transport,
        ),
    )
