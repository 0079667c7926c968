"""Each day's charges of prepaid accounts are compared with the list of the hospital that has asked for them: an answer
may have been lost, and it believes what is not so."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.turning import turning
from yinyi.business.audit import store as audit
from yinyi.business.prepaid import agreeing_store as store
from yinyi.business.prepaid.agreeing import Key, differences
from yinyi.business.prepaid.errors import DifferenceUnknown
from yinyi.business.prepaid.messages_agreeing import (
    ChargeDifference,
    ChargeDifferences,
    CompareCharges,
    ComparedDay,
    ListChargeDifferences,
    SettleChargeDifference,
)
from yinyi.business.prepaid.model import HospitalCharge
from yinyi.business.prepaid.ports import ListsCharges
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import HospitalUnavailable, InvalidField

log = structlog.get_logger()

FROM_HOUR = 1
"""Of the next day, when whatever was still under way at midnight has come to rest."""
BACK_DAYS = 7
"""So far back is made good what was not compared while nobody was there."""
AGAIN = timedelta(hours=1)
CLAIMED = timedelta(minutes=10)
AROUND = timedelta(minutes=15)
"""So far may the two clocks differ."""
EVERY_S = 300.0
SHOWN, SHOWN_DAYS = 200, 10


class Listed(NamedTuple):
    """What the hospital has told. of_day: those that are surely of that day."""

    theirs: dict[Key, HospitalCharge]
    of_day: list[Key]


class Comparing:
    """``institutions``: those of the hospital's programs whose charges its list has; none: there is no such list."""

    def __init__(
        self,
        database: Database,
        hospital: object,
        institutions: Collection[str],
        zone: ZoneInfo,
        clock: Clock,
        hospital_id: int,
    ) -> None:
        self._database = database
        self._hospital = hospital
        self._institutions = frozenset(institutions)
        self._zone = zone
        self._clock = clock
        self._hospital_id = hospital_id

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(ListChargeDifferences, self.list)
        change = Change(self.compare, self._show, self.told, only_reads=True)
        dispatcher.changes(CompareCharges, change)
        dispatcher.changes(SettleChargeDifference, Change(self.settle, self._show))

    # -- by itself

    async def run(self) -> None:
        """Until cancelled. Any number of processes may."""
        if self._institutions and isinstance(self._hospital, ListsCharges):
            await turning(self.turn, EVERY_S, "prepaid.charges_not_compared")

    async def turn(self) -> int:
        """One day that is due; 0: there is none.

        Raises:
            HospitalUnavailable: it does not answer; the day is due again later.
        """
        now = self._clock.now()
        async with self._database.transaction() as tx:
            await store.want(tx, self._hospital_id, self._over(now), now)
            day = await store.claim(tx, self._hospital_id, now, now + CLAIMED)
        if day is None:
            return 0
        listed = await self._listed(day)
        async with self._database.transaction() as tx:
            await self._compared(tx, day, listed, now)
        return 1

    def _over(self, now: datetime) -> list[date]:
        """Days that have surely ended."""
        last = (now.astimezone(self._zone) - timedelta(hours=FROM_HOUR)).date()
        return [last - timedelta(days=back) for back in range(1, BACK_DAYS + 1)]

    async def _listed(self, day: date) -> Listed:
        """
        Raises:
            HospitalUnavailable: it does not answer, or has no such list.
        """
        if not isinstance(self._hospital, ListsCharges):
            raise HospitalUnavailable("it has no list of what it has charged")
        begins = datetime.combine(day, time(), self._zone)
        ends = datetime.combine(day + timedelta(days=1), time(), self._zone)
        found = await self._hospital.account_charges(begins - AROUND, ends + AROUND)
        theirs = {
            (each.institution_id, each.charge_no): each for each in found if each.institution_id in self._institutions
        }
        return Listed(theirs, [key for key, each in theirs.items() if begins <= each.charged_at < ends])

    async def _compared(self, tx: Tx, day: date, listed: Listed, now: datetime) -> None:
        ours = await store.here(tx, self._hospital_id, day, self._institutions, list(listed.theirs))
        numbers = {each.patient_no for each in (*listed.theirs.values(), *ours.values())}
        survivors = await store.survivors(tx, self._hospital_id, numbers)
        differ = differences(listed.theirs, listed.of_day, ours, survivors)
        counts = (len(listed.of_day), sum(each.of_day for each in ours.values()))
        fresh = await store.found(tx, self._hospital_id, day, differ, counts, now, now + AGAIN)
        if fresh:
            log.error("prepaid.charges_differ", on=day.isoformat(), differences=fresh)

    # -- asked for

    async def told(self, call: Call, message: CompareCharges) -> Listed:
        """
        Raises:
            HospitalUnavailable: see ``turn``.
            InvalidField: that day is not over.
        """
        if message.on >= call.now.astimezone(self._zone).date():
            raise InvalidField("on")
        return await self._listed(message.on)

    async def compare(self, tx: Tx, call: Call, message: CompareCharges, listed: Listed) -> str:
        await store.want(tx, call.hospital_id, [message.on], call.now)
        await self._compared(tx, message.on, listed, call.now)
        return message.on.isoformat()

    async def settle(self, tx: Tx, call: Call, message: SettleChargeDifference, facts: None) -> str:
        """
        Raises:
            DifferenceUnknown: there is none, or it was settled.
        """
        which = (message.institution_id, message.charge_no)
        if not await store.settle(tx, call.hospital_id, *which, call.now, call.principal.actor, message.note):
            raise DifferenceUnknown
        await audit.append(tx, call, "prepaid.SettleChargeDifference.v1", ":".join(which))
        return message.charge_no

    async def list(self, tx: Tx, call: Call, message: ListChargeDifferences) -> ChargeDifferences:
        return await self._show(tx, call, "")

    async def _show(self, tx: Tx, call: Call, subject: str) -> ChargeDifferences:
        found = await store.open_differences(tx, call.hospital_id, SHOWN)
        days = await store.days(tx, call.hospital_id, SHOWN_DAYS)
        return ChargeDifferences(
            differences=[
                ChargeDifference(
                    on=row["business_date"],
                    institution_id=row["institution_id"],
                    charge_no=row["charge_no"],
                    kind=row["kind"],
                    patient_no=row["patient_no"],
                    hospital_fen=row["hospital_fen"],
                    here_fen=row["here_fen"],
                    found_at=row["found_at"],
                )
                for row in found
            ],
            days=[
                ComparedDay(
                    on=row["business_date"],
                    compared_at=row["compared_at"],
                    hospital_charges=row["hospital_charges"],
                    here_charges=row["here_charges"],
                )
                for row in days
            ],
        )
