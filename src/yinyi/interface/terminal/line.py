"""One open line: what the agent tells goes up as operations, papers come down, until one side ends it.

Several tasks share a line and none waits for another's bus request: events go up one after the other, heartbeats
overtake them, papers come down beside them. While the bus is away the line stays, and so does what waits on it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from yinyi.bus.client import BusClient
from yinyi.bus.envelope import Credentials
from yinyi.bus.operation import Operation
from yinyi.business.terminals.errors import TerminalLocked
from yinyi.business.terminals.messages import (
    Connected,
    DisconnectTerminal,
    Heartbeat,
    MakePairingCode,
    TakeCardRequest,
    TakePrintJobs,
)
from yinyi.interface.terminal.errors import PASSING, LineOver, ending
from yinyi.interface.terminal.mapping import taking, telling
from yinyi.kernel.errors import InternalError, Unavailable, YinyiError
from yinyi.wire import terminal_line as wire

log = structlog.get_logger()

R = TypeVar("R")

ASK_TIMEOUT_S = 5.0
SEND_TIMEOUT_S = 15.0
SILENCE = 3
"""A line is over when nothing was heard for so many heartbeats."""
WAITING_EVENTS = 64
"""Events of one line that may wait for the bus; then the agent is not read any further."""
AGAIN_AFTER_S = 120.0
"""A paper that was not reported by then is handed over again; the agent prints each job once."""
LOOK_EVERY_S = 20.0
"""Papers are looked for at least this often, should a push have been missed."""
SCAN_LASTS_S = 10.0
"""A scan that the platform could not take by then is dropped: whoever made it has tried again, or has left."""
TRIES = 30
"""How often an event is told while the platform fails on it, about a minute; then it is dropped for the next."""


class Socket:
    """The WebSocket as frames. One sender at a time; a slow receiver ends the line."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._sending = asyncio.Lock()

    async def receive(self) -> wire.FromAgent:
        """
        Raises:
            LineOver: the other side has gone, or speaks something else.
        """
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise LineOver
        text = message.get("text")
        if text is None:
            raise LineOver("protocol", "a frame is text")
        try:
            return wire.decode_from_agent(text)
        except wire.FrameRefused as refused:
            raise LineOver("protocol", str(refused)) from None

    async def send(self, frame: wire.FromPlatform) -> None:
        """
        Raises:
            LineOver: the other side has gone, or does not take it in time.
        """
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S), self._sending:
                await self._websocket.send_text(wire.encode(frame))
        except (WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
            raise LineOver from None

    async def close(self, over: LineOver) -> None:
        """Say why, if somebody is still there."""
        if over.reason is not None:
            with suppress(LineOver):
                await self.send(wire.Bye(reason=over.reason, detail=over.detail[:200]))
        with suppress(WebSocketDisconnect, RuntimeError, OSError):
            await self._websocket.close()


class Line:
    """A line after its welcome."""

    def __init__(
        self, socket: Socket, bus: BusClient, credentials: Credentials, connected: Connected, kinds: dict[str, str]
    ) -> None:
        self.terminal_id = connected.terminal_id
        self.epoch = connected.epoch
        self._socket = socket
        self._bus = bus
        self._credentials = credentials
        self._heartbeat_s = connected.heartbeat_s
        self._kinds = kinds
        self._events: asyncio.Queue[wire.Event] = asyncio.Queue(WAITING_EVENTS)
        self._pending: set[str] = set()
        self._waiting = 0
        self._beats = asyncio.Event()
        self._papers = asyncio.Event()
        self._card = asyncio.Event()
        self._asked_for = ""
        self._pairing = asyncio.Event()
        self._anew = asyncio.Event()
        self._handed: dict[str, float] = {}
        self._ended: asyncio.Future[LineOver] = asyncio.get_running_loop().create_future()

    async def run(self) -> LineOver:
        """Until it is over; answers why."""
        self._papers.set()
        self._card.set()
        parts: list[Callable[[], Coroutine[Any, Any, None]]] = [
            self._hear,
            self._tell,
            self._beat,
            self._print,
            self._ask_for_card,
            self._pair,
            self._restart,
        ]
        tasks = [asyncio.create_task(self._part(part)) for part in parts]
        try:
            over = await self._ended
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        await self._gone()
        return over

    def end(self, over: LineOver) -> None:
        """End it from outside: the first reason counts."""
        if not self._ended.done():
            self._ended.set_result(over)

    def look_for_papers(self) -> None:
        """Something was queued for this terminal."""
        self._papers.set()

    def look_for_card(self) -> None:
        """A card is wanted at this terminal, or no longer."""
        self._card.set()

    def restart(self) -> None:
        """Staff want the agent to begin anew."""
        self._anew.set()

    def check(self) -> None:
        """Another line of this terminal may have come: ask at once."""
        self._beats.set()

    async def _part(self, part: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await part()
        except LineOver as over:
            self.end(over)
        except Exception:
            log.exception("line.failed", terminal_id=self.terminal_id)
            self.end(LineOver("overloaded"))

    # -- what the agent says

    async def _hear(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._heartbeat_s * SILENCE):
                    frame = await self._socket.receive()
            except TimeoutError:
                raise LineOver("protocol", "no heartbeat") from None
            match frame:
                case wire.Heartbeat(waiting=waiting):
                    self._waiting = waiting
                    self._beats.set()
                case wire.AskPairing():
                    self._pairing.set()
                case wire.Bye():
                    raise LineOver
                case wire.Hello():
                    raise LineOver("protocol", "hello twice")
                case event if event.event_id not in self._pending:
                    self._pending.add(event.event_id)
                    await self._events.put(event)
                case _:
                    pass  # sent again while we are still telling it

    async def _tell(self) -> None:
        """Events in their order, each acknowledged when the business layer has it."""
        while True:
            event = await self._events.get()
            await self._tell_one(event)
            self._pending.discard(event.event_id)
            await self._socket.send(wire.Ack(event_id=event.event_id))
            if isinstance(event, wire.PrintResult):
                self._handed.pop(event.job_id, None)
                self._papers.set()

    async def _tell_one(self, event: wire.Event) -> None:
        clock = asyncio.get_running_loop().time
        failures, began = 0, clock()
        while True:
            if isinstance(event, wire.Scanned | wire.PayCardRead) and clock() - began > SCAN_LASTS_S:
                log.warning("line.event_dropped", terminal_id=self.terminal_id, event_id=event.event_id)
                return
            try:
                key = event.event_id if isinstance(event, wire.PayCardRead) else ""
                await self._ask(telling(event, self.epoch, self._kinds), key)
                return
            except Unavailable:
                pass
            except InternalError:
                failures += 1
            except YinyiError as error:
                log.warning("line.event_refused", terminal_id=self.terminal_id, code=error.code())
                return
            if failures == TRIES:
                log.error("line.event_dropped", terminal_id=self.terminal_id, event_id=event.event_id)
                return
            await asyncio.sleep(min(2.0, 0.25 * 2**failures))

    async def _beat(self) -> None:
        """A heartbeat that the bus does not take is lost; the next one tells the same."""
        while True:
            await self._beats.wait()
            self._beats.clear()
            with suppress(*PASSING):
                await self._ask(Heartbeat(epoch=self.epoch, waiting=self._waiting))

    async def _pair(self) -> None:
        """A code that cannot be made now is asked for again by whoever wants it."""
        while True:
            await self._pairing.wait()
            self._pairing.clear()
            with suppress(*PASSING):
                made = await self._ask(MakePairingCode())
                await self._socket.send(wire.Pairing(pairing_code=made.pairing_code))

    async def _restart(self) -> None:
        await self._anew.wait()
        await self._socket.send(wire.Restart())

    async def _gone(self) -> None:
        """Tell that the line is down; if nobody hears it, the silence tells."""
        with suppress(YinyiError):
            await self._bus.ask(DisconnectTerminal(epoch=self.epoch), credentials=self._credentials, timeout_s=2)

    # -- what the agent is asked to do

    async def _print(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._papers.wait()
            self._papers.clear()
            try:
                jobs = (await self._ask(TakePrintJobs(epoch=self.epoch))).jobs
            except PASSING:
                await asyncio.sleep(1)
                self._papers.set()
                continue
            self._handed = {one.job_id: self._handed[one.job_id] for one in jobs if one.job_id in self._handed}
            for job in jobs:
                if clock() - self._handed.get(job.job_id, -AGAIN_AFTER_S) >= AGAIN_AFTER_S:
                    await self._socket.send(wire.PrintJob(job_id=job.job_id, kind=job.kind, data=job.data))
                    self._handed[job.job_id] = clock()

    async def _ask_for_card(self) -> None:
        """The agent begins a request once, however often it is asked."""
        while True:
            await self._card.wait()
            self._card.clear()
            try:
                wanted = await self._ask(TakeCardRequest(epoch=self.epoch))
            except PASSING:
                await asyncio.sleep(1)
                self._card.set()
                continue
            if wanted.request is not None:
                self._asked_for = wanted.request_id
                await self._socket.send(taking(wanted.request))
            elif self._asked_for:
                await self._socket.send(wire.LeaveCard(request_id=self._asked_for))
                self._asked_for = ""

    async def _ask(self, message: Operation[R], key: str = "") -> R:
        """
        Raises:
            LineOver: this error ends the line.
            YinyiError: any other.
        """
        try:
            asked = self._bus.ask(message, credentials=self._credentials, key=key, timeout_s=ASK_TIMEOUT_S)
            return (await asked).reply
        except TerminalLocked:
            raise
        except YinyiError as error:
            reason = ending(error)
            if reason is None:
                raise
            raise LineOver(reason, error.detail) from None
