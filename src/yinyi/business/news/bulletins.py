"""Bulletins: written down in the transaction that tells of a payment's end, carried one after the other until taken."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.news import bulletin_store as store
from yinyi.business.news.bulletin_model import (
    Bulletin,
    BulletinEvent,
    BulletinKind,
    BulletinView,
    ChargeFacts,
    VisitFacts,
)
from yinyi.business.news.errors import BulletinNotParked, BulletinUnknown
from yinyi.business.news.messages_bulletins import (
    ListParkedBulletins,
    ParkedBulletins,
    SendBulletinAgain,
    SetBulletinAside,
)
from yinyi.business.news.ports import Carries, Names
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.rules import pause_s
from yinyi.business.payments.view import paid_at, state_of
from yinyi.business.scheduling.plans import HELD, HOLD, RegistrationFacts
from yinyi.business.scheduling.registration import evidence_of, instant
from yinyi.kernel.clock import Clock
from yinyi.kernel.ids import random_text
from yinyi.kernel.money import Fen

log = structlog.get_logger()

CLAIMED = timedelta(seconds=60)
"""Longer than a call takes."""
LADDER_S = (2, 5, 15, 60, 300, 900)
"""So long after the first, second… try comes the next; the last one over and over, without end."""
SPREAD = 0.2
MOST_LISTED = 200
EVERY_S = 2.0
ORDER: tuple[BulletinKind, ...] = ("visit", "charge")
"""What is charged for is known before the charge comes."""
_NOBODY = store.Known((), 0)


class Bulletins:
    """``lines``: to those that want to be told."""

    def __init__(self, database: Database, lines: Carries | None, names: Names, clock: Clock) -> None:
        self._database = database
        self._lines = lines
        self._names = names
        self._clock = clock

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(ListParkedBulletins, self._list)
        dispatcher.changes(SendBulletinAgain, Change(make=self._again, show=self._show))
        dispatcher.changes(SetBulletinAside, Change(make=self._set_aside, show=self._show))

    # -- written down

    async def hear(self, tx: Tx, plans: Sequence[Plan], now: datetime) -> None:
        """See ``HearsOfEnds``."""
        if self._lines is None:
            return
        known = await store.known(tx, [plan.payment_no for plan in plans])
        fresh = [
            each
            for plan in plans
            for receiver, kinds in sorted(self._lines.wants.items())
            for kind in ORDER
            if kind in kinds
            for each in _fresh(plan, receiver, kind, known.get((plan.hospital_id, receiver, plan.payment_no), _NOBODY))
        ]
        if fresh:
            await store.put(tx, fresh, now)

    # -- carried

    async def run(self) -> None:
        """Until cancelled; at once where nobody wants to be told. No receiver waits for another one."""
        if self._lines is not None:
            await asyncio.gather(*(self._run(receiver) for receiver in self._lines.wants))

    async def _run(self, receiver: str) -> None:
        while True:
            try:
                while await self.turn(receiver):
                    pass
            except Exception as error:  # the loop outlives every fault of the database
                log.warning("bulletins.waiting", receiver=receiver, why=type(error).__name__)
            await asyncio.sleep(EVERY_S)

    async def turn(self, receiver: str) -> bool:
        """Carry the first that waits, if it is due; whether it has gone out of the way."""
        assert self._lines is not None
        now = self._clock.now()
        async with self._database.read() as tx:
            claimed = await store.claim(tx, receiver, now, now + CLAIMED)
            whom = await self._names.facts(tx, claimed.hospital_id, claimed.patient_id) if claimed else None
        if claimed is None or whom is None:
            return False
        bulletin = Bulletin(
            control_id=claimed.control_id,
            event=claimed.event,
            payment_no=claimed.payment_no,
            made_at=claimed.made_at,
            patient_no=whom.patient_no,
            name=whom.name,
            sex=whom.sex,
            born_on=whom.born_on,
            visit=claimed.visit,
            charge=claimed.charge,
        )
        carried = await self._lines.carry(receiver, bulletin)
        now = self._clock.now()
        async with self._database.read() as tx:
            if carried.outcome == "away":
                pause = pause_s(LADDER_S, claimed.tries - 1, SPREAD, claimed.control_id)
                await store.later(tx, claimed, now + timedelta(seconds=pause), carried.problem)
            else:
                state = "delivered" if carried.outcome == "taken" else "parked"
                await store.end(tx, claimed, state, carried.problem, now)
        if carried.outcome != "taken":
            log.warning("bulletin.not_taken", receiver=receiver, bulletin_no=claimed.bulletin_no, why=carried.outcome)
        return carried.outcome != "away"

    # -- by people

    async def _list(self, tx: Tx, call: Call, message: ListParkedBulletins) -> ParkedBulletins:
        found = await store.parked(tx, call.hospital_id, message.after, MOST_LISTED + 1)
        listed = found[:MOST_LISTED]
        more = listed[-1].bulletin_no if len(found) > MOST_LISTED else 0
        return ParkedBulletins(bulletins=listed, waiting=await store.waiting(tx, call.hospital_id), next_after=more)

    async def _again(self, tx: Tx, call: Call, message: SendBulletinAgain, _: None) -> str:
        if not await store.again(tx, call.hospital_id, message.bulletin_no, call.now):
            raise await _why_not(tx, call, message.bulletin_no)
        return str(message.bulletin_no)

    async def _set_aside(self, tx: Tx, call: Call, message: SetBulletinAside, _: None) -> str:
        if not await store.aside(tx, call.hospital_id, message.bulletin_no, message.note, call.now):
            raise await _why_not(tx, call, message.bulletin_no)
        return str(message.bulletin_no)

    async def _show(self, tx: Tx, call: Call, bulletin_no: str) -> BulletinView:
        found = await store.one(tx, call.hospital_id, int(bulletin_no))
        if found is None:
            raise BulletinUnknown
        return found


async def _why_not(tx: Tx, call: Call, bulletin_no: int) -> BulletinUnknown | BulletinNotParked:
    found = await store.one(tx, call.hospital_id, bulletin_no)
    return BulletinUnknown() if found is None else BulletinNotParked(found.state)


def _fresh(plan: Plan, receiver: str, kind: BulletinKind, known: store.Known) -> list[store.Fresh]:
    """What this receiver is to be told of a payment that has ended, beyond what it was told before."""
    found = _visit(plan, known) if kind == "visit" else _charge(plan, known)
    if found is None:
        return []
    event, facts, amount_fen = found
    return [
        store.Fresh(
            hospital_id=plan.hospital_id,
            receiver=receiver,
            control_id=f"YY{random_text(16)}",
            event=event,
            payment_no=plan.payment_no,
            patient_id=plan.patient_id,
            amount_fen=amount_fen,
            facts=msgspec.json.encode(facts).decode(),
        )
    ]


def _visit(plan: Plan, known: store.Known) -> tuple[BulletinEvent, VisitFacts, int] | None:
    """Of a visit that is not booked nobody is told, nor of its end."""
    if plan.purpose not in HELD or "cancelled" in known.events:
        return None
    stands = state_of(plan) == "fulfilled"
    if stands == ("booked" in known.events):
        return None
    facts, said, hold = RegistrationFacts.of(plan), evidence_of(plan), plan.latest(HOLD)
    about = VisitFacts(
        reference=hold.reference if hold is not None else "",
        schedule_id=facts.schedule_id,
        department_id=facts.department_id,
        department=facts.department.name,
        practitioner_id=facts.practitioner_id,
        practitioner=facts.practitioner_name,
        number=said.get("number", 0),
        starts_at=instant(said.get("starts_at")),
        ends_at=instant(said.get("ends_at")),
    )
    return ("booked" if stands else "cancelled"), about, 0


def _charge(plan: Plan, known: store.Known) -> tuple[BulletinEvent, ChargeFacts, int] | None:
    """The difference to what was told, so that whatever was told, all of it together is how things stand."""
    more_fen = plan.taken_fen - plan.returned_fen - known.amount_fen
    if not more_fen:
        return None
    ended_at = plan.ended_at or plan.started_at
    about = ChargeFacts(
        amount_fen=Fen(abs(more_fen)),
        stands_fen=Fen(plan.taken_fen - plan.returned_fen),
        purpose=plan.purpose,
        description=plan.description,
        tender=plan.tender,
        at=(paid_at(plan) or ended_at) if more_fen > 0 else ended_at,
    )
    return ("charged" if more_fen > 0 else "credited"), about, more_fen
