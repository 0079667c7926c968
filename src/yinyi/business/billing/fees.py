"""Fee lists over all history: as the hospital has them, and as we keep them for good.

The hospital knows what is new, our copies outlive its archive: a bill that is listed as paid is noted at once, and
copied with all that is charged by it soon after. Every refund makes another copy beside the one before.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database
from yinyi.bus.forgetting import whose
from yinyi.business.billing import store
from yinyi.business.billing.errors import InvoiceUnknown
from yinyi.business.billing.model import Invoice, InvoiceLine, NamedInvoice, WholeInvoice
from yinyi.business.billing.ports import Hospital, Patients, Staffed
from yinyi.business.billing.views import Names
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.recent import RecentByKey

log = structlog.get_logger()

EVER = date(2000, 1, 1)
AT_A_TIME, OF_ONE_DAY = 40, 1000
LOOKS = 5
"""So often a page that has come out empty is asked for further back; then the patient asks himself."""
PAID = ("paid", "refunded")
COPIED_AT_ONCE = 40
SETTLES = timedelta(seconds=5)
"""Whoever has just listed it most likely opens or prints it now, and copies it."""
_COPY_EVERY_S = 10.0


class Found(NamedTuple):
    """Newest first. complete: the hospital has answered."""

    invoices: list[NamedInvoice]
    complete: bool


class Page(NamedTuple):
    """Newest first. earlier: the last day of the page after it; None: there is none."""

    invoices: list[NamedInvoice]
    earlier: date | None
    complete: bool = True


@dataclass(frozen=True)
class Look:
    """Whose bills, of which days, how many at most. call: of whoever is the first to ask."""

    hospital_id: int
    patient_id: int
    first_on: date
    last_on: date
    limit: int
    call: Call = field(compare=False)


class FeeBook:
    """``hospital`` has the bills, ``patients`` is our master index. Nobody reads any bill but his own."""

    def __init__(
        self, database: Database, hospital: Hospital, patients: Patients, zone: ZoneInfo, kept_s: float
    ) -> None:
        """``kept_s``: so old may be a list that is only looked at."""
        self._database = database
        self._hospital = hospital
        self._patients = patients
        self._zone = zone
        self._recent = RecentByKey(self._merged, kept_s, ahead=True, owner=lambda look: whose(look.call.principal))
        self.forget = self._recent.forget

    # -- which there are

    async def page(self, call: Call, until: date) -> Page:
        """What was paid up to that day, some days at a time."""
        earlier: date | None = until
        complete = True
        for _ in range(LOOKS):
            if earlier is None or earlier < EVER:
                return Page([], None, complete)
            found, earlier, answered = await self._days(call, earlier)
            complete = complete and answered
            paid = [each for each in found if each.invoice.state in PAID]
            if paid:
                return Page(paid, earlier, complete)
        return Page([], earlier, complete)

    async def _days(self, call: Call, until: date) -> Page:
        """All of some days, whatever their state. The hospital lists by days and how many at most, so a page ends with
        a whole day: one that did not fit whole is left for the next page, one that fills a page alone is this page."""
        found, complete = await self.between(call, EVER, until, AT_A_TIME + 1, looking=True)
        if len(found) <= AT_A_TIME:
            return Page(found, None, complete)
        oldest = self._day(found[-1])
        whole = [each for each in found if self._day(each) > oldest]
        if whole:
            return Page(whole, oldest, complete)
        of_a_day = await self.between(call, oldest, oldest, OF_ONE_DAY, looking=True)
        return Page(of_a_day.invoices, oldest - timedelta(days=1), of_a_day.complete)

    async def between(self, call: Call, first_on: date, last_on: date, limit: int, *, looking: bool = False) -> Found:
        """Of these days, both included, the newest so many: the hospital's and ours, each once. ``looking``: what was
        found a moment ago will do."""
        look = Look(call.hospital_id, call.principal.patient_id, first_on, last_on, limit, call)
        try:
            return Found(await (self._recent.get(look) if looking else self._merged(look)), complete=True)
        except HospitalUnavailable:
            return Found(await self._ours(look), complete=False)

    async def _merged(self, look: Look) -> list[NamedInvoice]:
        """
        Raises:
            HospitalUnavailable: it does not answer.
        """
        ours = await self._ours(look)
        patient_no = await self._patients.patient_no(look.hospital_id, look.patient_id)
        found = await self._hospital.invoices(patient_no, "", look.first_on, look.last_on, look.limit)
        mine = [each for each in found if each.patient_no == patient_no]
        names = await names_of(self._hospital) if mine else Names({}, {})
        theirs = [names.named(each) for each in mine]
        await self._note(look.call, theirs, ours)
        merged = {each.invoice.invoice_no: each for each in (*ours, *theirs)}
        return sorted(merged.values(), key=_age, reverse=True)[: look.limit]

    async def _ours(self, look: Look) -> list[NamedInvoice]:
        since, before = self._begins(look.first_on), self._begins(look.last_on + timedelta(days=1))
        async with self._database.read() as tx:
            return await store.heads(tx, look.hospital_id, look.patient_id, since, before, look.limit)

    async def _note(self, call: Call, theirs: Sequence[NamedInvoice], ours: Sequence[NamedInvoice]) -> None:
        """What is paid is known from now on, whatever becomes of the hospital's archive."""
        known = {_edition(each) for each in ours}
        new = [each for each in theirs if each.invoice.state in PAID and _edition(each) not in known]
        if not new:
            return
        async with self._database.transaction() as tx:
            await store.seen(tx, call.hospital_id, call.principal.patient_id, new, call.now)

    async def named(self, found: Invoice) -> NamedInvoice:
        """
        Raises:
            HospitalUnavailable: it does not answer.
        """
        return (await names_of(self._hospital)).named(found)

    # -- with all that was charged

    async def kept(self, call: Call, invoice_no: str) -> WholeInvoice | None:
        """Our copy of one of this patient's; None: there is none."""
        async with self._database.read() as tx:
            head = await store.head(tx, call.hospital_id, invoice_no, call.principal.patient_id)
            if head is None:
                return None
            return (await store.contents(tx, call.hospital_id, [head])).get(invoice_no)

    async def keep(self, call: Call, named: NamedInvoice, lines: list[InvoiceLine]) -> None:
        """The hospital has just shown it."""
        if named.invoice.state not in PAID:
            return
        whole = WholeInvoice(named=named, lines=lines)
        async with self._database.read() as tx:
            kept = await store.contents(tx, call.hospital_id, [named])
        if kept or not _fits(whole):
            return
        async with self._database.transaction() as tx:
            await store.seen(tx, call.hospital_id, call.principal.patient_id, [named], call.now)
            await store.keep(tx, call.hospital_id, [whole], call.now)

    async def whole(self, call: Call, wanted: Sequence[NamedInvoice]) -> list[WholeInvoice]:
        """Paid ones that ``between`` has found, in this order; from now on they are kept.

        Raises:
            HospitalUnavailable: it does not answer, and one of them was not copied yet.
            InvoiceUnknown: the hospital does not have one of them any more, and it was never copied.
        """
        async with self._database.read() as tx:
            kept = await store.contents(tx, call.hospital_id, wanted)
        copied = await self._copied([each for each in wanted if each.invoice.invoice_no not in kept])
        if copied:
            async with self._database.transaction() as tx:
                await store.keep(tx, call.hospital_id, list(copied.values()), call.now)
        found = kept | copied
        if any(each.invoice.invoice_no not in found for each in wanted):
            raise InvoiceUnknown
        return [found[each.invoice.invoice_no] for each in wanted]

    async def _copied(self, wanted: Sequence[NamedInvoice]) -> dict[str, WholeInvoice]:
        """As the hospital has them now, by number: those whose lines say what their heads say.

        Raises:
            HospitalUnavailable: it does not answer.
        """
        numbers = [each.invoice.invoice_no for each in wanted]
        lines: dict[str, list[InvoiceLine]] = {number: [] for number in numbers}
        for line in await self._hospital.invoice_lines(numbers) if numbers else ():
            lines.setdefault(line.invoice_no, []).append(line)
        whole = [WholeInvoice(named=each, lines=lines[each.invoice.invoice_no]) for each in wanted]
        return {each.named.invoice.invoice_no: each for each in whole if _fits(each)}

    # -- for good

    async def copy_missing(self, now: datetime) -> int:
        """One round: what was listed and never opened is copied too; how many were. Any number of processes may."""
        async with self._database.read() as tx:
            missing = await store.missing(tx, now - SETTLES, COPIED_AT_ONCE)
        copied = 0
        for hospital_id in {each for each, _ in missing}:
            wanted = [head for each, head in missing if each == hospital_id]
            try:
                found = await self._copied(wanted)
            except HospitalUnavailable:
                break
            left = [each for each in wanted if each.invoice.invoice_no not in found]
            async with self._database.transaction() as tx:
                await store.keep(tx, hospital_id, list(found.values()), now)
                if left:
                    log.info("fees.not_copied", invoice_nos=[each.invoice.invoice_no for each in left])
                    await store.later(tx, hospital_id, left, now)
            copied += len(found)
        return copied

    async def run(self, clock: Clock) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.copy_missing(clock.now())
            except Exception as error:  # the loop outlives every fault of database and hospital
                log.warning("fees.copying_failed", why=type(error).__name__)
            await asyncio.sleep(_COPY_EVERY_S)

    def _begins(self, on: date) -> datetime:
        return datetime.combine(on, time(), self._zone)

    def _day(self, named: NamedInvoice) -> date:
        return named.invoice.ordered_at.astimezone(self._zone).date()


async def names_of(hospital: Staffed) -> Names:
    """What its departments and doctors are called.

    Raises:
        HospitalUnavailable: it does not answer.
    """
    departments = {each.department_id: (each.name, each.name_en) for each in await hospital.departments()}
    return Names(departments, {each.practitioner_id: each.name for each in await hospital.practitioners()})


def _age(named: NamedInvoice) -> tuple[datetime, str]:
    return named.invoice.ordered_at, named.invoice.invoice_no


def _edition(named: NamedInvoice) -> tuple[str, int]:
    return named.invoice.invoice_no, named.invoice.refunded_fen


def _fits(whole: WholeInvoice) -> bool:
    """The lines say what the head says: a refund between asking for the one and for the other is another edition."""
    invoice = whole.named.invoice
    refunded_fen = sum(line.amount_fen for line in whole.lines if line.refunded)
    return len(whole.lines) == invoice.line_count and refunded_fen in (0, invoice.refunded_fen)
