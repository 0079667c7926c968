"""One long-lived TCP line for many sessions: answers are matched by type, trace, terminal and merchant number.

What never left is told apart from what may have arrived. While the line is down it is dialled again, with growing
pauses and the two addresses in turn; what waits to be sent waits a moment for it, and what was sent before is lost.
"""

import asyncio
from asyncio import sleep as pause
from collections.abc import Callable
from typing import NamedTuple

import structlog

from yinyi.access.payment.unionpay.config import Address, Settings
from yinyi.access.payment.unionpay.connection import Connection, keep_alive
from yinyi.access.payment.unionpay.errors import AnswerLost, NothingSent
from yinyi.access.payment.unionpay.tls import tls_of, why_gone, why_not
from yinyi.access.way_out import connected
from yinyi.kernel.plugin import RelayAddress
from yinyi.wire.iso8583.codec import Unpacked, unpack
from yinyi.wire.iso8583.errors import FrameError
from yinyi.wire.iso8583.model import Profile

log = structlog.get_logger()


class Match(NamedTuple):
    """What an answer has to say in order to be the one that is waited for."""

    mti: str
    trace_no: str
    terminal_no: str
    merchant_no: str


class Line:
    """``unmatched`` hears every message that nobody waits for (any more)."""

    def __init__(
        self,
        settings: Settings,
        profile: Profile,
        unmatched: Callable[[Match, Unpacked], None],
        relay: RelayAddress | None = None,
    ) -> None:
        self._settings = settings
        self._profile = profile
        self._unmatched = unmatched
        self._relay = relay
        self._waiting: dict[Match, asyncio.Future[Unpacked]] = {}
        self._connection: Connection | None = None
        self._up = asyncio.Event()
        self._dialler: asyncio.Task[None] | None = None
        self._at = 0
        self._unanswered = 0
        self._why: dict[Address, str] = {}

    @property
    def is_up(self) -> bool:
        return self._up.is_set()

    @property
    def why_down(self) -> str:
        """What was wrong with each address when it was last tried; empty while the line is up."""
        if self.is_up:
            return ""
        return "; ".join(f"{address.host}:{address.port}: {why}" for address, why in self._why.items())

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

    async def exchange(
        self, match: Match, body: bytes, timeout_s: float, may_send: Callable[[], bool] = lambda: True
    ) -> Unpacked:
        """Sends once and waits for what matches. ``may_send``: asked when everything else is ready.

        Raises:
            NothingSent: the line is down, too much waits already, or the same is waited for; no frame holds it, or it
                may not be sent any more.
            AnswerLost: none came in time, or the line broke meanwhile.
        """
        connection = await self._ready()
        if match in self._waiting or len(self._waiting) >= self._settings.most_waiting:
            raise NothingSent("the line is full" if match not in self._waiting else "it is on its way already")
        if not may_send():
            raise NothingSent("its session is not claimed any more")
        try:
            connection.send(body)
        except FrameError as error:
            raise NothingSent(str(error)) from error
        loop = asyncio.get_running_loop()
        answer = self._waiting[match] = loop.create_future()
        patience = loop.call_later(timeout_s, _give_up, answer)  # asyncio.timeout would drop what comes at the last
        try:
            return await answer
        except TimeoutError as error:
            self._silent(connection)
            raise AnswerLost(f"no answer within {timeout_s:g} s") from error
        finally:
            patience.cancel()
            del self._waiting[match]

    # ---- what comes

    def _heard(self, body: bytes) -> bool:
        """Whether somebody waited for it."""
        self._unanswered = 0
        heard = unpack(self._profile, body)
        message = heard.message
        match = Match(message.mti, message.text(11), message.text(41), message.text(42))
        answer = self._waiting.get(match)
        if answer is None or answer.done():
            self._unmatched(match, heard)
            return False
        answer.set_result(heard)
        return True

    def _turn(self, is_up: bool) -> None:
        if is_up and self._connection is not None:
            self._up.set()
        else:
            self._up.clear()

    # ---- inside

    async def _ready(self) -> Connection:
        if not self._up.is_set():
            try:
                async with asyncio.timeout(self._settings.send_within_s):
                    await self._up.wait()
            except TimeoutError as error:
                raise NothingSent("the line is down") from error
        if self._connection is None or not self._connection.is_open:
            raise NothingSent("the line is down")
        return self._connection

    def _silent(self, connection: Connection) -> None:
        """A line that is up and says nothing to many in a row is as good as down: the other address is tried."""
        self._unanswered += 1
        if self._unanswered >= self._settings.silent_after and connection is self._connection:
            connection.hang_up(f"{self._unanswered} in a row got no answer")

    async def _dial(self) -> None:
        failed, ladder = 0, self._settings.reconnect_s
        while True:
            address = self._settings.addresses[self._at % len(self._settings.addresses)]
            try:
                used = await self._used(address)
            except Exception as error:  # whatever it is, the line is dialled again
                self._is_down(address, why_not(error, address))
                used = None
            if used is not None and used.was_of_use:
                failed = 0
                if not used.is_spent:
                    continue
            self._at += 1
            if self._at % len(self._settings.addresses) == 0:
                await pause(ladder[min(failed, len(ladder) - 1)])
                failed += 1

    async def _used(self, address: Address) -> Connection:
        """Connected, and gone again."""
        connection = await self._connected(address)
        log.info("line.up", line=self._settings.name, host=address.host)
        self._connection, self._unanswered = connection, 0
        self._why.pop(address, None)
        self._turn(True)
        try:
            await connection.gone.wait()
        finally:
            self._turn(False)
            self._connection = None
            connection.hang_up("the platform is stopping")
            self._lose()
        self._is_down(address, why_gone(connection, address))
        return connection

    def _is_down(self, address: Address, why: str) -> None:
        self._why[address] = why
        log.warning("line.down", line=self._settings.name, host=address.host, why=why)

    def _lose(self) -> None:
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(AnswerLost("the line broke"))

    async def _connected(self, address: Address) -> Connection:
        secured = tls_of(address)
        most = 2 * self._settings.most_waiting
        connection = Connection(self._profile, self._heard, self._turn, most, self._settings.reconnect_s[-1])
        async with asyncio.timeout(self._settings.connect_timeout_s):
            name = address.tls_name or None
            at = (address.host, address.port)
            transport = await connected(self._relay, lambda: connection, *at, secured=secured, server_hostname=name)
        keep_alive(transport, self._settings.keepalive_idle_s, self._profile.answer_timeout_s)
        return connection


def _give_up(answer: asyncio.Future[Unpacked]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())
