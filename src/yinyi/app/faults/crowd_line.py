"""The way of a crowd's processes to the bank: whoever waits for an answer waits in the time of the crowd."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from yinyi.app.faults.far_bank import Said
from yinyi.app.faults.line_wire import SimWire
from yinyi.app.faults.model import FaultName
from yinyi.business.lines.session_model import Approved, Declined, LineAnswer, MessageKind

_LATE_BY_S = 0.5


@dataclass
class CrowdWire(SimWire):
    """Others move between any two messages."""

    async def park(self, time: timedelta) -> None:
        await asyncio.sleep(time / timedelta(seconds=1))

    async def leaves(self, kind: MessageKind) -> None:
        await self.script.pause(f"line {kind}")
        await self.script.travel()

    async def _too_slow(self, said: Said, answer: Approved | Declined, name: FaultName) -> LineAnswer:
        nothing = await super()._too_slow(said, answer, name)
        if name == "late_answer":
            self._too_late.clear()
            self._late_tasks.add(asyncio.create_task(self._comes_late(said)))
        return nothing

    async def _comes_late(self, said: Said) -> None:
        await asyncio.sleep(_LATE_BY_S)
        await self._told_late(said)

    def __post_init__(self) -> None:
        self._late_tasks: set[asyncio.Task[None]] = set()
