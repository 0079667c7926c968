"""The platform's end of the terminal lines: a WebSocket at ``/terminal/line`` for the agent of each kiosk."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import msgspec
import structlog
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from yinyi.bus.client import BusClient
from yinyi.bus.envelope import Credentials
from yinyi.bus.operation import Operation
from yinyi.business.terminals.messages import Connected, Enrolled, EnrolTerminal
from yinyi.interface.terminal.errors import PASSING, LineOver, ending
from yinyi.interface.terminal.line import ASK_TIMEOUT_S, Line, Socket
from yinyi.interface.terminal.mapping import connecting, kinds_of
from yinyi.kernel.errors import YinyiError
from yinyi.wire import terminal_line as wire

log = structlog.get_logger()

PATH = "/terminal/line"
LINES_AT_MOST = 2000
HELLO_WITHIN_S = 10.0
WELCOME_WITHIN_S = 8.0
"""How long a restart of the bus is waited for before the agent is told to come again."""

Heard = Callable[[str, bytes], Awaitable[None]]
Listen = Callable[[str, Heard], Awaitable[Any]]
"""``listen(subject, heard)``: hear pushes as they happen, as ``NatsTransport.listen`` does."""


class _Push(msgspec.Struct, frozen=True):
    number: str
    version: int


class TerminalLines:
    """All lines that this process holds. It keeps nothing: a line that ends here begins again anywhere.

    ``start`` before serving, ``close`` before the server stops, so that agents are told.
    """

    def __init__(self, bus: BusClient, listen: Listen) -> None:
        self._bus = bus
        self._listen = listen
        self._lines: dict[str, set[Line]] = {}
        self._sockets = 0
        self._nobody = asyncio.Event()
        self._nobody.set()
        self._closing = False

    def routes(self) -> list[WebSocketRoute]:
        return [WebSocketRoute(PATH, self._serve)]

    async def start(self) -> None:
        await self._listen("event.terminal.*.PrintQueued", self._print_queued)
        await self._listen("event.terminal.*.CardAsked", self._card_asked)
        await self._listen("event.terminal.*.LineUp", self._line_up)
        await self._listen("event.terminal.*.RestartAsked", self._restart_asked)

    async def close(self, within_s: float = 3.0) -> None:
        """Every agent is told to come again; new ones are told at once."""
        self._closing = True
        for line in self._everyone():
            line.end(LineOver("shutting_down"))
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._nobody.wait()

    @property
    def open_lines(self) -> int:
        return len(self._everyone())

    def _everyone(self) -> list[Line]:
        return [line for lines in self._lines.values() for line in lines]

    # -- pushes

    async def _print_queued(self, subject: str, body: bytes) -> None:
        for line in self._lines.get(subject.split(".")[2], ()):
            line.look_for_papers()

    async def _card_asked(self, subject: str, body: bytes) -> None:
        for line in self._lines.get(subject.split(".")[2], ()):
            line.look_for_card()

    async def _restart_asked(self, subject: str, body: bytes) -> None:
        for line in self._lines.get(subject.split(".")[2], ()):
            line.restart()

    async def _line_up(self, subject: str, body: bytes) -> None:
        epoch = msgspec.json.decode(body, type=_Push).version
        for line in self._lines.get(subject.split(".")[2], ()):
            if line.epoch != epoch:
                line.check()

    # -- one connection

    async def _serve(self, websocket: WebSocket) -> None:
        await websocket.accept()
        socket = Socket(websocket)
        self._sockets += 1
        self._nobody.clear()
        try:
            await socket.close(await self._talk(socket))
        except LineOver as over:
            await socket.close(over)
        finally:
            self._sockets -= 1
            if not self._sockets:
                self._nobody.set()

    async def _talk(self, socket: Socket) -> LineOver:
        if self._closing:
            return LineOver("shutting_down")
        if self._sockets > LINES_AT_MOST:
            return LineOver("overloaded")
        line = await self._opened(socket)
        lines = self._lines.setdefault(line.terminal_id, set())
        lines.add(line)
        log.info("line.open", terminal_id=line.terminal_id, epoch=line.epoch)
        try:
            if self._closing:
                line.end(LineOver("shutting_down"))
            over = await line.run()
        finally:
            lines.discard(line)
            if not lines:
                self._lines.pop(line.terminal_id, None)
        log.info("line.over", terminal_id=line.terminal_id, epoch=line.epoch, reason=over.reason or "gone")
        return over

    async def _opened(self, socket: Socket) -> Line:
        """From hello to welcome.

        Raises:
            LineOver: no hello, no such terminal, or the platform is away.
        """
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):
                hello = await socket.receive()
        except TimeoutError:
            raise LineOver("protocol", "no hello") from None
        if not isinstance(hello, wire.Hello) or bool(hello.terminal_token) == bool(hello.enrolment_code):
            raise LineOver("protocol", "a line begins with hello and either a token or a code")
        try:
            async with asyncio.timeout(WELCOME_WITHIN_S):
                token = await self._enrolled(hello) if hello.enrolment_code else ""
                credentials = Credentials(terminal=token or hello.terminal_token)
                connected: Connected = await self._patiently(connecting(hello), credentials)
        except TimeoutError:
            raise LineOver("overloaded", "the platform does not answer") from None
        welcome = wire.Welcome(
            terminal_id=connected.terminal_id,
            epoch=connected.epoch,
            heartbeat_s=connected.heartbeat_s,
            pairing_code=connected.pairing_code,
            terminal_token=token,
        )
        await socket.send(welcome)
        return Line(socket, self._bus, credentials, connected, kinds_of(hello))

    async def _enrolled(self, hello: wire.Hello) -> str:
        """The token against the one-time code."""
        message = EnrolTerminal(enrolment_code=hello.enrolment_code, installation_id=hello.installation_id)
        enrolled: Enrolled = await self._patiently(message, Credentials())
        return enrolled.terminal_token

    async def _patiently(self, message: Operation[Any], credentials: Credentials) -> Any:
        """Ask until somebody answers."""
        while True:
            try:
                return (await self._bus.ask(message, credentials=credentials, timeout_s=ASK_TIMEOUT_S)).reply
            except PASSING:
                await asyncio.sleep(0.5)
            except YinyiError as error:
                raise LineOver(ending(error) or "protocol", error.detail) from None
