"""A bank line on the restore stage: one bank that remembers, whatever the database goes back to."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest
from notice_desk import Asks
from payment_far_side import SimClock as WorldClock
from payment_world import ZONE, World
from restore_stage import Outside, drive, inside

from yinyi.app.faults.far_bank import SimBank
from yinyi.app.faults.far_side import SimClock
from yinyi.app.faults.line_house import CHANNEL, NEXT_CARD, LineHouse
from yinyi.app.faults.line_wire import SLOT
from yinyi.app.faults.script import Killed
from yinyi.bus.client import BusClient
from yinyi.bus.database import Database
from yinyi.bus.dispatch import Dispatcher
from yinyi.bus.operation import Operation
from yinyi.business.lines.session_model import Approved, MessageNo
from yinyi.business.payments.cards import CardLines
from yinyi.business.payments.lost_time import Statements
from yinyi.business.payments.restored import Restored
from yinyi.business.payments.service import TAKEN_UP

R = TypeVar("R")


@dataclass
class SameClock(SimClock):
    """The bank's, which is the world's."""

    of: WorldClock = field(default_factory=WorldClock)

    def now(self) -> datetime:
        return self.of.now()


class CardStage:
    """``house``: of the process that is at work now."""

    house: LineHouse

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bank: SimBank | None = None
        self._session_id = 0

    @property
    def bank(self) -> SimBank:
        return self.house.bank

    @asynccontextmanager
    async def inside(self, url: str, outside: Outside | None = None) -> AsyncGenerator[tuple[World, Outside]]:
        async with inside(url, outside, self._lines) as (it, now):
            if self._bank is None:
                await self.house.open()
                await self.house.begins(signed_on=True)
                self._bank, self._session_id = self.house.bank, self.house.session_id
            self.house.session_id = self._session_id
            yield it, now
            assert self.bank.wrong == []

    def _lines(self, database: Database, clock: WorldClock) -> CardLines:
        mine = SameClock(of=clock)
        self.house = LineHouse(database, mine, ZONE, self._folder)
        if self._bank is not None:
            self._bank.clock = self._bank.day.clock = mine
            self.house.bank = self.house.calm.wire.bank = self._bank
        self.house.calm.cards.compared = Statements(database).compared
        return {CHANNEL: self.house.calm.cards}

    # -- what people do

    async def chooses(self, it: World, number: str) -> None:
        """To pay by card, and the card is read."""
        call = it.call()
        async with it.database.transaction() as tx:
            await it.payments.tenders.submit_card(tx, call, number, CHANNEL, NEXT_CARD)
        it.begun[number] = call.notes.get(TAKEN_UP)

    async def pays(self, it: World, number: str) -> None:
        await self.chooses(it, number)
        for _ in range(3):
            await drive(it, number)

    async def pays_and_nobody_hears(self, it: World, number: str) -> None:
        """The bank has taken it; the process dies before it knows."""
        self.bank.next["purchase"] = "crash_after"
        await self.chooses(it, number)
        with pytest.raises(Killed):
            await it.drive(number)

    async def hears_after_all(self, it: World, number: str) -> None:
        """The answer to the last purchase, by another process."""
        said = self.bank.said[-1]
        said.heard = True
        late = self.house.calm.wire.late
        assert late is not None
        late(SLOT, MessageNo(*said.number), Approved(retrieval_ref="000000000001", auth_code="A12345"))
        await self.house.calm.sessions.settled_late()
        await it.restart()

    def kept_fen(self) -> int:
        return self.bank.kept_fen(NEXT_CARD.pan)


class Staff:
    """Asks as people do, over the bus."""

    def __init__(self, it: World, restored: Restored) -> None:
        self._dispatcher = Dispatcher(it.database, Asks(), it.clock)
        restored.register(self._dispatcher)
        self._client, self._keys = BusClient(self, "console", it.clock), count(1)

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        return await self._dispatcher.answer(subject, data)

    async def asks(self, message: Operation[R]) -> R:
        return (await self._client.ask(message, key=f"staff-{next(self._keys):06}")).reply


async def asked(it: World) -> Restored:
    """Whoever looks after what the restore has lost, once everybody was asked."""
    restored = Restored(it.database, it.means.registry, [], it.clock, ZONE, 1)
    async with it.database.read() as tx:
        await restored.look(await tx.fetch("SELECT epoch, since, reached_at, asked_at FROM restore_epoch"))
    return restored


async def ends(it: World, number: str) -> str:
    """After a quarter of an hour, at most, nothing of the time that was lost is asked for any more."""
    for _ in range(30):
        it.clock.advance(timedelta(seconds=30))
        await it.drive(number)
    plan = await it.plan(number)
    assert plan.gap_until is None, "it never leaves its gap"
    return number
