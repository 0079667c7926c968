"""The same letters by NATS, for those who have it: ``yinyi.hospital.<institution>.<Operation>``, request and reply.

Each institution's account may publish below its own name and read its own inbox; nobody is answered anywhere else. NATS
delivers once or not at all: whoever hears nothing asks again, with the same key.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Protocol

import structlog

from yinyi.interface.queue import letter as said
from yinyi.interface.queue.asking import Asking, refusal
from yinyi.interface.queue.letter import Answer, Letter
from yinyi.interface.queue.server import AT_ONCE, DRAINED_WITHIN_S, LONGEST_PAUSE_S, WITHIN_S
from yinyi.kernel.errors import Busy, YinyiError

log = structlog.get_logger()

MOST_WAITING = 512
_FIRST_PAUSE_S = 0.5

Heard = Callable[[str, str, Mapping[str, str], bytes], Awaitable[None]]
"""Subject, where to answer (empty: nowhere), headers, body."""


class LetterBus(Protocol):
    """A connection to the institutions' NATS, as ``NatsTransport``."""

    @property
    def connected(self) -> bool: ...

    async def share(self, subject: str, group: str, heard: Heard) -> None: ...

    async def send(self, subject: str, body: bytes, headers: Mapping[str, str]) -> None: ...

    async def close(self) -> None: ...


Connects = Callable[[], Awaitable[LetterBus]]


class Subjects:
    """``name``: with which the subjects begin; dead letters are told at ``NAME.dead`` to whoever listens."""

    def __init__(self, asking: Asking, connects: Connects, name: str) -> None:
        self._asking = asking
        self._connects = connects
        self.name = name
        self._bus: LetterBus | None = None
        self._starting: asyncio.Task[None] | None = None
        self._working: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_ONCE)
        self.opened = asyncio.Event()

    @property
    def connected(self) -> bool:
        return self._bus is not None and self.opened.is_set() and self._bus.connected

    def start(self) -> None:
        """Answers from now on, as soon as there is a server."""
        self._starting = asyncio.create_task(self._begin())

    async def close(self) -> None:
        """What is being answered still is; asking twice is fine."""
        if self._starting:
            self._starting.cancel()
            with suppress(asyncio.CancelledError):
                await self._starting
        if self._working:
            await asyncio.wait(self._working, timeout=DRAINED_WITHIN_S)
        bus, self._bus = self._bus, None
        if bus:
            await bus.close()

    async def _begin(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                await self._share(await self._connects())
                return
            except Exception as error:  # whatever the library says: it is away, and everything else goes on
                log.warning("queue.nats_away", why=str(error)[:200] or type(error).__name__, again_after_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _share(self, bus: LetterBus) -> None:
        self._bus = bus
        try:
            await bus.share(f"{self.name}.*.*", self.name, self._heard)
        except BaseException:
            self._bus = None
            await bus.close()
            raise
        self.opened.set()
        log.info("queue.nats_open", subject=self.name)

    async def _heard(self, subject: str, reply_to: str, headers: Mapping[str, str], body: bytes) -> None:
        task = asyncio.create_task(self._work(subject, reply_to, headers, body))
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _work(self, subject: str, reply_to: str, headers: Mapping[str, str], body: bytes) -> None:
        *_, institution_id, operation = subject.split(".")
        if reply_to and not reply_to.startswith(f"_INBOX.{institution_id}."):
            log.warning("queue.foreign_inbox", institution=institution_id[:40], reply=reply_to[:100])
            return
        letter = letter_of(institution_id, operation, headers, body)
        answer = await self._answer(letter)
        if not reply_to and answer.done:
            return
        told = {name: " ".join(value.split()) for name, value in answer.properties.items()}
        try:
            if reply_to:
                await self._send(reply_to, answer.body, told)
            else:
                log.warning("queue.dead_letter", queue=self.name, code=answer.properties[said.CODE])
                await self._send(f"{self.name}.dead", body, {**letter.properties, **told})
        except Exception as error:  # it is away: whoever waits asks again
            log.warning("queue.unsent", why=type(error).__name__)

    async def _answer(self, letter: Letter) -> Answer:
        if len(self._working) > MOST_WAITING:
            return self._refused(letter, Busy())
        async with self._places:
            return await self._asking.answer(letter)

    def _refused(self, letter: Letter, error: YinyiError) -> Answer:
        return refusal(letter, letter.said(said.OPERATION), error, "")

    async def _send(self, subject: str, body: bytes, headers: Mapping[str, str]) -> None:
        if self._bus:
            await self._bus.send(subject, body, headers)


def letter_of(institution_id: str, operation: str, headers: Mapping[str, str], body: bytes) -> Letter:
    """Who asks and what is told by the subject, which the server has checked: what the headers say besides is not
    heard, so that the signature has to be his."""
    told = {name: value for name, value in headers.items() if name.startswith("Yinyi")}
    return Letter({**told, said.INSTITUTION: institution_id, said.OPERATION: operation}, body, WITHIN_S)
