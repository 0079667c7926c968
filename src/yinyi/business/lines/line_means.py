"""What the sessions of one hospital work with."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from yinyi.bus.database import Database
from yinyi.business.lines.card_vault import CardVault
from yinyi.business.lines.key_ports import KeyStore
from yinyi.business.lines.session_model import Desk, SessionRow
from yinyi.business.lines.session_ports import Acquirer
from yinyi.kernel.clock import Clock
from yinyi.wire.iso8583.model import MacAlgorithm

SPARE_S = 5.0
"""A claim outlasts the exchange it is for by so much; what is said under it has left within that, or does not leave."""


@dataclass(frozen=True)
class Lease:
    """A claim for one exchange, as it was just taken. ``at``, ``until``: as the database has them. ``began_s``: by the
    event loop's clock."""

    at: datetime
    until: datetime
    clock: Clock
    began_s: float

    def may_send(self) -> bool:
        """Whether whatever leaves now is answered, or given up, before anybody else may claim the session. Asked of two
        clocks: one that was set back gives no time, nor does one that stood still with the machine."""
        in_time = asyncio.get_running_loop().time() < self.began_s + SPARE_S
        return in_time and self.clock.now() < self.at + timedelta(seconds=SPARE_S)


@dataclass(frozen=True)
class LineMeans:
    """``zone``: of the acquirers' calendar."""

    database: Database
    acquirers: Mapping[str, Acquirer]
    keys: KeyStore
    vault: CardVault
    clock: Clock
    zone: ZoneInfo
    hospital_id: int

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def lease(self, acquirer: Acquirer) -> Lease:
        """Of a session, for one exchange, from now on: to be taken before it is asked for."""
        now, began_s = self.clock.now(), asyncio.get_running_loop().time()
        return Lease(now, now + timedelta(seconds=acquirer.habits.answer_timeout_s + SPARE_S), self.clock, began_s)

    def desk(self, session: SessionRow, lease: Lease) -> Desk:
        mak = session.mak

        async def mac(algorithm: MacAlgorithm, data: bytes) -> bytes:
            assert mak is not None
            return await self.keys.mac(mak, session.slot, algorithm, data)

        at, number = lease.at.astimezone(self.zone), (session.batch_no, session.trace_no)
        return Desk(session.slot, *number, at, mac if mak is not None else None, lease.may_send)
