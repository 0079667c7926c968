"""Papers: made when a patient asks for them, printed at the terminal where he stands, printed again as copies."""

import asyncio
from datetime import datetime, timedelta

import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.documents import store
from yinyi.business.documents.errors import DocumentUnknown
from yinyi.business.documents.masked import masked
from yinyi.business.documents.messages import Documents, DocumentView, ListDocuments, PrintSlip, ReprintSlip
from yinyi.business.documents.ports import SlipFacts, SlipSource, TerminalNames
from yinyi.business.documents.pushes import push
from yinyi.business.documents.queue import PaperQueue
from yinyi.business.documents.store import NewDocument
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import Busy, NotYours
from yinyi.kernel.ids import random_text

log = structlog.get_logger()

WAITING_AT_MOST = 8
"""Papers that may wait for one printer: whoever asks for more is asked to wait."""

_SWEEP_EVERY_S = 15.0


class DocumentService:
    """The domain's handlers, and what it does by itself."""

    def __init__(self, slips: SlipSource, terminals: TerminalNames, queue: PaperQueue, clock: Clock) -> None:
        self._slips = slips
        self._terminals = terminals
        self._queue = queue
        self._clock = clock

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.changes(PrintSlip, Change(make=self._print, show=self.show))
        dispatcher.changes(ReprintSlip, Change(make=self._reprint, show=self.show))
        dispatcher.reads(ListDocuments, self.list_documents)

    async def list_documents(self, tx: Tx, call: Call, message: ListDocuments) -> Documents:
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
            document_no=_number("D", call.now),
            payment_no=facts.slip.payment_no,
            tells=facts.tells,
            patient_id=facts.patient_id,
            title=facts.title,
            amount_fen=facts.amount_fen,
            slip=masked(facts.slip),
        )
        document_no = await store.make(tx, call.hospital_id, new, call.now)
        await self._send(tx, call, document_no)
        return document_no

    async def _reprint(self, tx: Tx, call: Call, message: ReprintSlip, _: None) -> str:
        owner = await store.owner(tx, call.hospital_id, message.document_no)
        if owner is None:
            raise DocumentUnknown
        if owner != call.principal.patient_id:
            raise NotYours
        await self._send(tx, call, message.document_no)
        return message.document_no

    async def _send(self, tx: Tx, call: Call, document_no: str) -> None:
        """To the printer of the terminal where the patient stands."""
        hospital_id, terminal_id, now = call.hospital_id, call.principal.terminal_id, call.now
        if await store.waiting(tx, hospital_id, terminal_id) >= WAITING_AT_MOST:
            raise Busy(f"{WAITING_AT_MOST} papers wait for the printer")
        name = await self._terminals.terminal_name(tx, hospital_id, terminal_id, now)
        nth = await store.queue(tx, hospital_id, document_no, _number("J", now), terminal_id, name, now)
        await push(tx, hospital_id, terminal_id, "PrintQueued", document_no, nth, now)

    async def show(self, tx: Tx, call: Call, subject: str) -> DocumentView:
        """The paper of this number."""
        found = await store.view(tx, call.hospital_id, subject)
        if found is None:
            raise DocumentUnknown
        return found

    async def run(self) -> None:
        """Until cancelled: papers that nobody waits for any more are given up."""
        while True:
            try:
                await self._queue.expire(self._clock.now())
            except Exception as error:  # the loop outlives every fault of the database
                log.warning("documents.sweep_failed", why=type(error).__name__)
            await asyncio.sleep(_SWEEP_EVERY_S)


def _number(letter: str, at: datetime) -> str:
    """21 characters, time-ordered."""
    return f"{letter}{at:%y%m%d%H%M%S}{random_text(8)}"
