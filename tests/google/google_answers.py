"""A small Google for the client's tests: answers as a list says, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import httpx2

API = "https://api.google.test"
TOKEN = "https://tokens.google.test/token"

Answering = Callable[[httpx2.Request], httpx2.Response]


def answer(status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> Answering:
    """Answer this."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _: httpx2.Response(status, content=content, headers=headers)


def breaking(error: type[httpx2.TransportError] | type[OSError]) -> Answering:
    """Break the connection."""

    def broken(_: httpx2.Request) -> httpx2.Response:
        raise error("broken")

    return broken


def token(text: str = "token-1", **changed: Any) -> Answering:
    """Answer with a token."""
    return answer(200, {"access_token": text, "expires_in": 3599, "token_type": "Bearer"} | changed)


class Google:
    """The next answers of both sides; the last one stays."""

    def __init__(self) -> None:
        self.token_answers: list[Answering] = [token()]
        self.api_answers: list[Answering] = [answer(200, {"id": "1.a"})]
        self.token_requests: list[dict[str, str]] = []
        self.api_requests: list[httpx2.Request] = []
        self.transport = httpx2.MockTransport(self._handle)

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        if str(request.url) == TOKEN:
            form = parse_qs(request.content.decode())
            self.token_requests.append({name: values[0] for name, values in form.items()})
            return _next(self.token_answers)(request)
        self.api_requests.append(request)
        return _next(self.api_answers)(request)


def _next(answers: list[Answering]) -> Answering:
    return answers.pop(0) if len(answers) > 1 else answers[0]
