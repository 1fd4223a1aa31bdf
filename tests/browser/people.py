"""People beside the browser: they read mails, sign in and push balances as programs do."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import httpx2
import msgspec

from tests.sandbox.demo_server import RunningDemo

MAIL_SECONDS = 20


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """What opens the demo's doors."""

    user_token: str
    merchant_key: str
    till_token: str
    programs: dict[str, str]
    cards: list[dict[str, Any]]


def keys_of(demo: RunningDemo) -> Keys:
    """Read the keys of a running demo."""
    return msgspec.json.decode(
        (demo.folder / "data" / "demo-keys.json").read_bytes(), type=Keys, strict=False
    )


def mailed_code(url: str, email: str, *, nth: int = 1) -> str:
    """Return the code in the `nth` mail to an address, as soon as it is there."""
    end = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < end:
        answer = httpx2.get(f"{url}/sandbox/mails", params={"to": email}, trust_env=False)
        mails = answer.json()["items"]
        codes = [m[0] for it in reversed(mails) if (m := re.search(r"\b\d{8}\b", it["text"]))]
        if len(codes) >= nth:
            return codes[nth - 1]
        time.sleep(0.05)  # the mail comes from another process: there is nothing to wait on
    raise AssertionError("no code was mailed")


def signed_in(url: str, email: str) -> str:
    """Sign a person in by a mailed code, again too; return the session's token."""
    with httpx2.Client(base_url=url, trust_env=False) as client:
        mails = client.get("/sandbox/mails", params={"to": email}).json()["items"]
        before = sum(re.search(r"\b\d{8}\b", mail["text"]) is not None for mail in mails)
        client.post("/v1/sign-in/codes", json={"email": email}).raise_for_status()
        body = {"email": email, "code": mailed_code(url, email, nth=before + 1)}
        answer = client.post("/v1/sign-in", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])


def user_asks(
    url: str, token: str, method: str, path: str, body: Any = None, *, key: str = ""
) -> Any:
    """Ask /v1 with a token, or as a stranger; return the answer. Fails on a problem."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if method == "POST":
        headers["Idempotency-Key"] = key or json.dumps([path, body], separators=(",", ":"))[:200]
    answer = httpx2.request(method, url + path, json=body, headers=headers, trust_env=False)
    assert answer.status_code < 400, answer.text
    return answer.json() if answer.content else None
