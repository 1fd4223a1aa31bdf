"""WebAuthn without a database: what a browser is asked, and whether what it answers is sound."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from typing import Any
from urllib.parse import urlsplit

import msgspec
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.settings import Settings

ANSWER_WITHIN_MS = 300_000  # as long as the challenge lives
_NAME = "Portecarte"
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_LOCALHOST = "localhost"


class Site(msgspec.Struct, frozen=True):
    """For whom a passkey is made (the RP id) and on which pages it may be used."""

    name: str
    origins: tuple[str, ...]


class NewKey(msgspec.Struct, frozen=True):
    """What a sound registration brings."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def site_of(settings: Settings, host: str) -> Site | None:
    """Return the site for a request to a host; None where passkeys cannot be: on an IP address.

    In the sandbox whoever comes by this machine's own name or address is at `localhost`.
    """
    public = urlsplit(settings.public_url)
    name, _, port = host.lower().rpartition(":")
    if not (name and port.isascii() and port.isdigit()):
        name, port = host.lower(), ""
    if not settings.is_live and (name in _LOOPBACK or _is_address(public.hostname or "")):
        ports = {port, str(settings.port), str(public.port or "")}
        origins = (f"http://{_LOCALHOST}{':' + each if each else ''}" for each in sorted(ports))
        return Site(_LOCALHOST, tuple(origins))
    if public.hostname is None or _is_address(public.hostname):
        return None
    return Site(public.hostname, (f"{public.scheme}://{public.netloc.lower()}",))


def registration_options(
    site: Site, challenge: bytes, *, handle: bytes, shown_as: str, known: list[bytes]
) -> dict[str, Any]:
    """Return what `navigator.credentials.create` is asked (W3C's JSON form).

    The key is kept on the device so that nobody types an address to sign in, and asks for the
    finger, the face or the PIN. Which device it is does not concern us: no attestation.
    """
    options = generate_registration_options(
        rp_id=site.name,
        rp_name=_NAME,
        user_id=handle,
        user_name=shown_as,
        user_display_name=shown_as,
        challenge=challenge,
        timeout=ANSWER_WITHIN_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return dict(options_to_json_dict(options))


def sign_in_options(site: Site, challenge: bytes) -> dict[str, Any]:
    """Return what `navigator.credentials.get` is asked: any passkey of this site."""
    options = generate_authentication_options(
        rp_id=site.name,
        challenge=challenge,
        timeout=ANSWER_WITHIN_MS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options_to_json_dict(options))


def challenge_in(client_data: str) -> bytes | None:
    """Return the challenge that an answer says it answers; None where it is unreadable."""
    try:
        found = msgspec.json.decode(from_base64url(client_data), type=_ClientData)
        return None if found.cross_origin else from_base64url(found.challenge)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def check_registration(site: Site, challenge: bytes, credential: dict[str, Any]) -> NewKey | None:
    """Return the new public key; None when the answer is not sound."""
    try:
        found = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=list(site.origins),
            require_user_verification=True,
        )
    except Exception:
        return None
    return NewKey(found.credential_id, found.credential_public_key, found.sign_count)


def check_sign_in(
    site: Site, challenge: bytes, credential: dict[str, Any], *, public_key: bytes
) -> int | None:
    """Return the authenticator's count of signatures; None when the answer is not sound.

    The count is compared by the caller, under the lock of what it is compared with.
    """
    try:
        found = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=list(site.origins),
            credential_public_key=public_key,
            credential_current_sign_count=-1,
            require_user_verification=True,
        )
    except Exception:
        return None
    return found.new_sign_count


def from_base64url(text: str) -> bytes:
    """Read base64url without padding. Raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


class _ClientData(msgspec.Struct, frozen=True, rename="camel"):
    challenge: str
    cross_origin: bool = False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
