"""Hands for the virtual devices: a small HTTP server on loopback, for the demo's tray and for tests.

Its address and its token stand in ``control.json`` in the agent's folder, mode 0600; the token goes with every
request as ``Authorization: Bearer …``. Bodies and answers are JSON.

    GET  /state              the line, the card on the reader, the printer
    POST /pairing            {"pairing_code": a fresh one for the kiosk's browser}
    POST /line/unplug        {"for_s": 0 puts the cable back}
    POST /reader/lay         {"block": base64 of 256 bytes} or {"serial": of a card that is no document}
    POST /reader/remove
    POST /scanner/scan       {"text": …}
    POST /printer/state      {"state": ok|paper_low|paper_out|jam|offline, "delay_s": 0}
    POST /card_terminal/bring   {"pan": …, "entry_mode": chip|contactless|stripe, "expiry": YYMM}
    POST /card_terminal/remove
    POST /card_terminal/press   {"key": 0…9|clear|cancel|enter}
    POST /card_terminal/hurry   what it waits for with a clock happens now
    POST /sheet_printer/state   the same of the printer of A4
    POST /door/state         {"state": ok|open}
    POST /camera/state       {"state": ok|offline}
    GET  /printer/papers     {"papers": [numbers, newest first]}
    GET  /sheet_printer/papers, /sheet_printer/papers/N.png
    GET  /printer/papers/N.png
"""

import asyncio
import secrets
import socket
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path
from typing import Annotated, Literal, Protocol, TypeVar

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi.devices.credential import write_private
from yinyi.devices.device import Device
from yinyi.devices.line import LineDown, LineState
from yinyi.devices.settings import AgentSettings
from yinyi.devices.virtual.card_terminal import Key, PlasticCard, VirtualCardTerminal
from yinyi.devices.virtual.printer import VirtualPrinter
from yinyi.devices.virtual.reader import CardInTheWay, VirtualReader
from yinyi.devices.virtual.scanner import VirtualScanner
from yinyi.devices.virtual.sheet_printer import VirtualSheetPrinter
from yinyi.devices.virtual.watched import VirtualCamera, VirtualDoor, Watched
from yinyi.kernel.listening import listening
from yinyi.wire.terminal_line import BLOCK_BYTES, Condition, OtherCard, ResidentCard

_BODY_LIMIT = 16 * 1024
_KEEPALIVE_S = 75
"""Longer than callers keep an idle line, so that none of them asks on a closing one."""
_B = TypeVar("_B")
_D = TypeVar("_D")


class Lay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    block: Annotated[bytes, msgspec.Meta(min_length=BLOCK_BYTES, max_length=BLOCK_BYTES)] | None = None
    serial: Annotated[str, msgspec.Meta(pattern=r"^([0-9A-F]{8,64})?(?![\s\S])")] = ""


class Scan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]


class Press(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: Key


class PrinterState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    state: Condition
    delay_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 0


class DoorState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    state: Literal["ok", "open"]


class CameraState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    state: Literal["ok", "offline"]


class Unplug(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    for_s: Annotated[float, msgspec.Meta(ge=0, le=3600)]


class Line(Protocol):
    """What the control asks of the line; see ``TerminalLine``."""

    @property
    def state(self) -> LineState: ...

    async def ask_pairing_code(self) -> str: ...

    def unplug(self, for_s: float) -> None: ...


class _Refused(Exception):
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True)
class Control:
    """The routes; ``token`` opens them."""

    token: str
    devices: Sequence[Device]
    line: Line

    def app(self) -> Starlette:
        routes: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("GET", "/state", self._state),
            ("POST", "/pairing", self._pairing),
            ("POST", "/line/unplug", self._unplug),
            ("POST", "/reader/lay", self._lay),
            ("POST", "/reader/remove", self._remove),
            ("POST", "/scanner/scan", self._scan),
            ("POST", "/card_terminal/bring", self._bring),
            ("POST", "/card_terminal/remove", self._take_out),
            ("POST", "/card_terminal/press", self._press),
            ("POST", "/card_terminal/hurry", self._hurry),
            ("POST", "/printer/state", self._printer),
            ("GET", "/printer/papers", self._papers),
            ("GET", "/printer/papers/{number:int}.png", self._paper),
            ("POST", "/sheet_printer/state", self._sheet_printer),
            ("POST", "/door/state", self._door),
            ("POST", "/camera/state", self._camera),
            ("GET", "/sheet_printer/papers", self._sheets),
            ("GET", "/sheet_printer/papers/{number:int}.png", self._sheet),
        ]
        return Starlette(
            routes=[Route(path, self._guarded(answer), methods=[method]) for method, path, answer in routes]
        )

    def _guarded(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            given = request.headers.get("authorization", "")
            if not compare_digest(given.encode(), f"Bearer {self.token}".encode()):
                return _json({"error": "the control token is missing or wrong"}, 401)
            try:
                return await answer(request)
            except _Refused as refused:
                return _json({"error": str(refused)}, refused.status)

        return guarded

    async def _state(self, request: Request) -> Response:
        line, reader, printer = self.line.state, self._device(VirtualReader), self._device(VirtualPrinter)
        return _json(
            {
                "connected": line.connected,
                "terminal_id": line.terminal_id,
                "epoch": line.epoch,
                "pairing_code": line.pairing_code,
                "card_on_reader": reader.card is not None,
                "reader_light": reader.light,
                "printer": printer.condition().state,
                "printer_delay_s": printer.delay_s,
                "door": self._how(VirtualDoor),
                "camera": self._how(VirtualCamera),
                "card_terminal": self._card_terminal(),
            }
        )

    def _card_terminal(self) -> dict[str, object] | None:
        """How the pad looks from outside."""
        found = next((device for device in self.devices if isinstance(device, VirtualCardTerminal)), None)
        if found is None:
            return None
        asked = found.request
        return {
            "asks": "" if asked is None else "pin" if found.asks_pin else "card",
            "purpose": asked.purpose if asked else "",
            "amount_fen": asked.amount_fen if asked else 0,
            "merchant_name": asked.merchant_name if asked else "",
            "digits": found.digits,
            "in_slot": found.in_slot.pan if found.in_slot else "",
            "light": found.light,
            "buzzes": found.buzzes,
            "at_bank": found.at_bank,
        }

    async def _pairing(self, request: Request) -> Response:
        try:
            return _json({"pairing_code": await self.line.ask_pairing_code()})
        except LineDown:
            raise _Refused(503, "the platform does not answer") from None

    async def _unplug(self, request: Request) -> Response:
        self.line.unplug((await _body(request, Unplug)).for_s)
        return _json({})

    async def _lay(self, request: Request) -> Response:
        told = await _body(request, Lay)
        if (told.block is None) == (not told.serial):
            raise _Refused(400, "either a block or a serial number")
        card = ResidentCard(block=told.block) if told.block is not None else OtherCard(serial=told.serial)
        try:
            self._device(VirtualReader).lay(card)
        except CardInTheWay as error:
            raise _Refused(409, str(error)) from error
        return _json({})

    async def _remove(self, request: Request) -> Response:
        return _json({"removed": self._device(VirtualReader).remove()})

    async def _scan(self, request: Request) -> Response:
        self._device(VirtualScanner).scan((await _body(request, Scan)).text)
        return _json({})

    async def _bring(self, request: Request) -> Response:
        card = await _body(request, PlasticCard)
        try:
            self._device(VirtualCardTerminal).bring(card)
        except CardInTheWay as error:
            raise _Refused(409, str(error)) from error
        return _json({})

    async def _take_out(self, request: Request) -> Response:
        return _json({"removed": self._device(VirtualCardTerminal).remove()})

    async def _hurry(self, request: Request) -> Response:
        self._device(VirtualCardTerminal).hurry()
        return _json({})

    async def _press(self, request: Request) -> Response:
        self._device(VirtualCardTerminal).press((await _body(request, Press)).key)
        return _json({})

    async def _printer(self, request: Request) -> Response:
        wanted = await _body(request, PrinterState)
        self._device(VirtualPrinter).change(wanted.state, wanted.delay_s)
        return _json({})

    async def _papers(self, request: Request) -> Response:
        return _json({"papers": self._device(VirtualPrinter).papers()})

    async def _paper(self, request: Request) -> Response:
        return _picture(self._device(VirtualPrinter).paper(request.path_params["number"]))

    async def _sheet_printer(self, request: Request) -> Response:
        wanted = await _body(request, PrinterState)
        self._device(VirtualSheetPrinter).change(wanted.state, wanted.delay_s)
        return _json({})

    async def _door(self, request: Request) -> Response:
        wanted = await _body(request, DoorState)
        self._device(VirtualDoor).becomes(wanted.state)
        return _json({})

    async def _camera(self, request: Request) -> Response:
        wanted = await _body(request, CameraState)
        self._device(VirtualCamera).becomes(wanted.state)
        return _json({})

    async def _sheets(self, request: Request) -> Response:
        return _json({"papers": self._device(VirtualSheetPrinter).papers()})

    async def _sheet(self, request: Request) -> Response:
        return _picture(self._device(VirtualSheetPrinter).paper(request.path_params["number"]))

    def _how(self, kind: type[Watched]) -> Condition | None:
        """None: there is none here."""
        return next((device.state for device in self.devices if isinstance(device, kind)), None)

    def _device(self, kind: type[_D]) -> _D:
        for device in self.devices:
            if isinstance(device, kind):
                return device
        raise _Refused(404, f"there is no {kind.__name__} here")


def listen(settings: AgentSettings, devices: Sequence[Device]) -> socket.socket | None:
    """The socket of the control; none where no device is virtual.

    Raises:
        OSError: the port is taken.
    """
    virtual = VirtualReader | VirtualScanner | VirtualCardTerminal | Watched
    if any(isinstance(device, virtual) for device in devices):
        return listening(settings.control_port)
    return None


async def serve_control(listener: socket.socket, folder: Path, devices: Sequence[Device], line: Line) -> None:
    """Serve until cancelled."""
    control = Control(secrets.token_urlsafe(32), devices, line)
    config = uvicorn.Config(
        control.app(), log_config=None, access_log=False, lifespan="off", timeout_keep_alive=_KEEPALIVE_S
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    write_private(folder / "control.json", msgspec.json.encode({"url": address, "token": control.token}))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals are the agent's."""
        yield


async def _body(request: Request, kind: type[_B]) -> _B:
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _BODY_LIMIT:
            raise _Refused(413, f"longer than {_BODY_LIMIT} bytes")
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError as error:
        raise _Refused(400, str(error)) from error


def _picture(png: bytes | None) -> Response:
    if png is None:
        raise _Refused(404, "this paper is not kept")
    return Response(png, media_type="image/png", headers={"cache-control": "no-store"})


def _json(content: dict[str, object], status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")
