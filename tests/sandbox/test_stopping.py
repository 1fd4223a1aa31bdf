"""A server that is asked to stop does so, whatever pages are open."""

from __future__ import annotations

from pathlib import Path

import httpx2

from tests.sandbox.demo_server import running_demo


def test_an_open_stream_of_events_does_not_hold_a_server_that_stops(tmp_path: Path) -> None:
    with httpx2.Client(timeout=30, trust_env=False) as client:
        with running_demo(tmp_path) as demo:
            guest = client.post(
                f"{demo.url}/v1/guests", json={}, headers={"Idempotency-Key": "stopping"}
            ).json()
            headers = {"Authorization": f"Bearer {guest['token']}"}
            opened = client.send(
                client.build_request("GET", f"{demo.url}/v1/me/events", headers=headers),
                stream=True,
            )
            lines = opened.iter_lines()
            assert next(lines) == "retry: 3000"
        assert "event: ready" in list(lines)  # the server has ended it, not the connection
        opened.close()
