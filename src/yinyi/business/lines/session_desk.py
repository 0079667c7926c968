"""What staff ask about sessions. The bank may take a minute: what is asked of it goes on by itself, and whoever asks
again joins it, or is shown what became of it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Row, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.operation import spec_of
from yinyi.business.audit import store as audit
from yinyi.business.lines import desk_store as store
from yinyi.business.lines import session_store
from yinyi.business.lines.desk_views import batch_view, reversal_view, session_view, slot_of
from yinyi.business.lines.errands import Errands
from yinyi.business.lines.errors import (
    BankRefused,
    BankSilent,
    BatchIsOpen,
    BatchUnknown,
    MerchantOfAnotherScope,
    MerchantUnknown,
    MessageUnknown,
    SessionBusy,
    SessionNotReady,
    SessionUnknown,
    TerminalHasSession,
    TerminalUnknown,
)
from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.line_hours import LineHours
from yinyi.business.lines.messages_sessions import (
    REVERSALS_AT_ONCE,
    SESSIONS_AT_ONCE,
    BatchView,
    EchoLine,
    LineEcho,
    LineView,
    ListReversals,
    ListSessions,
    PutSession,
    ReversalList,
    ReversalView,
    ReverseNow,
    SessionList,
    SessionView,
    SettleBatch,
    SignOff,
    SignOn,
)
from yinyi.business.lines.session_model import Approved, Batch, Declined, LineAnswer, NeverSent, NoAnswer
from yinyi.business.lines.sessions import BUSY, NOT_OPEN, PosSessions
from yinyi.business.lines.terminal_ports import Terminals
from yinyi.kernel.errors import YinyiError

SEEN_WITHIN = timedelta(seconds=90)
"""What a business process has said of its lines counts for so long."""
_WAIT_S = 20.0
_SPARE_S = 2.0
_NOWHERE = PosSession("", "", "")
_IN_DOUBT = ("sent", "in_doubt", "stuck")


class SessionDesk:
    """The operations of staff about sessions. ``scopes``: what each merchant number of the settings stands for.
    ``terminals``: whose sessions can be."""

    def __init__(
        self,
        database: Database,
        sessions: PosSessions,
        scopes: Mapping[tuple[str, str], str],
        hours: LineHours,
        terminals: Terminals,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._scopes = scopes
        self._hours = hours
        self._terminals = terminals
        self._errands: Errands[Batch | LineAnswer] = Errands()
        self._reversals: Errands[str | None] = Errands()

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(ListSessions, self.list)
        dispatcher.reads(ListReversals, self.reversals)
        dispatcher.asks(EchoLine, self.echo)
        dispatcher.changes(SignOn, Change(self._wants_sign_on, self._show, settle=self._sign_on))
        dispatcher.changes(SignOff, Change(self._wants_sign_on, self._show, settle=self._sign_off))
        dispatcher.changes(SettleBatch, Change(self._wants_settled, self._show_batch, settle=self._settle))
        dispatcher.changes(ReverseNow, Change(self._wants_reversed, self._show_reversal, settle=self._reverse))
        dispatcher.changes(PutSession, Change(self._put, self._show))

    async def come_home(self, within_s: float) -> None:
        """At the end of the process."""
        await self._errands.come_home(within_s)
        await self._reversals.come_home(within_s)

    # ---- looking

    async def list(self, tx: Tx, call: Call, message: ListSessions) -> SessionList:
        after = PosSession(message.after_acquirer, message.after_merchant_no, message.after_terminal_no)
        found = await store.sessions(
            tx, call.hospital_id, after, slot_of(message), message.terminal_id, call.now, SESSIONS_AT_ONCE + 1
        )
        lines = await store.lines(tx, call.hospital_id, call.now - SEEN_WITHIN)
        return SessionList(
            sessions=[self._view(call, row) for row in found[:SESSIONS_AT_ONCE]],
            more=len(found) > SESSIONS_AT_ONCE,
            lines=[LineView(**dict(row)) for row in lines],
        )

    async def reversals(self, tx: Tx, call: Call, message: ListReversals) -> ReversalList:
        found = await store.reversals(tx, call.hospital_id, call.now, REVERSALS_AT_ONCE + 1)
        views = [reversal_view(row) for row in found]
        return ReversalList(reversals=views[:REVERSALS_AT_ONCE], more=len(views) > REVERSALS_AT_ONCE)

    def _view(self, call: Call, row: Row) -> SessionView:
        return session_view(row, call.now, self._sessions.zone, self._hours)

    async def _show(self, tx: Tx, call: Call, subject: str) -> SessionView:
        """``subject`` begins with a slot."""
        slot = PosSession(*subject.split("/")[:3])
        rows = await store.sessions(tx, call.hospital_id, _NOWHERE, slot, "", call.now, 1)
        if not rows:
            raise SessionUnknown(str(slot))
        return self._view(call, rows[0])

    # ---- is the bank there

    async def echo(self, call: Call, message: EchoLine) -> LineEcho:
        slot = slot_of(message)
        async with self._database.read() as tx:
            session_id = await self._session_id(tx, call, slot)
        answer = await self._sent(call, f"echo {slot}", slot, lambda: self._sessions.echo(slot.acquirer, session_id))
        match answer:
            case None:
                return LineEcho(answer="waiting")
            case Declined():
                return LineEcho(answer="refused", code=answer.code)
            case NeverSent():
                return LineEcho(answer="busy" if answer == BUSY else "unreachable", detail=answer.detail)
            case NoAnswer():
                return LineEcho(answer="silent", code=answer.code, detail=answer.detail or answer.why)
            case _:
                return LineEcho(answer="here")

    # ---- sign-on and sign-off

    async def _wants_sign_on(self, tx: Tx, call: Call, message: SignOn | SignOff, facts: None) -> str:
        await self._session_id(tx, call, slot_of(message))
        return f"{slot_of(message)}/{call.now.isoformat()}"

    async def _sign_on(self, call: Call, subject: str) -> None:
        await self._signed(call, subject, "signed_on_at", self._sessions.sign_on)

    async def _sign_off(self, call: Call, subject: str) -> None:
        await self._signed(call, subject, "signed_off_at", self._sessions.sign_off)

    async def _signed(
        self, call: Call, subject: str, what: str, do: Callable[[str, int], Awaitable[Batch | LineAnswer]]
    ) -> None:
        """Unless it was done since it was wanted."""
        *words, wanted_at = subject.split("/")
        slot = PosSession(*words)
        async with self._database.read() as tx:
            row = await store.session_at(tx, call.hospital_id, slot)
        if row is None:
            raise SessionUnknown(str(slot))
        done_at = row[what]
        if done_at is not None and done_at >= datetime.fromisoformat(wanted_at):
            return
        session_id = row["session_id"]
        _expect(await self._sent(call, f"{what} {slot}", slot, lambda: do(slot.acquirer, session_id)))

    # ---- settlement

    async def _wants_settled(self, tx: Tx, call: Call, message: SettleBatch, facts: None) -> str:
        slot = slot_of(message)
        row = await self._batch(tx, call, slot, message.batch_no)
        may_be = row["left_batches"] if message.by_statement else [row["open_no"], *row["left_batches"]]
        if row["settled_at"] is None and message.batch_no not in may_be:
            raise BatchIsOpen if message.batch_no == row["open_no"] else BatchUnknown(str(message.batch_no))
        return f"{slot}/{message.batch_no}" + ("/by statement" if message.by_statement else "")

    async def _settle(self, call: Call, subject: str) -> None:
        slot, batch_no, by_statement = _batch_of(subject)
        async with self._database.read() as tx:
            row = await self._batch(tx, call, slot, batch_no)
            session_id = await self._session_id(tx, call, slot)
        if row["settled_at"] is not None or batch_no not in (row["open_no"], *row["left_batches"]):
            return
        answer = await self._sent(
            call,
            f"settle {subject}",
            slot,
            lambda: self._sessions.settle(slot.acquirer, session_id, batch_no, by_statement=by_statement),
        )
        if answer != NOT_OPEN:
            _expect(answer)

    async def _show_batch(self, tx: Tx, call: Call, subject: str) -> BatchView:
        slot, batch_no, _ = _batch_of(subject)
        under_way = self._errands.is_out(f"settle {subject}")
        return batch_view(await self._batch(tx, call, slot, batch_no), slot, batch_no, call.now, under_way)

    async def _batch(self, tx: Tx, call: Call, slot: PosSession, batch_no: int) -> Row:
        row = await store.batch(tx, call.hospital_id, slot, batch_no)
        if row is None:
            raise SessionUnknown(str(slot))
        return row

    # ---- reversals

    async def _wants_reversed(self, tx: Tx, call: Call, message: ReverseNow, facts: None) -> str:
        await self._message(tx, call, message.reference)
        return message.reference

    async def _reverse(self, call: Call, reference: str) -> None:
        async with self._database.read() as tx:
            row = await self._message(tx, call, reference)
        if row["state"] in _IN_DOUBT and row["acquirer"] in self._sessions.acquirers:
            await self._reversals.within(
                reference, _left_s(call), lambda: self._sessions.reverse(reference, at_once=True)
            )

    async def _show_reversal(self, tx: Tx, call: Call, reference: str) -> ReversalView:
        return reversal_view(await self._message(tx, call, reference))

    async def _message(self, tx: Tx, call: Call, reference: str) -> Row:
        row = await store.by_reference(tx, call.hospital_id, reference)
        if row is None:
            raise MessageUnknown(reference)
        return row

    # ---- whose it is

    async def _put(self, tx: Tx, call: Call, message: PutSession, facts: None) -> str:
        slot, scope = slot_of(message), message.scope
        stands_for = self._scopes.get((slot.acquirer, slot.merchant_no))
        if stands_for is None:
            raise MerchantUnknown(slot.merchant_no)
        if stands_for != scope or await store.is_of_another_scope(tx, call.hospital_id, slot, scope):
            raise MerchantOfAnotherScope(slot.merchant_no)
        if not await self._terminals.is_in_service(tx, call.hospital_id, message.terminal_id):
            raise TerminalUnknown(message.terminal_id)
        if await store.has_another(tx, call.hospital_id, slot, scope, message.terminal_id):
            raise TerminalHasSession(message.terminal_id)
        await session_store.add(tx, call.hospital_id, slot, scope, message.terminal_id, message.merchant_name)
        detail = {"terminal": message.terminal_id, "scope": scope}
        await audit.append(tx, call, spec_of(PutSession).path, str(slot), detail)
        return str(slot)

    # ---- inside

    async def _session_id(self, tx: Tx, call: Call, slot: PosSession) -> int:
        row = await store.session_at(tx, call.hospital_id, slot)
        if row is None:
            raise SessionUnknown(str(slot))
        return row["session_id"]

    async def _sent(
        self, call: Call, name: str, slot: PosSession, do: Callable[[], Awaitable[Batch | LineAnswer]]
    ) -> Batch | LineAnswer | None:
        """What came of it; None while it is still out."""
        if slot.acquirer not in self._sessions.acquirers:
            return NeverSent(detail=f"there is no line to {slot.acquirer} in the settings")
        return await self._errands.within(name, _left_s(call), do)


def _batch_of(subject: str) -> tuple[PosSession, int, bool]:
    """And whether its statement tells."""
    acquirer, merchant_no, terminal_no, number, *by_statement = subject.split("/")
    return PosSession(acquirer, merchant_no, terminal_no), int(number), bool(by_statement)


def _left_s(call: Call) -> float:
    """As long as whoever asks may wait, and not longer."""
    return max(0.0, min(_WAIT_S, (call.deadline - call.now).total_seconds() - _SPARE_S))


def _expect(answer: Batch | LineAnswer | None) -> None:
    """
    Raises:
        YinyiError: it did not happen, or nobody knows.
    """
    problem: YinyiError | None = None
    match answer:
        case Declined():
            problem = BankRefused(answer.code)
        case NeverSent():
            problem = SessionBusy() if answer == BUSY else SessionNotReady(answer.detail)
        case NoAnswer():
            problem = BankSilent(answer.detail or answer.why)
        case Batch() | Approved() | None:
            pass
    if problem is not None:
        raise problem
