"""One long-lived TCP line for many sessions: answers are matched by type, trace, terminal and merchant number.

What never left is told apart from what may have arrived. While the line is down it is dialled again, with growing
pauses and the two addresses in turn; what waits to be sent waits a moment for it, and what was sent before is lost.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import NamedTuple, cast

import structlog

from yinyi.access.payment.unionpay.config import Address, Settings
from yinyi.access.payment.unionpay.errors import AnswerLost, NothingSent
from yinyi.wire.iso8583.codec import Unpacked, unpack
from yinyi.wire.iso8583.errors import Iso8583Error
from yinyi.wire.iso8583.framing import Frames, framed
from yinyi.wire.iso8583.model import Profile

log = structlog.get_logger()


class Match(NamedTuple):
    """What an answer has to say in order to be the one that is waited for."""

    mti: str
    trace_no: str
    terminal_no: str
    merchant_no: str


class Line(asyncio.Protocol):
    """``unmatched`` hears every message that nobody waits for (any more)."""

    def __init__(self, settings: Settings, profile: Profile, unmatched: Callable[[Match, Unpacked], None]) -> None:
        self._settings = settings
        self._profile = profile
        self._unmatched = unmatched
        self._waiting: dict[Match, asyncio.Future[Unpacked]] = {}
        self._transport: asyncio.Transport | None = None
        self._frames = Frames(profile)
        self._up = asyncio.Event()
        self._down = asyncio.Event()
        self._dialler: asyncio.Task[None] | None = None
        self._at = 0
        self._unanswered = 0

    @property
    def is_up(self) -> bool:
        return self._up.is_set()

    @property
    def waiting(self) -> int:
        """So many messages wait for an answer."""
        return len(self._waiting)

    def start(self) -> None:
        """Begins to dial; does not wait for it."""
        self._dialler = asyncio.create_task(self._dial(), name=f"line {self._settings.name}")

    async def stop(self) -> None:
        if self._dialler is not None:
            self._dialler.cancel()
            await asyncio.gather(self._dialler, return_exceptions=True)
            self._dialler = None
        if self._transport is not None:
            self._transport.abort()
        self._lose("the platform is stopping")

    async def exchange(self, match: Match, body: bytes, timeout_s: float) -> Unpacked:
        """Sends once and waits for what matches.

        Raises:
            NothingSent: the line is down, too much waits already, or the same is waited for.
            AnswerLost: none came in time, or the line broke meanwhile.
        """
        transport = await self._ready()
        if match in self._waiting or len(self._waiting) >= self._settings.most_waiting:
            raise NothingSent("the line is full" if match not in self._waiting else "it is on its way already")
        frame = framed(self._profile, body)
        answer = self._waiting[match] = asyncio.get_running_loop().create_future()
        try:
            transport.write(frame)
            async with asyncio.timeout(timeout_s):
                return await answer
        except TimeoutError as error:
            self._silent(transport)
            raise AnswerLost(f"no answer within {timeout_s:g} s") from error
        finally:
            self._waiting.pop(match, None)

    # ---- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        dialled = cast(asyncio.Transport, transport)  # uvloop's own is no subclass of it
        _keep_alive(dialled, self._settings.keepalive_idle_s)
        self._transport = dialled
        self._frames = Frames(self._profile)
        self._unanswered = 0
        self._down.clear()
        self._up.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._up.clear()
        self._down.set()
        self._lose("the line broke")

    def data_received(self, data: bytes) -> None:
        try:
            for body in self._frames.feed(data):
                self._heard(body)
        except Iso8583Error as error:
            log.warning("line.nonsense", line=self._settings.name, why=str(error))
            if self._transport is not None:
                self._transport.abort()

    def pause_writing(self) -> None:
        """The other side does not read: nothing more is sent to it."""
        self._up.clear()

    def resume_writing(self) -> None:
        if self._transport is not None:
            self._up.set()

    # ---- inside

    def _heard(self, body: bytes) -> None:
        self._unanswered = 0
        heard = unpack(self._profile, body)
        message = heard.message
        match = Match(message.mti, message.text(11), message.text(41), message.text(42))
        answer = self._waiting.get(match)
        if answer is None or answer.done():
            self._unmatched(match, heard)
        else:
            answer.set_result(heard)

    async def _ready(self) -> asyncio.Transport:
        if not self._up.is_set():
            try:
                async with asyncio.timeout(self._settings.send_within_s):
                    await self._up.wait()
            except TimeoutError as error:
                raise NothingSent("the line is down") from error
        if self._transport is None or self._transport.is_closing():
            raise NothingSent("the line is down")
        return self._transport

    def _silent(self, transport: asyncio.Transport) -> None:
        """A line that is up and says nothing to many in a row is as good as down: the other address is tried."""
        self._unanswered += 1
        if self._unanswered >= self._settings.silent_after and transport is self._transport:
            log.warning("line.silent", line=self._settings.name, unanswered=self._unanswered)
            self._at += 1
            transport.abort()

    def _lose(self, why: str) -> None:
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(AnswerLost(why))

    async def _dial(self) -> None:
        failed = 0
        while True:
            address = self._settings.addresses[self._at % len(self._settings.addresses)]
            try:
                await self._connect(address)
            except (OSError, TimeoutError) as error:
                ladder = self._settings.reconnect_s
                log.warning("line.down", line=self._settings.name, host=address.host, why=type(error).__name__)
                self._at += 1
                if self._at % len(self._settings.addresses) == 0:
                    await asyncio.sleep(ladder[min(failed, len(ladder) - 1)])
                    failed += 1
                continue
            log.info("line.up", line=self._settings.name, host=address.host)
            failed = 0
            await self._down.wait()

    async def _connect(self, address: Address) -> None:
        loop = asyncio.get_running_loop()
        secured = _tls(address) if address.tls_name else None
        name = address.tls_name or None
        async with asyncio.timeout(self._settings.connect_timeout_s):
            await loop.create_connection(lambda: self, address.host, address.port, ssl=secured, server_hostname=name)


def _tls(address: Address) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=address.tls_ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _keep_alive(transport: asyncio.Transport, idle_s: int) -> None:
    """No Nagle; and TCP finds out within two minutes that the other side is gone without a word."""
    end: socket.socket | None = transport.get_extra_info("socket")
    if end is None:
        return
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle_s)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
