"""The sandbox while the server runs: fake APNs and Google, mail listener, the demo's phones."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx2
import msgspec
from cryptography import x509

from app.clock import Clock, rfc3339
from app.http.secrets import Secrets
from app.privacy.erasing import Gone
from app.sandbox.certificates import DevelopmentCertificates
from app.sandbox.cms import Refused
from app.sandbox.fake_apple import FakeApple, Push
from app.sandbox.fake_google import FakeGoogle
from app.sandbox.mails import Mail, MailListener
from app.sandbox.phone import Answer, Phone
from app.sandbox.pixels import Pixels

MEMORY = 200  # pushes and lock-screen texts kept for the page
_ANSWER_SECONDS = 10.0
PHONES = {"Camille's iPhone": "fr", "Sam's iPhone": "en"}  # name → language


class Happening(msgspec.Struct, frozen=True):
    """A line of what went on."""

    at: str
    text: str


class Sandbox:
    """Run it with `start` and `close`. `say` hears each line as it happens."""

    def __init__(
        self,
        certificates: DevelopmentCertificates,
        secrets: Secrets,
        *,
        clock: Clock,
        apns_port: int,
        say: Callable[[str], None],
        google: FakeGoogle | None = None,
        google_memory: Path | None = None,
    ) -> None:
        """`google_memory`: where the fake Google's classes and objects outlive a restart."""
        self._clock = clock
        self._say = say
        self.apple = FakeApple(certificates, clock=clock, port=apns_port, on_push=self._pushed)
        self.mails = MailListener(clock, self._mailed)
        self.happenings: deque[Happening] = deque(maxlen=MEMORY)
        self._root = x509.load_pem_x509_certificate(certificates.root.read_bytes())
        self._client = httpx2.AsyncClient(timeout=_ANSWER_SECONDS)
        self._pass_url, self._address = "", ""
        self.phones = {
            name: Phone(self._ask, self._root, _DerivedRandomness(secrets, name), language=language)
            for name, language in PHONES.items()
        }
        self.pixels = Pixels(google, self._ask, self._note, memory=google_memory)
        self._busy: dict[str, asyncio.Task[None]] = {}  # push token → the phone's one errand
        self._again: set[tuple[str, str]] = set()  # pushed while it was on its way

    async def start(self) -> None:
        """Listen for pushes and mails."""
        await self.apple.start()
        await self.mails.start()
        self.pixels.start()

    async def close(self) -> None:
        """Stop listening; errands of the phones end."""
        for task in tuple(self._busy.values()):
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)
        await self.pixels.close()
        await self._client.aclose()
        await self.mails.close()
        await self.apple.close()

    @property
    def google(self) -> FakeGoogle | None:
        """The sandbox's Google; None where the settings name another."""
        return self.pixels.google

    @property
    def address(self) -> str:
        """Where this server really listens; "" before it answers."""
        return self._address

    def now(self) -> int:
        """Return the time (microseconds)."""
        return self._clock.wall()

    def reach(self, pass_url: str, address: str) -> None:
        """Say what address passes name, and where this server really listens."""
        self._pass_url, self._address = pass_url, address
        self.pixels.reach(address)

    async def hold(self, card_ids: Sequence[str], user_token: str) -> None:
        """Put a user's cards on all phones, as their owner would."""
        headers = {"Authorization": f"Bearer {user_token}"}
        for name, phone in self.phones.items():
            for card_id in card_ids:
                url = f"{self._address}/v1/cards/{card_id}/apple.pkpass"
                answer = await self._ask("GET", url, headers, b"")
                if answer.status != 200:
                    self._note(f"{name}: a pass was answered {answer.status}")
                    continue
                opened = await phone.add(answer.body, modified=answer.headers.get("last-modified"))
                self._note(f"{name} holds {opened.document['organizationName']}")
        await self.pixels.hold(
            [f"{self._address}/v1/cards/{it}/google" for it in card_ids], headers
        )

    async def forget(self, gone: Gone) -> None:
        """Keep nothing of a user who was erased: mails to him, and lines that tell of them."""
        self.mails.forget(gone.addresses)
        for line in tuple(self.happenings):
            if any(address in line.text for address in gone.addresses):
                self.happenings.remove(line)
        if self.google is not None:
            self.google.memory.forget_accounts(gone.addresses)

    def _pushed(self, push: Push) -> None:
        """Have the phone go and see; further pushes on its way make one more errand."""
        name = next((n for n, p in self.phones.items() if p.push_token == push.token), None)
        self._note(f"push to {name or 'another device'} ({push.topic})")
        if name is None:
            return
        if push.token in self._busy:
            self._again.add((push.token, push.topic))
            return
        task = asyncio.get_running_loop().create_task(self._errand(name, push))
        self._busy[push.token] = task
        task.add_done_callback(lambda _: self._free(push))

    async def _errand(self, name: str, push: Push) -> None:
        try:
            shown = await self.phones[name].pushed(push.topic)
        except (Refused, AssertionError, httpx2.HTTPError) as error:
            self._note(f"{name} could not pull: {error}")
            return
        for notification in shown:
            self._note(f"{name} shows: {notification.text}")

    def _free(self, push: Push) -> None:
        self._busy.pop(push.token, None)
        for token, topic in sorted(self._again):
            if token == push.token:
                self._again.discard((token, topic))
                self._pushed(Push(token, topic, push.at))
                return

    def _mailed(self, mail: Mail) -> None:
        text = f"mail to {mail.to}: {mail.subject}\n    " + mail.text.replace("\n", "\n    ")
        # What is printed may be kept by whoever started this, and nobody erases it there.
        self._note(text, said=text.replace(mail.to, _masked(mail.to)))

    def _note(self, text: str, *, said: str | None = None) -> None:
        self.happenings.append(Happening(rfc3339(self._clock.wall()), text))
        self._say(said or text)

    async def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Carry a phone's request to where the server listens, whatever name stands in passes."""
        if self._pass_url and url.startswith(self._pass_url):
            url = self._address + url.removeprefix(self._pass_url)
        url = self.pixels.reached(url)
        answer = await self._client.request(method, url, headers=headers, content=body)
        lowered = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status_code, lowered, answer.content)


def _masked(address: str) -> str:
    """Write an address so that its owner knows it and nobody else does."""
    name, _, host = address.rpartition("@")
    return f"{name[:1]}…@{host}"


class _DerivedRandomness:
    """Bytes from the secrets and a name: the same phones come back after a restart."""

    def __init__(self, secrets: Secrets, name: str) -> None:
        self._secrets = secrets
        self._name = name
        self._drawn = 0

    def bytes(self, count: int) -> bytes:
        """Return the next bytes of this name, at most 32."""
        self._drawn += 1
        return self._secrets.tag("sandbox-phone", self._name, str(self._drawn))[:count]
