"""The card terminal of a kiosk: what is asked of it, and what it tells of the way there. Cards themselves never come
here: they go to whoever asked for them, see ``payments/card_readings``. What a reading is for stands in its request."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.terminals import reading_store, store
from yinyi.business.terminals.line import AgentLine
from yinyi.business.terminals.messages import (
    Accepted,
    CardRequest,
    ReportCardTerminal,
    TakeCardRequest,
    WantedCard,
)
from yinyi.business.terminals.model import LIVE, ReadingState
from yinyi.business.terminals.pushes import push
from yinyi.business.terminals.reading_store import Row, Wish
from yinyi.business.terminals.seal_keys import SealKeys
from yinyi.wire.card_seal import CardRead, Place

log = structlog.get_logger()

READ_WITHIN = timedelta(seconds=90)
"""From "insert your card" to the last digit of the PIN."""
GRACE = timedelta(seconds=10)
"""A card that was read in time may arrive so much later."""

_ENDS: dict[str, ReadingState] = {
    "typing": "typing",
    "cancelled": "cancelled",
    "pulled_out": "pulled_out",
    "timed_out": "timed_out",
    "not_taken": "not_taken",
    "stripe": "stripe",
    "unreadable": "unreadable",
    "key_refused": "key_refused",
}
_IN_SLOT = frozenset({"inserted", "removed", "forgotten"})
_CALL_AGAIN = timedelta(minutes=30)
_ACCEPTED = Accepted()


class CardReadings:
    """One reading a terminal at a time; a new one ends the one before."""

    def __init__(self, database: Database, line: AgentLine, seal_keys: SealKeys, committed: Callable[[], None]) -> None:
        self._database = database
        self._line = line
        self._seal_keys = seal_keys
        self._committed = committed

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(ReportCardTerminal, self.report)
        dispatcher.asks(TakeCardRequest, self.take)

    # -- for whoever wants a card

    async def begin(self, tx: Tx, call: Call, request: CardRequest, payment_no: str = "", channel: str = "") -> None:
        """A card of this patient, or of whoever is there, is asked for at this terminal from now on, for as long as
        his session lasts."""
        at = (call.hospital_id, call.principal.terminal_id)
        seal_key, opens_with = self._seal_keys.fresh(*at, request.request_id)
        wish = Wish(
            request=msgspec.structs.replace(request, seal_key=seal_key),
            opens_with=opens_with,
            payment_no=payment_no,
            patient_id=call.principal.patient_id,
            session_id=call.principal.session_id,
            channel=channel,
            until=call.now + READ_WITHIN,
        )
        version = await reading_store.begin(tx, *at, wish)
        await push(tx, *at, "CardAsked", request.request_id, version, call.now)

    async def leave(self, tx: Tx, call: Call, payment_no: str) -> None:
        """No card is wanted for this payment any more; one that was read is on its way to the bank. "": for none of
        what is no payment."""
        at = (call.hospital_id, call.principal.terminal_id)
        found = await reading_store.find(tx, *at, lock=True)
        if found is None or found.payment_no != payment_no or found.state == "read":
            return
        version = await reading_store.leave(tx, *at)
        await push(tx, *at, "CardAsked", found.request_id, version or 0, call.now)

    async def refuse(self, tx: Tx, call: Call, state: ReadingState) -> None:
        """What was read is none that can be used."""
        at = (call.hospital_id, call.principal.terminal_id)
        version = await reading_store.move(tx, *at, state)
        await push(tx, *at, "CardTerminalChanged", call.principal.terminal_id, version, call.now)
        await self.give_back(tx, call)

    async def changed(self, tx: Tx, call: Call) -> None:
        """Something has become known of the card that was read last: the screen looks again."""
        at = (call.hospital_id, call.principal.terminal_id)
        found = await reading_store.find(tx, *at)
        await push(tx, *at, "CardTerminalChanged", call.principal.terminal_id, found.version if found else 0, call.now)

    def committed(self) -> None:
        """A transaction of somebody else's, in which a card was taken or told of, is committed: screens hear it."""
        self._committed()

    async def taken(self, tx: Tx, call: Call, epoch: int, event_id: str, request_id: str) -> Row | None:
        """The reading whose card has come, and nobody can have it a second time. None: it is not wanted any more."""
        if not await self._line.is_new(tx, call, epoch, event_id):
            return None
        at = (call.hospital_id, call.principal.terminal_id)
        found = await reading_store.find(tx, *at, lock=True)
        if found is None or found.request_id != request_id or not _is_wanted(found, call.now):
            return None
        version = await reading_store.move(tx, *at, "read")
        await push(tx, *at, "CardTerminalChanged", call.principal.terminal_id, version, call.now)
        return found

    async def decided(self, call: Call, payment_no: str) -> None:
        """The card that was read for it ("": for no payment) is not needed any more: its terminal is told that it may
        be taken."""
        at = (call.hospital_id, call.principal.terminal_id)
        async with self._database.transaction() as tx:
            found = await reading_store.find(tx, *at)
            if found is not None and found.payment_no == payment_no and found.state == "read":
                await self.give_back(tx, call)
        self._committed()

    async def give_back(self, tx: Tx, call: Call) -> None:
        """The terminal asks anew, and hears that nothing is wanted of the card that it has."""
        at = (call.hospital_id, call.principal.terminal_id)
        found = await reading_store.find(tx, *at)
        if found is not None:
            await push(tx, *at, "CardAsked", found.request_id, found.version, call.now)

    def opened(self, call: Call, found: Row, slot: str, sealed: bytes) -> CardRead | None:
        """What was read for it. None: it does not open here."""
        place = Place(call.principal.terminal_id, found.request_id, slot)
        return self._seal_keys.opened(found.opens_with, call.hospital_id, place, sealed)

    # -- operations

    async def report(self, call: Call, message: ReportCardTerminal) -> Accepted:
        async with self._database.transaction() as tx:
            if await self._line.is_new(tx, call, message.epoch, message.event_id):
                await self._happened(tx, call, message)
        self._committed()
        return _ACCEPTED

    async def take(self, call: Call, message: TakeCardRequest) -> WantedCard:
        """Asking changes nothing: whoever comes back after an interruption is asked again."""
        at = (call.hospital_id, call.principal.terminal_id)
        async with self._database.transaction() as tx:
            await self._line.fence(tx, call, message.epoch)
            found = await reading_store.find(tx, *at)
        if found is None:
            return WantedCard()
        if found.request is None or found.until is None or not found.opens_with or call.now >= found.until:
            return WantedCard(request_id=found.request_id)
        within_s = (found.until - call.now).total_seconds()
        request = msgspec.structs.replace(found.request, within_s=within_s)
        return WantedCard(request_id=found.request_id, request=request)

    async def _happened(self, tx: Tx, call: Call, message: ReportCardTerminal) -> None:
        at = (call.hospital_id, call.principal.terminal_id)
        version = None
        if message.step in _IN_SLOT:
            version = await reading_store.slot(tx, *at, message.step)
        found = await reading_store.find(tx, *at, lock=True)
        state = _ENDS.get(message.step)
        if state and found and found.request_id == message.request_id and found.state in LIVE:
            version = await reading_store.move(tx, *at, state, message.digits if state == "typing" else 0)
        if message.step == "forgotten":
            await self._forgotten(tx, call)
        if version is not None:
            await push(tx, *at, "CardTerminalChanged", call.principal.terminal_id, version, call.now)

    async def _forgotten(self, tx: Tx, call: Call) -> None:
        """Somebody has gone without his card: people are called."""
        hospital_id, terminal_id = call.hospital_id, call.principal.terminal_id
        log.warning("terminal.card_forgotten", terminal_id=terminal_id)
        if await store.open_call(tx, hospital_id, terminal_id, call.now - _CALL_AGAIN) is None:
            call_id = await store.add_call(tx, hospital_id, terminal_id, call.now)
            await push(tx, hospital_id, terminal_id, "StaffCalled", str(call_id), 1, call.now)


def _is_wanted(found: Row, now: datetime) -> bool:
    return found.state in LIVE and found.until is not None and now < found.until + GRACE
