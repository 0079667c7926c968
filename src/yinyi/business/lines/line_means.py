"""What the sessions of one hospital work with."""

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
"""A claim outlasts the exchange it is for by so much."""


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

    def until(self, acquirer: Acquirer, now: datetime) -> datetime:
        """So long is a session claimed for one exchange."""
        return now + timedelta(seconds=acquirer.habits.answer_timeout_s + SPARE_S)

    def desk(self, session: SessionRow, now: datetime) -> Desk:
        mak = session.mak

        async def mac(algorithm: MacAlgorithm, data: bytes) -> bytes:
            assert mak is not None
            return await self.keys.mac(mak, session.slot, algorithm, data)

        at = now.astimezone(self.zone)
        return Desk(session.slot, session.batch_no, session.trace_no, at, mac if mak is not None else None)
