"""Errors with a stable code; the only file that knows HTTP's numbers for them."""

from __future__ import annotations

from typing import Any, ClassVar


class AppError(Exception):
    """What a caller is told. `facts` become members of the problem document."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong here"

    def __init__(self, detail: str = "", **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts
        self.headers: dict[str, str] = {}

    def document(self, request_id: str) -> dict[str, Any]:
        """Write the problem document (RFC 9457 §3); the facts stand beside its own members."""
        return {
            "type": f"/docs/errors#{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "request_id": request_id,
            **self.facts,
        }


class InvalidInput(AppError):
    """The body, path or query does not fit its schema; `errors` says where."""

    status, code = 400, "invalid-input"
    title = "The input is not valid"


def invalid(path: str, message: str) -> InvalidInput:
    """Say which field is wrong."""
    return InvalidInput(f"{path}: {message}", errors=[{"path": path, "message": message}])


class IdempotencyKeyMissing(AppError):
    """This route needs an Idempotency-Key."""

    status, code = 400, "idempotency-key-missing"
    title = "An Idempotency-Key header is needed"


class Unauthorized(AppError):
    """No credential, or a bad one."""

    status, code = 401, "unauthorized"
    title = "Sign in first"

    def __init__(self, detail: str = "a valid credential is needed") -> None:
        super().__init__(detail)
        self.headers = {"WWW-Authenticate": "Bearer"}


class WrongToken(AppError):
    """A valid token of another kind."""

    status, code = 403, "wrong-token"
    title = "This token is of another kind"


class MissingScope(AppError):
    """A key or a role that may not do this."""

    status, code = 403, "missing-scope"
    title = "This key may not do that"


class NotFound(AppError):
    """Unknown, or somebody else's: the same bytes."""

    status, code = 404, "not-found"
    title = "Nothing here"

    def __init__(self) -> None:
        super().__init__("nothing is known under this address")


class CardNotFound(AppError):
    """A number or a code that the program does not know."""

    status, code = 404, "card-not-found"
    title = "No such card"

    def __init__(self) -> None:
        super().__init__("the program knows no such card")


class MethodNotAllowed(AppError):
    """This address does not take that method."""

    status, code = 405, "method-not-allowed"
    title = "This address does not take that method"


class IdempotencyInProgress(AppError):
    """The twin of this request is still running."""

    status, code = 409, "idempotency-in-progress"
    title = "The same request is still being answered"

    def __init__(self) -> None:
        super().__init__("ask again in a second")
        self.headers = {"Retry-After": "1"}


class ProofNeeded(AppError):
    """The number is known to the program; whoever claims it must prove it."""

    status, code = 409, "proof-needed"
    title = "This number needs proof"

    def __init__(self) -> None:
        super().__init__("send the merchant's link token, or the code mailed to the contact")


class StaleStatement(AppError):
    """The statement's sequence is not above the last one."""

    status, code = 409, "stale-statement"
    title = "Statement is not newer"

    def __init__(self, sequence: int) -> None:
        super().__init__(f"the last statement has sequence {sequence}", sequence=sequence)


class WrongAuthority(AppError):
    """A statement for a hosted program, or an event for one that is not."""

    status, code = 409, "wrong-authority"
    title = "Another authority knows this balance"


class Conflict(AppError):
    """The change contradicts what stands."""

    status, code = 409, "conflict"
    title = "This contradicts what stands"


class LastOwner(AppError):
    """A merchant keeps one owner at least: make somebody else an owner first."""

    status, code = 409, "last-owner"
    title = "A merchant needs an owner"


class ProgramEnded(AppError):
    """The program's last day is over: nobody joins, earns or spends in it any more."""

    status, code = 409, "program-ended"
    title = "This program has ended"

    def __init__(self, last_day: str) -> None:
        super().__init__(f"its last day was {last_day}", last_day=last_day)


class AlreadyDecided(AppError):
    """A request about missing points is answered once."""

    status, code = 409, "already-decided"
    title = "This request has its answer"


class AddressTaken(AppError):
    """The address, whose code was right, has an account of its own."""

    status, code = 409, "address-taken"
    title = "This address has an account"

    def __init__(self) -> None:
        super().__init__("send the same again with merge, and both accounts become one")


class CodeAlreadyUsed(AppError):
    """The code counts once, and something has used it up."""

    status, code = 409, "code-already-used"
    title = "The code has been used"


class Refused(AppError):
    """The loyalty engine says no; `code` says why, per instance."""

    status, code = 409, "refused"
    title = "The program's rules refuse this"

    def __init__(self, code: str, detail: str, **facts: Any) -> None:
        super().__init__(detail, **facts)
        self.code = code  # type: ignore[misc]  # one class for a closed list of codes


class CodeExpired(AppError):
    """The code's time is over."""

    status, code = 410, "code-expired"
    title = "The code has expired"


class LinkExpired(AppError):
    """The link's time is over, or somebody used it."""

    status, code = 410, "link-expired"
    title = "The link has expired"

    def __init__(self) -> None:
        super().__init__("ask for a new link")


class TooBig(AppError):
    """The body is larger than this route takes."""

    status, code = 413, "too-big"
    title = "The body is too big"


class UnsupportedType(AppError):
    """The body's type is not one this route takes."""

    status, code = 415, "unsupported-type"
    title = "This content type is not taken here"


class InvalidBarcode(AppError):
    """The symbology refuses the value."""

    status, code = 422, "invalid-barcode"
    title = "The number does not fit its barcode"


class PaymentCard(AppError):
    """The number looks like that of a payment card."""

    status, code = 422, "payment-card"
    title = "Payment cards are not kept here"


class IdempotencyConflict(AppError):
    """The key was used for another request."""

    status, code = 422, "idempotency-conflict"
    title = "This Idempotency-Key belongs to another request"


class InvalidPicture(AppError):
    """The bytes are not a picture that can be shown."""

    status, code = 422, "invalid-picture"
    title = "This picture cannot be used"


class UnreadableFile(AppError):
    """An import file as a whole cannot be read; `code` is set per instance."""

    status, code = 422, "unknown-file"
    title = "This file cannot be read"


class TooManyRequests(AppError):
    """Slow down."""

    status, code = 429, "too-many-requests"
    title = "Too many requests"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.headers = {"Retry-After": str(retry_after)}


class Unavailable(AppError):
    """The database is locked, full or away; nothing was changed."""

    status, code = 503, "unavailable"
    title = "Not available right now"

    def __init__(self, detail: str = "try again", *, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.headers = {"Retry-After": str(retry_after)}
