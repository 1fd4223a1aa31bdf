"""What must hold before cards go into Google Wallet; a failure names the file and the cure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from app.clock import Clock
from app.commands.checks import Check, check_private
from app.commands.issuing import IssuerFile, issuer_file
from app.google.issuers import LoadedIssuer
from app.google.rest import RestWallet
from app.google.wallet import CLASSES, Answer
from app.programs.issuers import FIRST_ISSUER, is_issuer_number, read_account
from app.settings import Settings, google_api_url, google_token_url
from passes.google.save_link import Account

_INVITE = "invite the service account in the Wallet console (docs/operations.md)"


async def check_google(settings: Settings, clock: Clock) -> AsyncIterator[Check]:
    """Look at the issuer's settings, read its key, and ask Google for the issuer's classes."""
    named = issuer_file(settings)
    if named is None:
        text = "GOOGLE_ISSUER_ID and GOOGLE_SERVICE_ACCOUNT_FILE are not set: cards go into Apple"
        yield Check("warning", f"{text} Wallet only.")
        return
    yield check_private(named.account)
    try:
        loaded = _loaded(named)
    except (OSError, ValueError) as error:
        reason = str(error) if isinstance(error, ValueError) else "it is missing"
        yield Check("failure", f"{named.account}: {reason}.")
        return
    yield Check("ok", f"{named.account} holds a key that can sign save links.")
    yield await _trial(settings, loaded, clock)


class _One:
    """The one issuer of the settings."""

    def __init__(self, loaded: LoadedIssuer) -> None:
        self._loaded = loaded

    async def get(self, issuer_id: int | None = None) -> LoadedIssuer:
        """Return it."""
        return self._loaded


def _loaded(named: IssuerFile) -> LoadedIssuer:
    if not is_issuer_number(named.google_issuer):
        raise ValueError("GOOGLE_ISSUER_ID is a number, as Google's Wallet console shows it")
    account, key = read_account(named.account.read_bytes())
    return LoadedIssuer(
        issuer_id=FIRST_ISSUER,
        google_issuer=named.google_issuer,
        account=Account(email=account.client_email, key=key, key_id=account.private_key_id),
    )


async def _trial(settings: Settings, loaded: LoadedIssuer, clock: Clock) -> Check:
    url = google_api_url(settings)
    with ThreadPoolExecutor(1) as executor:
        wallet = RestWallet(
            _One(loaded),
            clock=clock,
            api_url=url,
            token_url=google_token_url(settings),
            executor=executor,
        )
        query = {"issuerId": loaded.google_issuer, "maxResults": "1"}
        try:
            answer = await wallet.call(FIRST_ISSUER, "GET", CLASSES, query=query)
        finally:
            await wallet.close()
    cure = "open the firewall for it" if settings.is_live else "start the server with its fake"
    return _judged(answer, url, cure=cure)


def _judged(answer: Answer, url: str, *, cure: str) -> Check:
    if answer.status == 200:
        return Check("ok", f"Google at {url} lets this account work for the issuer.")
    if answer.status == 0 and answer.message is None:
        return Check("failure", f"Google at {url} does not answer: {cure}.")
    cure = _INVITE if answer.status == 403 else "see docs/operations.md"
    reason = answer.reason or str(answer.status)
    return Check("failure", f"Google at {url} refuses the account ({reason}): {cure}.")
