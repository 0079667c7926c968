"""Electronic receipts as patients and staff ask for them."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any, Protocol

import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Row, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.documents.messages import DocumentView
from yinyi.business.documents.ports import SlipFacts
from yinyi.business.fiscal import store
from yinyi.business.fiscal.drawing import DrawnPage, FileRefused, drawn
from yinyi.business.fiscal.errors import FiscalFileUnreadable, FiscalInvoiceUnknown, NotIssuedYet
from yinyi.business.fiscal.messages import (
    AskFiscalInvoiceAgain,
    FiscalFile,
    FiscalInvoiceList,
    FiscalInvoiceView,
    FiscalPage,
    FiscalStanding,
    GetFiscalFile,
    GetFiscalInvoice,
    GetFiscalPage,
    LateFiscalInvoice,
    LateFiscalInvoices,
    ListFiscalInvoices,
    ListLateFiscalInvoices,
    PrintFiscalInvoice,
    RedInvoice,
)
from yinyi.business.fiscal.ports import FiscalInvoices, HospitalNames, Patients, TitleEn
from yinyi.business.fiscal.slips import fiscal_slip
from yinyi.business.payments import signals
from yinyi.business.payments.errors import PaymentUnknown
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.postings import delivered_fen
from yinyi.kernel.errors import NotYours
from yinyi.kernel.money import Fen
from yinyi.kernel.recent import RecentByKey

log = structlog.get_logger()

SHOWN = 50
DRAWN_KEPT_S = 60.0
DRAWN_AT_ONCE = 32
"""Whoever turns its pages asks the hospital once for all of them."""
MARK_AFTER = timedelta(seconds=15)
"""By then a paper has come out of the printer, usually."""

HEARD_WITHIN = timedelta(hours=1)
"""A payment that has ended is on record by then."""


class PrintsSlips(Protocol):
    """Who prints."""

    async def print_slip(self, tx: Tx, call: Call, facts: SlipFacts) -> str:
        """The number of the paper."""
        ...

    async def show(self, tx: Tx, call: Call, subject: str) -> DocumentView: ...


class FiscalService:
    """``hospital``: None where it issues none; then nothing has a receipt. ``earning``: the purposes that have one."""

    def __init__(
        self,
        database: Database,
        hospital: FiscalInvoices | None,
        patients: Patients,
        names: HospitalNames,
        title_en: TitleEn,
        papers: PrintsSlips,
        earning: Sequence[str],
    ) -> None:
        self._database = database
        self._hospital = hospital
        self._patients = patients
        self._names = names
        self._title_en = title_en
        self._papers = papers
        self._earning = frozenset(earning if hospital is not None else ())
        self._drawn = RecentByKey(self._draw, DRAWN_KEPT_S, DRAWN_AT_ONCE)

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(GetFiscalInvoice, self.get)
        dispatcher.reads(ListFiscalInvoices, self.list)
        dispatcher.changes(PrintFiscalInvoice, Change(self.print, self._papers.show))
        dispatcher.asks(GetFiscalFile, self.get_file)
        dispatcher.asks(GetFiscalPage, self.get_page)
        dispatcher.reads(ListLateFiscalInvoices, self.list_late)
        dispatcher.changes(AskFiscalInvoiceAgain, Change(self.ask_again, self._show_late))

    # -- patients

    async def get(self, tx: Tx, call: Call, message: GetFiscalInvoice) -> FiscalInvoiceView:
        plan = await _own(tx, call, message.payment_no)
        rows = await store.of_payment(tx, call.hospital_id, plan.payment_no)
        return _view(rows, self._title_en(plan)) if rows else self._without(call, plan)

    async def list(self, tx: Tx, call: Call, message: ListFiscalInvoices) -> FiscalInvoiceList:
        since = call.now - timedelta(days=message.days)
        whose = (call.hospital_id, call.principal.patient_id)
        rows = await store.of_patient(tx, *whose, since, SHOWN + 1, message.before)
        found = [list(each) for _, each in groupby(rows, key=lambda row: row["payment_no"])]
        more = found[SHOWN - 1][0]["payment_no"] if len(found) > SHOWN else ""
        titles = await self._titles_en(tx, call, [each[0]["payment_no"] for each in found[:SHOWN]])
        views = [_view(each, titles.get(each[0]["payment_no"], "")) for each in found[:SHOWN]]
        return FiscalInvoiceList(invoices=views, next_before=more)

    async def _titles_en(self, tx: Tx, call: Call, payment_nos: Sequence[str]) -> dict[str, str]:
        plans = await signals.find_among(tx, call.hospital_id, payment_nos)
        return {plan.payment_no: self._title_en(plan) for plan in plans}

    async def print(self, tx: Tx, call: Call, message: PrintFiscalInvoice, _: None) -> str:
        """
        Raises:
            NotIssuedYet: it is coming.
            FiscalInvoiceUnknown: there is none.
        """
        row, title_en = await self._issued(tx, call, message.payment_no)
        hospital = await self._names.hospital(tx, call.hospital_id, call.now)
        name, patient_no = await self._patients.on_paper(tx, call.hospital_id, row["patient_id"])
        chinese = call.language.startswith("zh")
        called, title = (hospital.name, row["title"]) if chinese else (hospital.name_en, title_en or row["title"])
        facts = SlipFacts(
            slip=fiscal_slip(call, called, title, name, patient_no, row),
            tells="issued",
            patient_id=row["patient_id"],
            title=row["title"],
            amount_fen=Fen(row["amount_fen"]),
        )
        document_no = await self._papers.print_slip(tx, call, facts)
        await store.printed(tx, call.hospital_id, row["reference"], document_no, call.now + MARK_AFTER)
        return document_no

    async def get_file(self, call: Call, message: GetFiscalFile) -> FiscalFile:
        """
        Raises:
            HospitalUnavailable: it cannot be had now.
        """
        async with self._database.read() as tx:
            row, _ = await self._issued(tx, call, message.payment_no)
        return await self._file(row["reference"], row["digest"])

    async def get_page(self, call: Call, message: GetFiscalPage) -> FiscalPage:
        """
        Raises:
            HospitalUnavailable: it cannot be had now.
            FiscalFileUnreadable: it is no PDF, not the one that was announced, or has no such page.
        """
        async with self._database.read() as tx:
            row, _ = await self._issued(tx, call, message.payment_no)
        pages = await self._drawn.get((row["reference"], row["digest"]))
        if message.nth > len(pages):
            raise FiscalFileUnreadable
        page = pages[message.nth - 1]
        return FiscalPage(content=page.jpeg, width=page.width, height=page.height, count=len(pages))

    async def _draw(self, which: tuple[str, str]) -> Sequence[DrawnPage]:
        """By reference and digest."""
        file = await self._file(*which)
        try:
            if file.genuine is False:
                raise FileRefused("not the one that was announced")
            return await asyncio.to_thread(drawn, file.content)
        except FileRefused as error:
            log.warning("fiscal.file_refused", reference=which[0], why=str(error))
            raise FiscalFileUnreadable from error

    async def _file(self, reference: str, digest: str) -> FiscalFile:
        assert self._hospital is not None, "somebody has issued it"
        content = await self._hospital.fiscal_file(reference)
        if content is None:
            raise FiscalInvoiceUnknown
        genuine = hashlib.sha256(content).hexdigest() == digest if digest else None
        return FiscalFile(content=content, genuine=genuine)

    async def _issued(self, tx: Tx, call: Call, payment_no: str) -> tuple[Row, str]:
        """The receipt that is not a red one, and its English title."""
        plan = await _own(tx, call, payment_no)
        rows = await store.of_payment(tx, call.hospital_id, plan.payment_no)
        view = _view(rows, self._title_en(plan)) if rows else self._without(call, plan)
        if view.standing == "none":
            raise FiscalInvoiceUnknown
        if view.standing == "coming":
            raise NotIssuedYet
        return next(row for row in rows if not row["of"]), view.title_en

    def _without(self, call: Call, plan: Plan) -> FiscalInvoiceView:
        """Nothing is on record yet: it may have been paid a moment ago. What is older is of a time without receipts."""
        just_now = plan.ended_at is None or call.now - plan.ended_at < HEARD_WITHIN
        coming = just_now and plan.purpose in self._earning and delivered_fen(plan) > 0
        return FiscalInvoiceView(
            payment_no=plan.payment_no,
            title=plan.description,
            title_en=self._title_en(plan),
            standing="coming" if coming else "none",
            amount_fen=Fen(delivered_fen(plan)),
            since=plan.ended_at or plan.started_at,
        )

    # -- staff

    async def list_late(self, tx: Tx, call: Call, message: ListLateFiscalInvoices) -> LateFiscalInvoices:
        rows = await store.late(tx, call.hospital_id, call.now - timedelta(minutes=message.minutes))
        return LateFiscalInvoices(invoices=[_late(row) for row in rows])

    async def ask_again(self, tx: Tx, call: Call, message: AskFiscalInvoiceAgain, _: None) -> str:
        if await store.again(tx, call.hospital_id, message.reference, call.now) is None:
            raise FiscalInvoiceUnknown
        return message.reference

    async def _show_late(self, tx: Tx, call: Call, reference: str) -> LateFiscalInvoice:
        row = await store.of_reference(tx, call.hospital_id, reference)
        if row is None:
            raise FiscalInvoiceUnknown
        return _late(row)


async def _own(tx: Tx, call: Call, payment_no: str) -> Plan:
    """
    Raises:
        PaymentUnknown: there is none.
        NotYours: it is another patient's.
    """
    plan = await signals.find(tx, call.hospital_id, payment_no)
    if plan is None:
        raise PaymentUnknown
    if plan.patient_id != call.principal.patient_id:
        raise NotYours
    return plan


def _view(rows: Sequence[Row], title_en: str) -> FiscalInvoiceView:
    """All receipts of one payment."""
    blue = next(row for row in rows if not row["of"])
    red = [row for row in rows if row["of"] and row["state"] != "void"]
    return FiscalInvoiceView(
        payment_no=blue["payment_no"],
        title=blue["title"],
        title_en=title_en,
        standing=_standing(blue, sum(row["amount_fen"] for row in red)),
        amount_fen=Fen(blue["amount_fen"]),
        since=blue["issued_at"] or blue["wanted_at"],
        **_numbers(blue),
        check_code=blue["check_code"],
        url=blue["url"],
        printed=blue["document_no"] != "",
        red=[RedInvoice(amount_fen=Fen(row["amount_fen"]), issued_at=row["issued_at"], **_numbers(row)) for row in red],
    )


def _standing(blue: Row, red_fen: int) -> FiscalStanding:
    if blue["state"] != "issued":
        return "none" if blue["state"] == "void" else "coming"
    if not red_fen:
        return "issued"
    return "reversed" if red_fen >= blue["amount_fen"] else "partly_reversed"


def _numbers(row: Row) -> dict[str, Any]:
    return {"code": row["code"], "number": row["number"]}


def _late(row: Row) -> LateFiscalInvoice:
    return LateFiscalInvoice(
        reference=row["reference"],
        of=row["of"],
        payment_no=row["payment_no"],
        amount_fen=Fen(row["amount_fen"]),
        wanted_at=row["wanted_at"],
        sent_at=row["sent_at"],
        next_at=row["next_at"],
        tries=row["tries"],
        problem=row["problem"],
    )
