"""A hospital that issues electronic receipts, badly when told so, and business processes that ask for them."""

import itertools
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from payment_checks import pay_in_time
from payment_world import World

from yinyi.bus.call import Call, Principal
from yinyi.bus.database import Row, Tx
from yinyi.bus.operation import Caller
from yinyi.business.documents import store as documents
from yinyi.business.documents.masked import masked
from yinyi.business.documents.messages import DocumentView
from yinyi.business.documents.ports import SlipFacts
from yinyi.business.fiscal import store
from yinyi.business.fiscal.issuing import Issuing
from yinyi.business.fiscal.model import EARNING, FoundFiscalInvoice
from yinyi.business.fiscal.service import FiscalService
from yinyi.business.payments.ends import Ends
from yinyi.business.payments.plan import Plan
from yinyi.business.terminals.model import Counter, Hospital
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Outcome, Refused, Unknown, Waiting

AT_LAST = datetime(2100, 1, 1, tzinfo=UTC)
Bad = Literal["not_sent", "refused", "lost_before", "lost_after", "waits", "dies"]


def often(bad: Bad, times: int) -> "deque[Bad]":
    """The same trouble so many times."""
    return deque[Bad]([bad]) * times


class Died(BaseException):
    """The process that has called: it learns nothing any more."""


@dataclass
class SimReceipts:
    """Implements ``FiscalInvoices``. issued: amounts by reference, below zero for red ones. calls: all of them. files:
    of those that have one. digest: what it announces of every file."""

    call_timeout_s: float = 5.0
    issued: dict[str, int] = field(default_factory=dict[str, int])
    bad: "deque[Bad]" = field(default_factory=lambda: deque[Bad]())
    calls: list[str] = field(default_factory=list[str])
    marked: list[str] = field(default_factory=list[str])
    dates: dict[str, datetime] = field(default_factory=dict[str, datetime])
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    digest: str = ""

    async def issue_fiscal_invoice(
        self, reference: str, payment_no: str, patient_no: str, title: str, amount_fen: Fen, paid_at: datetime
    ) -> Outcome:
        assert (payment_no, patient_no, title) == (reference, "P1", "挂号费")
        return self._made("issue", reference, amount_fen)

    async def reverse_fiscal_invoice(self, reference: str, of: str, amount_fen: Fen, title: str) -> Outcome:
        assert of in self.issued, "nothing is reversed before it is issued"
        return self._made("reverse", reference, -amount_fen)

    async def ask_fiscal_invoice(self, reference: str) -> Answer:
        self.calls.append("ask")
        bad = self.bad.popleft() if self.bad and self.bad[0] != "refused" else ""
        if bad == "waits":
            return Waiting(until=AT_LAST)
        if bad:
            return Unknown()
        return self._done(reference) if reference in self.issued else NotFound()

    async def fiscal_invoices(self, patient_no: str, first_on: date, last_on: date) -> list[FoundFiscalInvoice]:
        return []

    async def fiscal_file(self, reference: str) -> bytes | None:
        self.calls.append("file")
        return self.files.get(reference)

    async def mark_fiscal_printed(self, reference: str) -> Outcome:
        self.marked.append(reference)
        return Done()

    def _made(self, verb: str, reference: str, fen: int) -> Outcome:
        self.calls.append(verb)
        bad = self.bad.popleft() if self.bad else ""
        if bad in ("", "lost_after", "dies", "waits"):
            assert self.issued.setdefault(reference, fen) == fen
        match bad:
            case "":
                return self._done(reference)
            case "not_sent":
                return NotSent()
            case "refused":
                return Refused(reason="bad_request", detail="no seal")
            case "waits":
                return Waiting(until=AT_LAST)
            case "dies":
                raise Died
            case _:
                return Unknown()

    def _done(self, reference: str) -> Done:
        number = f"{sorted(self.issued).index(reference):010d}"
        told = {
            "code": "33060126",
            "number": number,
            "check_code": "4711",
            "url": "https://r.example/1",
            "digest": self.digest,
        }
        return Done(evidence=told | {"issued_at": "2026-03-02T09:00:00+08:00", "amount_fen": self.issued[reference]})


class Patients:
    async def patient_no(self, hospital_id: int, patient_id: int) -> str:
        return f"P{patient_id}"

    async def on_paper(self, tx: Tx, hospital_id: int, patient_id: int) -> tuple[str, str]:
        return "张三", "P1"


class Process:
    """One that hears of payments and sees to their receipts."""

    def __init__(self, it: World, hospital: SimReceipts) -> None:
        issuing = Issuing(it.database, hospital, Patients(), it.clock)
        self.hear = Ends(it.database, [issuing], it.clock).turn
        self._turns = (self.hear, issuing.turn)

    async def turn(self) -> int:
        return sum([await turn() for turn in self._turns])


def process(it: World, hospital: SimReceipts) -> Process:
    it.means.registry.told = frozenset(EARNING)
    return Process(it, hospital)


async def paid(it: World) -> Plan:
    """A registration that is to have a receipt."""
    it.means.registry.told = frozenset(EARNING)
    return await pay_in_time(it)


async def rows(it: World) -> dict[str, Row]:
    async with it.database.read() as tx:
        return {row["reference"]: row for row in await tx.fetch("SELECT * FROM fiscal_invoice")}


async def states(it: World) -> list[str]:
    return sorted(row["state"] for row in (await rows(it)).values())


async def work(it: World, issuing: Process, span: timedelta = timedelta(hours=3)) -> None:
    """Until nothing more is due within that time."""
    end = it.clock.now() + span
    for _ in range(200):
        seen_to = await issuing.turn()
        due_at = await _next(it)
        if not seen_to and due_at > end:
            return
        if not seen_to:
            it.clock.at = max(it.clock.now(), due_at) + timedelta(milliseconds=1)
    raise AssertionError(f"it never ends: {[dict(row) for row in (await rows(it)).values()]}")


async def _next(it: World) -> datetime:
    """The next instant at which something is due; what waits for another receipt waits on."""
    now = it.clock.now()
    never = now + timedelta(days=400)
    async with it.database.read() as tx:
        return await tx.fetchval("SELECT coalesce(min(next_at), $1) FROM fiscal_invoice WHERE next_at > $2", never, now)


async def late(it: World) -> list[str]:
    async with it.database.read() as tx:
        return [row["reference"] for row in await store.late(tx, 1, it.clock.now() - timedelta(hours=1))]


def as_patient(it: World, patient_id: int = 1) -> Call:
    now = it.clock.now()
    who = Principal(caller=Caller.KIOSK, hospital_id=1, terminal_id="T1", patient_id=patient_id)
    return Call(principal=who, now=now, deadline=now + timedelta(seconds=8), correlation_id="c", key="k")


class Names:
    """Implements ``HospitalNames``."""

    async def hospital(self, tx: Tx, hospital_id: int, now: datetime) -> Hospital:
        counter = Counter(name="3 号窗口", name_en="Window 3")
        return Hospital(
            hospital_id=1, name="云山医院", name_en="Yunshan", zone="Asia/Shanghai", window=counter, triage=counter
        )


def title_en(plan: Plan) -> str:
    """Implements ``TitleEn``."""
    return f"Fee of {plan.amount_fen} fen"


class Papers:
    """Implements ``PrintsSlips`` with the real tables of papers."""

    numbers = itertools.count(1)

    async def print_slip(self, tx: Tx, call: Call, facts: SlipFacts) -> str:
        new = documents.NewDocument(
            document_no=f"D{next(self.numbers):08d}",
            payment_no=facts.slip.payment_no,
            tells=facts.tells,
            patient_id=facts.patient_id,
            title=facts.title,
            amount_fen=facts.amount_fen,
            slip=masked(facts.slip),
        )
        number = await documents.make(tx, 1, new, call.now)
        await documents.queue(tx, 1, number, f"J{next(self.numbers):08d}", "T1", "01 号机", call.now)
        return number

    async def show(self, tx: Tx, call: Call, subject: str) -> DocumentView:
        found = await documents.view(tx, 1, subject)
        assert found is not None
        return found


async def comes_out(it: World) -> list[bool]:
    """All that waits for the printer is printed; which of it are copies, in turn."""
    async with it.database.read() as tx:
        jobs = await documents.take(tx, 1, "T1", it.clock.now() - timedelta(hours=1), 9, [1], it.clock.now())
        for job in jobs:
            await documents.report(tx, 1, "T1", job.job_id, "printed", "", it.clock.now())
    return [job.copy for job in jobs]


def service(it: World, hospital: SimReceipts) -> FiscalService:
    return FiscalService(it.database, hospital, Patients(), Names(), title_en, Papers(), EARNING)
