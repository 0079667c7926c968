"""The agent's end of the terminal line: one connection at a time, opened again whenever it ends."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from yinyi.devices.credential import Credential, CredentialFile
from yinyi.devices.outbox import Outbox
from yinyi.devices.settings import AgentSettings
from yinyi.kernel.clock import Clock
from yinyi.wire.terminal_line import (
    FRAME_LIMIT,
    VERSION,
    Ack,
    AskPairing,
    Bye,
    ByeReason,
    DeviceReport,
    FrameRefused,
    FromAgent,
    Heartbeat,
    Hello,
    LeaveCard,
    Light,
    Pairing,
    PrintJob,
    Restart,
    TakeCard,
    Welcome,
    decode_from_platform,
    encode,
)

Command = PrintJob | TakeCard | LeaveCard | Light | Restart
"""What the platform asks the devices to do."""

_log = structlog.get_logger("yinyi.devices")
_jitter = secrets.SystemRandom()
_PAIRING_WITHIN_S = 5.0
_PATIENCE: dict[ByeReason, float] = {"shutting_down": 0.1}
"""Share of the longest pause to wait after a bye; after any other reason the whole of it."""


@dataclass
class LineState:
    """How the line is, for people who look at the agent."""

    connected: bool = False
    terminal_id: str = ""
    epoch: int = 0
    pairing_code: str = ""
    last_bye: str = ""


class LineDown(Exception):
    """The platform cannot be asked now."""


class TerminalLine:
    """Connects with back-off, says hello, sends what waits in the outbox, and hands over what the platform asks."""

    def __init__(
        self,
        settings: AgentSettings,
        clock: Clock,
        outbox: Outbox,
        devices: Callable[[], Sequence[DeviceReport]],
        obey: Callable[[Command], None],
    ) -> None:
        self.state = LineState()
        self._settings = settings
        self._clock = clock
        self._outbox = outbox
        self._devices = devices
        self._obey = obey
        self._file = CredentialFile(settings.data_dir)
        self._socket: ClientConnection | None = None
        self._pairing: asyncio.Future[str] | None = None
        self._plugged = asyncio.Event()
        self._plugged.set()
        self._plugging_in: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Never ends by itself.

        Raises:
            OSError, CredentialDamaged: the credential cannot be read.
        """
        pause_s = self._settings.retry_after_s
        while True:
            await self._plugged.wait()
            pause_s = await self._connection(pause_s)
            await asyncio.sleep(pause_s * _jitter.uniform(0.5, 1))

    async def ask_pairing_code(self) -> str:
        """A fresh code for the kiosk's browser; whoever asks meanwhile is given the same.

        Raises:
            LineDown: see there.
        """
        if self._socket is None:
            raise LineDown
        if self._pairing is None or self._pairing.done():
            self._pairing = asyncio.get_running_loop().create_future()
            await self._say(self._socket, AskPairing())
        try:
            async with asyncio.timeout(_PAIRING_WITHIN_S):
                return await asyncio.shield(self._pairing)
        except TimeoutError:
            self._pairing = None
            raise LineDown from None

    def unplug(self, for_s: float) -> None:
        """As if somebody pulled the network cable for so long; 0 puts it back."""
        if self._plugging_in is not None:
            self._plugging_in.cancel()
        self._plugged.clear()
        self._plugging_in = asyncio.get_running_loop().call_later(for_s, self._plugged.set)
        if self._socket is not None and for_s:
            self._socket.transport.abort()

    async def _connection(self, pause_s: float) -> float:
        """One connection from beginning to end; answers the longest pause before the next."""
        hello = self._hello(self._file.read())
        longest_s = self._settings.retry_at_most_s
        if hello is None:
            _log.info("no credential and no enrolment code yet")
            return self._settings.retry_after_s
        try:
            async with connect(self._settings.line_url, **self._limits()) as socket:
                bye = await self._talk(socket, hello)
        except (OSError, WebSocketException, FrameRefused) as error:
            bye = None
            _log.info("line interrupted", error=type(error).__name__)
        self._socket = None
        welcomed, self.state.connected = self.state.connected, False
        self.state.last_bye = bye.reason if bye else ""
        if bye:
            _log.warning("the platform said bye", reason=bye.reason, detail=bye.detail)
            return longest_s * _PATIENCE.get(bye.reason, 1)
        return self._settings.retry_after_s if welcomed else min(pause_s * 2, longest_s)

    def _limits(self) -> dict[str, Any]:
        return {
            "max_size": FRAME_LIMIT,
            "open_timeout": self._settings.connect_timeout_s,
            "close_timeout": 2,
            "ping_interval": 10,
            "ping_timeout": 10,
            "compression": None,
            "proxy": None,
        }

    def _hello(self, credential: Credential) -> Hello | None:
        """With the token if there is one; with the code the first time, or when the token was refused."""
        token, code = credential.terminal_token, self._enrolment_code()
        if code and self.state.last_bye == "unauthorised":
            token = ""
        if not token and not code:
            return None
        return Hello(
            version=VERSION,
            installation_id=credential.installation_id,
            agent_version=version("yinyi"),
            devices=list(self._devices()),
            terminal_token=token,
            enrolment_code="" if token else code,
        )

    def _enrolment_code(self) -> str:
        file = self._settings.enrolment_file
        if self._settings.enrolment_code or file is None or not file.exists():
            return self._settings.enrolment_code
        return file.read_text("utf-8").strip()

    async def _talk(self, socket: ClientConnection, hello: Hello) -> Bye | None:
        """Until the connection ends; the platform's bye, if it said one."""
        await socket.send(encode(hello))
        async with asyncio.timeout(self._settings.connect_timeout_s):
            welcome = decode_from_platform(await socket.recv())
        if isinstance(welcome, Bye):
            return welcome
        if not isinstance(welcome, Welcome):
            raise FrameRefused("the platform did not say welcome")
        self._welcomed(welcome)
        self._socket = socket
        async with asyncio.TaskGroup() as group:
            others = [
                group.create_task(self._send_events(socket)),
                group.create_task(self._beat(socket, welcome.heartbeat_s)),
            ]
            bye = await self._receive(socket)
            for task in others:
                task.cancel()
        return bye

    def _welcomed(self, welcome: Welcome) -> None:
        if welcome.terminal_token:
            credential = self._file.read()
            self._file.write(msgspec.structs.replace(credential, terminal_token=welcome.terminal_token))
            _log.info("enrolled", terminal_id=welcome.terminal_id)
        self.state.connected = True
        self.state.terminal_id = welcome.terminal_id
        self.state.epoch = welcome.epoch
        self.state.pairing_code = welcome.pairing_code
        _log.info("line open", terminal_id=welcome.terminal_id, epoch=welcome.epoch)

    def _paired(self, code: str) -> None:
        self.state.pairing_code = code
        if self._pairing is not None and not self._pairing.done():
            self._pairing.set_result(code)

    async def _receive(self, socket: ClientConnection) -> Bye | None:
        try:
            async for text in socket:
                match decode_from_platform(text):
                    case Ack(event_id=event_id):
                        self._outbox.acknowledged(event_id)
                    case Bye() as bye:
                        return bye
                    case Welcome():
                        raise FrameRefused("welcome twice")
                    case Pairing(pairing_code=code):
                        self._paired(code)
                    case PrintJob() | TakeCard() | LeaveCard() | Light() | Restart() as command:
                        self._obey(command)
        except FrameRefused as refused:
            _log.warning("the platform sent what is no frame", error=str(refused))
            await self._say(socket, Bye(reason="protocol", detail=str(refused)))
        except ConnectionClosed:
            _log.info("line closed")
        return None

    async def _send_events(self, socket: ClientConnection) -> None:
        """Everything that waits, in order; again on every connection and after a while until acknowledged."""
        clock = asyncio.get_running_loop().time
        again_at: dict[str, float] = {}
        while True:
            self._outbox.drop_stale(self._clock.now(), timedelta(seconds=self._settings.stale_after_s))
            waiting = self._outbox.waiting()
            again_at = {event.event_id: again_at.get(event.event_id, 0) for event in waiting}
            for event in waiting:
                if again_at[event.event_id] <= clock():
                    await self._say(socket, event)
                    again_at[event.event_id] = clock() + self._settings.resend_after_s
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.resend_after_s):
                    await self._outbox.changed()

    async def _beat(self, socket: ClientConnection, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            await self._say(socket, Heartbeat(waiting=len(self._outbox)))

    async def _say(self, socket: ClientConnection, frame: FromAgent) -> None:
        """A closed connection is noticed where we listen."""
        with suppress(ConnectionClosed):
            await socket.send(encode(frame))
