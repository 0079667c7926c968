"""Receipts are asked for, and seen to until they are issued: never by whoever pays, and without end."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from yinyi.bus.database import Database, Tx
from yinyi.bus.turning import turning
from yinyi.business.documents.store import view as document_view
from yinyi.business.fiscal import store
from yinyi.business.fiscal.model import EARNING, Issued, changes
from yinyi.business.fiscal.ports import FiscalInvoices, Patients
from yinyi.business.fiscal.store import Claimed, Learned
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.rules import pause_s
from yinyi.business.payments.view import paid_at
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import YinyiError
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Refused, Unknown, Waiting

log = structlog.get_logger()

LADDER_S = (5, 10, 20, 40, 60, 120, 300, 600, 1800, 3600)
"""So long after the first, second… try in a row comes the next; the last one over and over."""
REFUSED_S = 3600
"""A hospital that refuses has to be put right by people: it is asked again every hour, and when they say so."""
SPREAD = 0.2
"""What failed together does not come back together; see ``pause_s``."""
CLAIMED_S, BEGUN_S = 90, 45
"""What is not finished by then was left by a process that died. Whatever has not been begun by half of it waits for the
next turn, so that the last call ends in time."""
GIVE_UP_MARKING = 24
"""Tries; then nothing came out of the printer, or the hospital does not want to know."""
CLAIMED_AT_ONCE, CALLS_AT_ONCE = 60, 3
KEPT_S = 0.25
"""So long an answer may wait for others to be written down with it."""
GUESS_S = 600
"""Longest guess of a hospital that is believed."""
_EVERY_S = 2.0


class Issuing:
    """One a business process; any number of them share the work."""

    def __init__(self, database: Database, hospital: FiscalInvoices, patients: Patients, clock: Clock) -> None:
        self._database = database
        self._hospital = hospital
        self._patients = patients
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        await turning(self.turn, _EVERY_S, "fiscal.waiting")

    async def turn(self) -> int:
        """See to what is due; how much there was."""
        now = self._clock.now()
        async with self._database.read() as tx:
            due = await store.claim(tx, now, now + timedelta(seconds=CLAIMED_S), CLAIMED_AT_ONCE)
        kept = Kept(self._database)
        waiting = iter(due)
        await asyncio.gather(*(self._worker(waiting, now, kept) for _ in range(CALLS_AT_ONCE)))
        await kept.write()
        return len(due)

    async def _worker(self, waiting: Iterator[Claimed], began: datetime, kept: "Kept") -> None:
        for each in waiting:
            if self._clock.now() - began > timedelta(seconds=BEGUN_S):
                return
            try:
                await kept.add(await self._see_to(each))
            except Exception as error:  # it is due again when its claim has run out
                log.warning("fiscal.left_lying", reference=each.reference, why=type(error).__name__)

    async def hear(self, tx: Tx, plans: Sequence[Plan], now: datetime) -> None:
        """Write down what the payments that have ended want."""
        earning = [plan for plan in plans if plan.purpose in EARNING]
        known = await store.known(tx, [plan.payment_no for plan in earning])
        wanted = [
            (plan, paid_at(plan) or plan.started_at, each)
            for plan in earning
            for each in changes(plan, known.get((plan.hospital_id, plan.payment_no), []))
        ]
        if wanted:
            await store.put(tx, wanted, now)

    async def _see_to(self, due: Claimed) -> Learned | None:
        """None: it is written down already."""
        if due.was == "issued":
            return await self._mark(due)
        return await self._learn(due, await (self._send(due) if due.was == "wanted" else self._ask(due)))

    async def _ask(self, due: Claimed) -> Answer:
        """What became of it; one that surely never arrived is sent again, under the same reference."""
        answer = await self._hospital.ask_fiscal_invoice(due.reference)
        return await self._send(due) if isinstance(answer, NotFound) else answer

    async def _send(self, due: Claimed) -> Answer:
        if due.of:
            return await self._hospital.reverse_fiscal_invoice(due.reference, due.of, Fen(due.amount_fen), due.title)
        try:
            patient_no = await self._patients.patient_no(due.hospital_id, due.patient_id)
        except YinyiError as error:
            return NotSent(detail=type(error).__name__)
        paid = (due.title, Fen(due.amount_fen), due.paid_at)
        return await self._hospital.issue_fiscal_invoice(due.reference, due.payment_no, patient_no, *paid)

    async def _learn(self, due: Claimed, answer: Answer) -> Learned | None:
        match answer:
            case Done():
                return due.became("issued", issued=msgspec.convert(answer.evidence, Issued, strict=False))
            case Refused():
                log.warning("fiscal.refused", reference=due.reference, reason=answer.reason, detail=answer.detail)
                problem = f"{answer.reason} {answer.detail}".strip()
                return await self._not_made(due, self._next(due, (REFUSED_S,)), problem)
            case Waiting():
                guess = min(answer.until, self._clock.now() + timedelta(seconds=GUESS_S))
                return due.became("sent", max(guess, self._next(due)))
            case NotSent() if due.was == "wanted":
                return await self._not_made(due, self._next(due), answer.detail)
            case NotSent() | Unknown() | NotFound():
                return due.became("sent", self._next(due), answer.detail)

    async def _mark(self, due: Claimed) -> Learned:
        """Tell the hospital that it is on paper, once it is."""
        async with self._database.read() as tx:
            paper = await document_view(tx, due.hospital_id, due.document_no)
        if paper is not None and paper.state == "printed":
            answer = await self._hospital.mark_fiscal_printed(due.reference)
            if isinstance(answer, Done):
                return due.became("issued", marked_at=self._clock.now())
        given_up = due.tries >= GIVE_UP_MARKING
        return due.became("issued", None if given_up else self._next(due), "not marked as printed")

    async def _not_made(self, due: Claimed, next_at: datetime, problem: str) -> None:
        async with self._database.read() as tx:
            await store.not_made(tx, due, next_at, problem)

    def _next(self, due: Claimed, ladder: tuple[int, ...] = LADDER_S) -> datetime:
        pause = pause_s(ladder, due.tries - 1, SPREAD, due.reference)
        return self._clock.now() + timedelta(seconds=pause)


class Kept:
    """What has been learned and not been written down yet; what comes at once is written at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._learned: list[Learned] = []
        self._since = 0.0

    async def add(self, learned: Learned | None) -> None:
        now = asyncio.get_running_loop().time()
        if learned is not None:
            self._since = self._since if self._learned else now
            self._learned.append(learned)
        if self._learned and now - self._since > KEPT_S:
            await self.write()

    async def write(self) -> None:
        """All of it, in one statement. What cannot be written is asked for again when the claim has run out."""
        learned, self._learned = self._learned, []
        if learned:
            async with self._database.read() as tx:
                await store.learn(tx, learned)
