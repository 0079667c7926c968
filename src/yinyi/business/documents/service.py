"""Papers: made when a patient asks for them, printed at the terminal where he stands, printed again as copies."""

import asyncio
from datetime import timedelta

import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.documents import store
from yinyi.business.documents.errors import DocumentUnknown
from yinyi.business.documents.masked import masked
from yinyi.business.documents.messages import (
    Documents,
    DocumentView,
    GetSheets,
    ListDocuments,
    PrintSlip,
    ReprintSlip,
    Sheets,
    SlipKind,
    Verdict,
    VerifyDocument,
)
from yinyi.business.documents.ports import SlipFacts, SlipSource
from yinyi.business.documents.queue import PaperQueue
from yinyi.business.documents.seals import Seals
from yinyi.business.documents.sending import SheetDesk, number_of, send
from yinyi.business.documents.store import NewDocument, kind_of
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import NotYours

log = structlog.get_logger()

_SWEEP_EVERY_S = 15.0
FISCAL: SlipKind = "fiscal"
"""The slip of an electronic receipt: it says where that is to be found, whatever becomes of the payment."""


class DocumentService:
    """The domain's handlers, and what it does by itself."""

    def __init__(self, slips: SlipSource, sheets: SheetDesk, queue: PaperQueue, seals: Seals) -> None:
        self._slips = slips
        self._sheets = sheets
        self._terminals = sheets.terminals
        self._queue = queue
        self._seals = seals

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.changes(PrintSlip, Change(make=self._print, show=self.show))
        dispatcher.changes(ReprintSlip, Change(make=self._reprint, show=self.show))
        dispatcher.reads(ListDocuments, self.list_documents)
        dispatcher.reads(GetSheets, self.get_sheets)
        dispatcher.reads(VerifyDocument, self.verify)

    async def get_sheets(self, tx: Tx, call: Call, message: GetSheets) -> Sheets:
        return await self._sheets.show(tx, call, message.document_nos)

    async def verify(self, tx: Tx, call: Call, message: VerifyDocument) -> Verdict:
        """A paper that was changed in the database is not genuine either."""
        document_no, _, code = message.said.strip().upper().partition("-")
        digest = await store.digest(tx, call.hospital_id, document_no)
        genuine = digest is not None and self._seals.fits(call.hospital_id, document_no, digest, code)
        return Verdict(genuine=genuine)

    async def list_documents(self, tx: Tx, call: Call, message: ListDocuments) -> Documents:
        if call.principal.opened_by and not await self._slips.is_theirs(tx, call, message.payment_no):
            return Documents(documents=[])
        since = call.now - timedelta(days=message.days)
        patient_id = call.principal.patient_id
        return Documents(documents=await store.views(tx, call.hospital_id, patient_id, since, message.payment_no))

    async def _print(self, tx: Tx, call: Call, message: PrintSlip, _: None) -> str:
        return await self.print_slip(tx, call, await self._slips.slip(tx, call, message.payment_no))

    async def print_slip(self, tx: Tx, call: Call, facts: SlipFacts) -> str:
        """Also for those above who have slips of their own; the number of the paper.

        Raises:
            NotYours: it is another patient's.
        """
        if facts.patient_id != call.principal.patient_id:
            raise NotYours
        new = NewDocument(
            document_no=number_of("D", call.now),
            payment_no=facts.slip.payment_no,
            tells=facts.tells,
            patient_id=facts.patient_id,
            title=facts.title,
            amount_fen=facts.amount_fen,
            slip=masked(facts.slip),
        )
        document_no = await store.make(tx, call.hospital_id, new, call.now)
        await send(tx, call, self._terminals, document_no)
        return document_no

    async def _reprint(self, tx: Tx, call: Call, message: ReprintSlip, _: None) -> str:
        """A slip that is not true any more is not printed again: what is true now comes out instead.

        Raises:
            DocumentUnknown, NotYours.
            NothingToPrint: nothing is to be said of its payment any more.
        """
        kept = await store.kept(tx, call.hospital_id, message.document_no)
        if kept is None:
            raise DocumentUnknown
        if kept.patient_id != call.principal.patient_id:
            raise NotYours
        if call.principal.opened_by and not await self._slips.is_theirs(tx, call, kept.payment_no):
            raise NotYours
        if kept.kind != FISCAL:
            facts = await self._slips.slip(tx, call, kept.payment_no)
            if (kind_of(facts.slip), facts.tells) != (kept.kind, kept.tells):
                return await self.print_slip(tx, call, facts)
        await send(tx, call, self._terminals, message.document_no)
        return message.document_no

    async def show(self, tx: Tx, call: Call, subject: str) -> DocumentView:
        """The paper of this number."""
        found = await store.view(tx, call.hospital_id, subject)
        if found is None:
            raise DocumentUnknown
        return found

    async def run(self, clock: Clock) -> None:
        """Until cancelled: papers that nobody waits for any more are given up."""
        while True:
            try:
                await self._queue.expire(clock.now())
            except Exception as error:  # the loop outlives every fault of the database
                log.warning("documents.sweep_failed", why=type(error).__name__)
            await asyncio.sleep(_SWEEP_EVERY_S)
