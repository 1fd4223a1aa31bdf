"""Every error becomes a problem document (RFC 9457); no exception leaves as anything else."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from app import errors
from app.errors import AppError, InvalidInput, invalid
from app.http import logs

MEDIA_TYPE = "application/problem+json"
_MESSAGE_MAX = 300
_MISSING = re.compile(r"Missing required \w+ parameter '([^']+)'")
_AT = re.compile(r" - at (`key` in )?`\$\.?(.*)`\Z", re.DOTALL)
_FIELD = re.compile(r"Object (?:missing required|contains unknown) field `(.*)`\Z", re.DOTALL)


def problem_headers(error: AppError) -> dict[str, str]:
    """Return the headers of an error's answer, its type among them."""
    return {**error.headers, "Content-Type": MEDIA_TYPE}


def problem_body(error: AppError, request_id: str) -> bytes:
    """Encode the problem document."""
    return msgspec.json.encode(error.document(request_id))


def on_app_error(request: Request[Any, Any, Any], error: AppError) -> Response[Any]:
    """Answer an error of ours."""
    state = request.scope.setdefault("state", {})
    state["code"] = error.code
    if is_bare(request):  # Apple's devices and Google read the status only
        return Response(b"", status_code=error.status, headers=error.headers)
    return Response(
        problem_body(error, str(state.get("request_id", ""))),
        status_code=error.status,
        headers=error.headers,
        media_type=MEDIA_TYPE,
    )


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Answer what the framework refuses."""
    if error.status_code >= 500:
        return on_any(request, error)
    return on_app_error(request, _ours(error))


def on_any(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer what nobody expected: 400 when the cause is unreadable input, else a bare 500."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, UnicodeDecodeError | UnicodeEncodeError | RecursionError):
            return on_app_error(request, invalid("body", "not readable as JSON in UTF-8"))
        if str(cause) == "client disconnected prematurely":
            return on_app_error(request, invalid("body", "ended before it was complete"))
        cause = cause.__cause__ or cause.__context__
    logs.failure(error, request_id=str(request.scope.get("state", {}).get("request_id", "")))
    return on_app_error(request, AppError())


EXCEPTION_HANDLERS: dict[int | type[Exception], Any] = {
    AppError: on_app_error,
    HTTPException: on_http_exception,
    Exception: on_any,
}


def is_bare(request: Request[Any, Any, Any]) -> bool:
    """Tell whether the route is one of Apple's, or Google's: they know no problem documents."""
    handler = request.scope.get("route_handler")
    return bool(handler is not None and (handler.opt.get("apple") or handler.opt.get("bare")))


def field_error(message: str) -> InvalidInput:
    """Turn msgspec's sentence into the field's path and what is wrong with it."""
    path, said = path_and_message(message)
    return invalid(path or "body", said[:_MESSAGE_MAX])


def path_and_message(message: str) -> tuple[str, str]:
    """Split `… - at `$.lines[0].qty`` into `lines[0].qty` and the sentence; "" is the whole."""
    path, said = "", message
    if found := _AT.search(message):
        path, said = found[2], message[: found.start()]
    if " matching regex " in said:
        said = "not of the form that this field takes"
    if field := _FIELD.fullmatch(said):
        name = field[1][:80]
        path = f"{path}.{name}" if path else name
        said = "unknown field" if "unknown" in said[:30] else "required"
    return path, said


def _ours(error: HTTPException) -> AppError:
    if isinstance(error, ValidationException):
        return _validation(error)
    match error.status_code:
        case 401:
            return errors.Unauthorized()
        case 403:
            return errors.WrongToken("this credential may not do that")
        case 404:
            return errors.NotFound()
        case 405:
            refusal = errors.MethodNotAllowed("see the Allow header")
            refusal.headers = dict(error.headers or {})
            return refusal
        case 413:
            return errors.TooBig("send less at once")
        case 415:
            return errors.UnsupportedType("send application/json")
        case 429:
            return errors.TooManyRequests(1)
    return invalid("body", "not acceptable")


def _validation(error: ValidationException) -> AppError:
    if missing := _MISSING.search(error.detail):
        return invalid(missing[1], "required")
    found = [_field_of(item) for item in error.extra or [] if isinstance(item, dict)]
    if not found:
        return invalid("body", "not acceptable")
    detail = "; ".join(f"{field['path']}: {field['message']}" for field in found[:5])
    return InvalidInput(detail[:_MESSAGE_MAX], errors=found[:100])


def _field_of(item: dict[str, Any]) -> dict[str, str]:
    key = str(item.get("key", ""))
    path, said = path_and_message(str(item.get("message", "not valid")))
    if key in {"", "data"}:
        said = "a JSON body is expected" if said in {"data", "'data'"} else said
        return {"path": path or "body", "message": said[:_MESSAGE_MAX]}
    return {"path": key, "message": said[:_MESSAGE_MAX]}
