"""A plain h2 client, to ask the fake APNs what our own client never would."""

from __future__ import annotations

import asyncio
import json
import ssl

import h2.config
import h2.connection
import h2.events

from app.sandbox.certificates import PASS_TYPE

TOKEN = "ab" * 32


class Client:
    """One connection; by certificate when a signer is given."""

    def __init__(self, apple, certificates, signer=None) -> None:
        self._apple, self._certificates, self._signer = apple, certificates, signer
        self._h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                header_encoding="utf-8",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )

    async def __aenter__(self) -> Client:
        context = ssl.create_default_context(cafile=self._certificates.apns_ca)
        context.set_alpn_protocols(["h2"])
        if self._signer is not None:
            context.load_cert_chain(self._signer.certificate, self._signer.key)
        host, port = self._apple.url.removeprefix("https://").split(":")
        streams = await asyncio.open_connection(host, int(port), ssl=context)
        self._reader, self._writer = streams
        self._h2.initiate_connection()
        return self

    async def __aexit__(self, *_) -> None:
        self._writer.transport.abort()

    def push(self, token: str = TOKEN, **headers: str | None) -> dict[str, str]:
        """Write a good push's headers; None drops one, `_` in a name is `-`."""
        at = self._apple.clock.wall() // 1_000_000
        usual = {
            ":method": "POST",
            ":scheme": "https",
            ":path": f"/3/device/{token}",
            ":authority": "127.0.0.1",
            "apns-topic": PASS_TYPE,
            "apns-push-type": "background",
            "apns-priority": "5",
            "apns-expiration": str(at + 86_400),
        }
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        return {name: value for name, value in (usual | changed).items() if value is not None}

    async def send(self, *requests: dict[str, str], body: bytes = b"{}") -> None:
        """Send requests, without waiting."""
        for headers in requests:
            stream = self._h2.get_next_available_stream_id()
            self._h2.send_headers(stream, list(headers.items()), end_stream=not body)
            if body:
                self._h2.send_data(stream, body, end_stream=True)
        self._writer.write(self._h2.data_to_send())

    async def ask(self, headers: dict[str, str], *, body: bytes = b"{}") -> tuple[int, str | None]:
        """Send one request; return its status and reason."""
        await self.send(headers, body=body)
        status, said = 0, b""
        while True:
            for event in self._h2.receive_data(await self._reader.read(65_536)):
                if isinstance(event, h2.events.ResponseReceived):
                    status = int(dict(event.headers)[":status"])
                if isinstance(event, h2.events.DataReceived):
                    said += event.data
                if isinstance(event, h2.events.StreamEnded):
                    return status, json.loads(said)["reason"] if said else None
            self._writer.write(self._h2.data_to_send())

    async def raw(self, data: bytes) -> None:
        """Send bytes as they are, after the preface."""
        self._writer.write(self._h2.data_to_send() + data)

    async def ended(self) -> bool:
        """Read until the server hangs up."""
        try:
            while await self._reader.read(65_536):
                pass
        except OSError:
            pass
        return True
