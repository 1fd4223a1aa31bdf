"""A passkey of a real browser, whose authenticator is virtual, and the cookie it signs in with."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, Page

from tests.sandbox.demo_server import RunningDemo

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
SEND = """async (path, body, key) => {
  const headers = {"Content-Type": "application/json", ...(key ? {"Idempotency-Key": key} : {})};
  const answer = await fetch(path, {method: "POST", headers, body: JSON.stringify(body)});
  return [answer.status, answer.status === 204 ? null : await answer.json()];
}"""
ADD = f"""async () => {{
  const send = {SEND};
  const [, asked] = await send("/v1/passkeys/registrations/options", {{}});
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked.options);
  const made = await navigator.credentials.create({{publicKey}});
  return send("/v1/passkeys/registrations", {{name: "Chromium", credential: made.toJSON()}});
}}"""
USE = f"""async () => {{
  const send = {SEND};
  const [, asked] = await send("/v1/passkeys/sign-ins/options", {{}});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.options);
  const found = await navigator.credentials.get({{publicKey}});
  return send("/v1/passkeys/sign-ins", {{credential: found.toJSON()}});
}}"""
ME = "async () => { const me = await fetch('/v1/me'); return [me.status, await me.json()]; }"


async def begin(page: Page) -> tuple[int, Any]:
    """Begin as a guest, signed in by the cookie."""
    status, found = await page.evaluate(f"() => ({SEND})('/v1/guests', {{}}, crypto.randomUUID())")
    return status, found


async def end(page: Page) -> None:
    """Sign out."""
    status, _ = await page.evaluate(f"() => ({SEND})('/v1/sign-out', {{}})")
    assert status == 204


async def test_a_browsers_passkey_is_made_and_signs_in_again(
    chromium: Browser, demo: RunningDemo
) -> None:
    context = await chromium.new_context()
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    await page.goto(demo.url.replace("127.0.0.1", "localhost") + "/docs/errors")
    status, begun = await begin(page)
    assert (status, set(begun)) == (201, {"user"})
    status, passkey = await page.evaluate(ADD)
    assert (status, passkey["name"]) == (201, "Chromium")
    await end(page)
    assert (await page.evaluate(ME))[0] == 401
    assert await context.cookies() == []
    status, found = await page.evaluate(USE)
    assert (status, found) == (201, begun)
    assert await page.evaluate(ME) == [200, begun["user"]]
    (cookie,) = await context.cookies()
    assert (cookie.get("name"), cookie.get("httpOnly"), cookie.get("secure")) == (
        "__Host-session",
        True,
        True,
    )
    assert await page.evaluate("document.cookie") == ""
    await context.close()


async def test_the_cookie_of_a_page_works_by_address_and_by_name(
    chromium: Browser, demo: RunningDemo
) -> None:
    for url in (demo.url, demo.url.replace("127.0.0.1", "localhost")):
        context = await chromium.new_context()
        page = await context.new_page()
        await page.goto(url + "/docs/errors")
        _, begun = await begin(page)
        assert await page.evaluate(ME) == [200, begun["user"]]
        await end(page)
        assert (await page.evaluate(ME))[0] == 401
        await context.close()
