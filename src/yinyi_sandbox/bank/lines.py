"""The bank's addresses: sockets, connections, and what happens to answers on their way."""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal, cast

import structlog

from yinyi.wire.iso8583.errors import Iso8583Error
from yinyi.wire.iso8583.framing import Frames
from yinyi.wire.iso8583.model import Profile
from yinyi_sandbox.bank.faults import Delivery

LineState = Literal["up", "silent", "refusing"]
"""silent: takes connections, does nothing and never answers. refusing: takes none, and cuts what is open."""
Answered = tuple[bytes, Delivery, int]
Answer = Callable[[Profile, bytes], Answered]
Together = Callable[[], AbstractContextManager[None]]
_AT_ONCE = 16
"""So many messages are kept as one, and their answers leave together."""
_MOST_WAITING = 1_024
_CUTS: frozenset[Delivery] = frozenset({"dropped", "torn"})
"""What comes behind it on this connection is not heard any more."""

_log = structlog.get_logger()


class Line:
    """One address of the bank, in one dialect."""

    def __init__(
        self,
        name: str,
        profile: Profile,
        answer: Answer,
        together: Together,
        *,
        idle_s: float,
        most: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """together: what is answered within is kept as one. idle_s: so long a connection may say nothing. most: so
        many connections are taken. tls: None: without."""
        self.name = name
        self.profile = profile
        self.state: LineState = "up"
        self.port = 0
        self.connections: set[Connection] = set()
        self.held: list[tuple[Connection, bytes]] = []
        self.answer = answer
        self.together = together
        self.idle_s = idle_s
        self.most = most
        self._tls = tls
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> None:
        """``port`` 0 takes a free one.

        Raises:
            OSError: the port is taken.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), "127.0.0.1", port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def turn(self, state: LineState) -> None:
        """Makes it so from now on."""
        self.state = state
        if state == "refusing":
            await self.stop()
        elif self._server is None:
            await self.start(self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self.hang_up()

    def hang_up(self) -> None:
        """Cuts every connection, whatever it is doing."""
        for connection in list(self.connections):
            connection.hang_up("the bank hangs up")

    def release(self, *, backwards: bool = False) -> int:
        """Sends the answers that are held; returns how many."""
        held, self.held = self.held, []
        for connection, answer in reversed(held) if backwards else held:
            connection.send(answer)
        return len(held)

    def let_go(self, connection: "Connection", answer: bytes) -> None:
        """Sends one that is held, if it still is."""
        if (connection, answer) in self.held:
            self.held.remove((connection, answer))
            connection.send(answer)


class Connection(asyncio.Protocol):
    """A terminal's, or a platform's for many terminals."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._frames = Frames(line.profile)
        self._waiting: deque[bytes] = deque()
        self._wrong = ""
        self._is_full = self._is_unread = False
        self._overtaken: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has its methods, and is no subclass
        self._line.connections.add(self)
        if len(self._line.connections) > self._line.most:
            self.hang_up("too many connections")
            return
        self._watch = self._loop.call_later(self._line.idle_s, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._line.connections.discard(self)
        self._line.held = [each for each in self._line.held if each[0] is not self]
        if self._watch:
            self._watch.cancel()
        if self._frames.waiting:
            _log.info("bank_connection_cut_off", line=self._line.name, waiting_bytes=self._frames.waiting)

    def eof_received(self) -> None:
        """What was said before is answered."""
        while self._waiting:
            self._go_on()

    def pause_writing(self) -> None:
        """Who does not read is not listened to either, and is idle before long."""
        self._is_unread = True
        self._listen()

    def resume_writing(self) -> None:
        self._is_unread = False
        self._listen()

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        if self._line.state == "silent" or self._is_closing():
            return
        is_idle = not self._waiting
        try:
            self._waiting += self._frames.feed(data)
            self._frames.feed(b"")  # tells at once of a wrong length behind whole messages
        except Iso8583Error as error:
            self._wrong = str(error)
        if is_idle:
            self._go_on()
        self._read_no_faster()

    def _go_on(self) -> None:
        """Some of what waits; the rest when their answers have left, so that both sides are at work at once."""
        if self._is_closing():
            self._waiting.clear()
            return
        answers: list[Answered] = []
        try:
            if self._waiting:
                self._answer(answers)
        except Iso8583Error as error:
            self._wrong = str(error)
            self._waiting.clear()
        self._deliver_all(answers)
        if self._waiting:
            self._loop.call_soon(self._go_on)
        elif self._wrong:
            self.hang_up(self._wrong)
        else:
            self._read_no_faster()

    def _answer(self, answers: list[Answered]) -> None:
        with self._line.together():
            for _ in range(min(_AT_ONCE, len(self._waiting))):
                answer = self._line.answer(self._line.profile, self._waiting.popleft())
                answers.append(answer)
                if answer[1] in _CUTS:
                    return

    def _read_no_faster(self) -> None:
        """Who sends more than is answered is not listened to for a while."""
        is_full = len(self._waiting) >= _MOST_WAITING
        if is_full != self._is_full:
            self._is_full = is_full
            self._listen()

    def _listen(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._is_full or self._is_unread:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def send(self, answer: bytes) -> None:
        """Now, and after it what it has overtaken."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(answer)
        if not self._overtaken:
            return
        overtaken, self._overtaken = self._overtaken, []
        for late in overtaken:
            self._transport.write(late)

    def hang_up(self, reason: str) -> None:
        _log.info("bank_connection_closed", line=self._line.name, reason=reason)
        if self._transport:
            self._transport.abort()

    def _is_closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def _deliver_all(self, answers: list[Answered]) -> None:
        """In one go where nothing is to happen to any of them."""
        if len(answers) > 1 and not self._overtaken and all(delivery == "now" for _, delivery, _ in answers):
            self.send(b"".join([answer for answer, _, _ in answers]))
            return
        for each in answers:
            self._deliver(*each)

    def _deliver(self, answer: bytes, delivery: Delivery, ms: int) -> None:
        match delivery:
            case "now":
                self.send(answer)
            case "never":
                return
            case "dropped":
                self.hang_up("a fault was asked for")
            case "held":
                self._line.held.append((self, answer))
                if ms:
                    self._loop.call_later(ms / 1_000, self._line.let_go, self, answer)
            case "overtaken":
                self._overtaken.append(answer)
            case "torn":
                self._tear(answer)
            case "twice":
                self.send(answer + answer)

    def _tear(self, answer: bytes) -> None:
        self.send(answer[: len(answer) // 2])
        if self._transport:
            self._transport.close()

    def _look(self) -> None:
        left_s = self._heard_at + self._line.idle_s - self._loop.time()
        if left_s > 0:
            self._watch = self._loop.call_later(left_s, self._look)
        else:
            self.hang_up("nothing was said for too long")
