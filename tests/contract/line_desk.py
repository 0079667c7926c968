"""Staff at the desk of the bank line, on the stage of its sessions."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from dispatch_stage import SimClock, Trusting
from line_stage import BANK, HOSPITAL, INPATIENT, OUTPATIENT, ZONE, LineStage, line_stage

from yinyi.bus.client import BusClient
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Dispatcher
from yinyi.bus.envelope import Credentials
from yinyi.bus.operation import Caller, Operation
from yinyi.business.audit.store import WITH_A_CHANGE
from yinyi.business.lines.line_hours import USUAL
from yinyi.business.lines.line_routine import LineRoutine
from yinyi.business.lines.messages_sessions import ListSessions, SessionView
from yinyi.business.lines.service import LineService
from yinyi.business.lines.sessions import PosSessions

R = TypeVar("R")
SCOPES = {(BANK, OUTPATIENT.merchant_no): "outpatient", (BANK, INPATIENT.merchant_no): "inpatient"}
SLOT: dict[str, Any] = OUTPATIENT._asdict()


def at(text: str, day: date = date(2026, 3, 2)) -> datetime:
    """In the hospital's time."""
    return datetime.combine(day, time.fromisoformat(text), ZONE)


class Some:
    """The terminals that there are. ``gone``: for good."""

    def __init__(self) -> None:
        self.gone: list[str] = []

    async def is_in_service(self, tx: Tx, hospital_id: int, terminal_id: str) -> bool:
        return terminal_id in {"K03", "K04", "K05"} - {*self.gone}

    async def retired(self, tx: Tx, hospital_id: int) -> list[str]:
        return self.gone


class _InProcess:
    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        return await self._dispatcher.answer(subject, data)


@dataclass
class Desk:
    """What a test holds in its hand."""

    line: LineStage
    service: LineService
    client: BusClient
    terminals: Some

    async def ask(self, message: Operation[R], key: str = "", timeout_s: float = 30.0) -> R:
        credentials = Credentials(staff="anna")
        return (
            await self.client.ask(
                message, credentials=credentials, key=f"{key:-<8}" if key else uuid4().hex, timeout_s=timeout_s
            )
        ).reply

    async def outpatient(self) -> SessionView:
        (view,) = (await self.ask(ListSessions(**SLOT))).sessions
        return view

    def routine(self, process: str = "here:1") -> LineRoutine:
        return routine_of(self.line, self.line.sessions, process, self.terminals)

    @property
    def clock(self) -> SimClock:
        return self.line.clock

    def later(self, **by: float) -> None:
        self.line.clock.at += timedelta(**by)


def routine_of(line: LineStage, sessions: PosSessions, process: str, terminals: Some | None = None) -> LineRoutine:
    return LineRoutine(line.database, sessions, line.clock, HOSPITAL, USUAL, process, terminals or Some())


def play(url: str, folder: Path, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with line_stage(url, folder) as line:
            terminals = Some()
            service = LineService(
                *(line.database, line.means.keys, line.clock, HOSPITAL),
                *(line.sessions, SCOPES, USUAL, "here:1", terminals),
            )
            dispatcher = Dispatcher(line.database, Trusting(), line.clock, audit=WITH_A_CHANGE)
            service.register(dispatcher)
            client = BusClient(_InProcess(dispatcher), Caller.STAFF.value, line.clock)
            async with asyncio.timeout(60):
                await story(Desk(line, service, client, terminals))
            await service.come_home(1.0)

    asyncio.run(whole())
