"""Papers to the printer of the terminal where the patient stands, and sheets for the domains that know what is on
them."""

from datetime import datetime

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.documents import store
from yinyi.business.documents.errors import DocumentUnknown, PrintedAlready
from yinyi.business.documents.messages import Sheets
from yinyi.business.documents.ports import TerminalNames
from yinyi.business.documents.pushes import push
from yinyi.business.documents.sheet import Sheet, SheetKind
from yinyi.business.documents.store import NewDocument
from yinyi.kernel.errors import Busy
from yinyi.kernel.ids import random_text

WAITING_AT_MOST = 8
"""Papers that may wait for one printer: whoever asks for more is asked to wait."""


class SheetDesk:
    """Where domains have their sheets printed."""

    def __init__(self, terminals: TerminalNames) -> None:
        self.terminals = terminals

    async def print(self, tx: Tx, call: Call, sheet: Sheet, tells: str, *, again: bool = True) -> str:
        """The number of the sheet, on its way to the printer. One is made for each (kind, ``tells``) and kept as it
        was; asked for again it is a copy.

        Raises:
            PrintedAlready: it came out before, and ``again`` is not wanted.
            Busy: too many papers wait for this printer.
        """
        new = NewDocument(
            document_no=number_of("S", call.now),
            payment_no="",
            tells=tells,
            patient_id=call.principal.patient_id,
            title=sheet.title,
            amount_fen=0,
            slip=sheet,
        )
        document_no = await store.make(tx, call.hospital_id, new, call.now)
        if not again and await store.came_out(tx, call.hospital_id, document_no):
            raise PrintedAlready
        await send(tx, call, self.terminals, document_no)
        return document_no

    async def show(self, tx: Tx, call: Call, document_nos: list[str]) -> Sheets:
        """
        Raises:
            DocumentUnknown: one of them is none, or somebody else's: which of the two is not said.
        """
        found = await store.sheets(tx, call.hospital_id, call.principal.patient_id, document_nos)
        if any(number not in found for number in document_nos):
            raise DocumentUnknown
        return Sheets(sheets=[found[number] for number in document_nos])

    async def printed(self, tx: Tx, call: Call, *kinds: SheetKind) -> dict[str, int]:
        """How often this patient's sheets of these kinds may have come out, by what they tell."""
        return await store.printed(tx, call.hospital_id, call.principal.patient_id, kinds)


async def send(tx: Tx, call: Call, terminals: TerminalNames, document_no: str) -> None:
    """To the printer of the terminal where the patient stands.

    Raises:
        Busy: too many papers wait for it.
    """
    hospital_id, terminal_id, now = call.hospital_id, call.principal.terminal_id, call.now
    if await store.waiting(tx, hospital_id, terminal_id) >= WAITING_AT_MOST:
        raise Busy(f"{WAITING_AT_MOST} papers wait for the printer")
    name = await terminals.terminal_name(tx, hospital_id, terminal_id, call.language, now)
    nth = await store.queue(tx, hospital_id, document_no, number_of("J", now), terminal_id, name, now)
    await push(tx, hospital_id, terminal_id, "PrintQueued", document_no, nth, now)


def number_of(letter: str, at: datetime) -> str:
    """21 characters, time-ordered."""
    return f"{letter}{at:%y%m%d%H%M%S}{random_text(8)}"
