"""Lines of institutions over TCP: several requests at once on each, answered as they are done, within limits."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol, cast

import structlog

from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller
from yinyi.interface import body
from yinyi.interface.body import TooLarge, TooSlow
from yinyi.interface.metrics import Metrics
from yinyi.interface.socket.asking import Asking
from yinyi.interface.within_tls import HANDSHAKE_S, SHUTDOWN_S, shown
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import Busy, YinyiError
from yinyi.wire.institution_message import ANSWERED, ASKED, FrameForm, length_of
from yinyi.wire.iso8583.errors import FrameError
from yinyi.wire.iso8583.framing import Frames, framed

log = structlog.get_logger()

MOST_LINES = 256
"""Connections at once."""
MOST_STRANGERS = 32
"""Of those, from one address, over which nobody has signed on yet."""
SIGN_ON_S = 10.0
"""Whoever has not signed on by then is let go, whatever else he asks."""
HEARD_OUT_S = 1.0
"""Whoever sends more than is taken is heard out so long: a connection that is closed before it is read to its end is
reset, and the answer is lost with it (RFC 9112, 9.6)."""
CLOSED_WITHIN_S = 5.0
"""Whoever does not read to the end does not keep a connection longer."""
AT_ONCE = 32
"""Requests at once over one connection; nothing more is read from it meanwhile."""
IDLE_S = 300.0
"""Nothing was asked for so long."""
MOST_UNREAD = 1 << 20
"""So many bytes of answers may wait for whoever does not read them."""


class Answers(Protocol):
    """See ``Asking``."""

    async def answer(self, frame: bytes, lines: set[str], most: int, certificate: str) -> bytes: ...

    def refused(self, error: YinyiError) -> bytes: ...


class Socket:
    """All lines of one interface. ``close`` ends them."""

    def __init__(self, bus: BusClient, metrics: Metrics, clock: Clock, caller: Caller) -> None:
        self._asking = Asking(bus, metrics, clock, caller)
        self._lines: set[_Line] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """The port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._line,
            host,
            port,
            backlog=128,
            ssl=tls,
            ssl_handshake_timeout=HANDSHAKE_S if tls else None,
            ssl_shutdown_timeout=SHUTDOWN_S if tls else None,
        )
        return self._server.sockets[0].getsockname()[1]

    def _line(self) -> asyncio.Protocol:
        return _Line(self._asking, self._lines)

    async def close(self) -> None:
        """Nobody is let in any more; what is being asked is answered to nobody. Asking twice is fine."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for line in list(self._lines):
            line.end()


class _Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, asking: Answers, everyone: "set[_Line]") -> None:
        self._asking = asking
        self._everyone = everyone
        self._loop = asyncio.get_running_loop()
        self._opened: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._form: FrameForm = ANSWERED["binary-2"]
        self._start: bytes = b""
        self._frames: Frames | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._sign_on: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._ending = False
        self._begun = False
        self._certificate = ""
        self._address = ""

    # -- what comes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # not every loop's own class is one
        self._transport.set_write_buffer_limits(high=MOST_UNREAD)
        self._certificate = shown(transport)
        self._address = str((transport.get_extra_info("peername") or ("",))[0])
        strangers = sum(each.is_strange and each._address == self._address for each in self._everyone)
        if len(self._everyone) >= MOST_LINES or strangers >= MOST_STRANGERS:
            self._refuse(Busy())
            return
        self._everyone.add(self)
        self._sign_on = self._loop.call_later(SIGN_ON_S, self._end_if_strange)
        self._wait(IDLE_S, self.end)

    @property
    def is_strange(self) -> bool:
        """Nobody has signed on over it."""
        return not self._opened

    def _end_if_strange(self) -> None:
        if self.is_strange and not self._ending:
            self._refuse(TooSlow())

    def data_received(self, data: bytes) -> None:
        if self._ending:
            return
        if self._frames is None:
            data = self._start + data
            length = length_of(data)
            if length is None:
                self._start = data
                return
            self._form, self._frames = ANSWERED[length], Frames(ASKED[length])
        try:
            frames = self._frames.feed(data)
            for frame in frames:
                self._begin(frame)
            self._frames.feed(b"")  # a length that is wrong is said at once
        except FrameError as error:
            self._send(self._asking.refused(TooLarge(str(error))))
            self._ending = True
            self._wait(HEARD_OUT_S, self.end)
            return
        self._next(fresh=bool(frames))

    def _next(self, *, fresh: bool) -> None:
        """fresh: what waits to become whole has just begun."""
        assert self._frames is not None, "something has come"
        if not self._frames.waiting:
            self._begun = False
            self._wait(IDLE_S, self.end)
        elif fresh or not self._begun:
            self._begun = True
            self._wait(body.WITHIN_S, lambda: self._refuse(TooSlow()))

    def _begin(self, frame: bytes) -> None:
        task = self._loop.create_task(self._answer(frame))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        if len(self._tasks) >= AT_ONCE and self._transport is not None:
            self._transport.pause_reading()

    async def _answer(self, frame: bytes) -> None:
        self._send(await self._asking.answer(frame, self._opened, self._form.max_frame, self._certificate))

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if len(self._tasks) < AT_ONCE and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # -- what goes

    def _send(self, content: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(framed(self._form, content))

    def pause_writing(self) -> None:
        """Whoever does not read what he has asked for is let go."""
        log.info("socket.unread")
        self.abort()

    def _refuse(self, error: YinyiError) -> None:
        self._send(self._asking.refused(error))
        self.end()

    # -- its end

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, then)

    def end(self) -> None:
        self._ending = True
        if self._transport is not None:
            self._transport.close()
            self._wait(CLOSED_WITHIN_S, self.abort)

    def abort(self) -> None:
        self._ending = True
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """What was asked goes on to its end in the business layer; nobody is told."""
        self._everyone.discard(self)
        self._transport = None
        for timer in (self._timer, self._sign_on):
            if timer is not None:
                timer.cancel()
        for task in self._tasks:
            task.cancel()
