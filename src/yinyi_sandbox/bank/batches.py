"""Settlement of a batch: totals compared, transactions uploaded where they differ, and the next batch begun."""

from collections.abc import Iterable

import msgspec

from yinyi.wire.iso8583.errors import FieldError
from yinyi.wire.iso8583.settlement_fields import (
    Result,
    Side,
    Totals,
    pack_totals,
    unpack_details,
    unpack_totals,
    unpack_upload_total,
)
from yinyi_sandbox.bank.days import Days
from yinyi_sandbox.bank.model import Batch, Movement, Reply, Session
from yinyi_sandbox.bank.requests import Request
from yinyi_sandbox.bank.store import Store

_LAST_BATCH = 999_999
_MOST_UPLOADED = 9_999


class Batches:
    """Called once the MAC is found to be right where there is one."""

    def __init__(self, store: Store, days: Days) -> None:
        self._store = store
        self._days = days

    def settle(self, session: Session, request: Request, *, cannot_say: bool = False) -> Reply:
        """The same totals of the batch that was closed last are answered as they were: the answer was lost."""
        try:
            told = unpack_totals(request.message.text(48))
        except FieldError:
            return _cannot_say(Totals(domestic=Side()))
        theirs = _with_results(told, "0", "0")
        if cannot_say:
            return _cannot_say(theirs)
        closed = self._store.batch(session.merchant_no, session.terminal_no, request.de60.batch_no)
        if closed:
            return _compared(theirs, closed.ours)
        if code := self._stranger(session, request):
            return Reply(code)
        ours = totals_of(self._movements(session))
        if theirs == ours:
            self._close(session, theirs, ours)
        else:
            self._store.put_session(msgspec.structs.replace(session, is_uploading=True, uploaded=()))
        return _compared(theirs, ours)

    def upload(self, session: Session, request: Request) -> Reply:
        """201: transactions. 202: that were all. 207: the end where the totals agreed."""
        network_code, batch_no = request.de60.network_code, request.de60.batch_no
        if network_code != "201" and self._store.batch(session.merchant_no, session.terminal_no, batch_no):
            return Reply("00")
        if code := self._stranger(session, request):
            return Reply(code)
        if not session.is_uploading or network_code == "207":
            return Reply("12")
        try:
            return self._uploaded(session, request)
        except FieldError:
            return Reply("30")

    def _uploaded(self, session: Session, request: Request) -> Reply:
        value = request.message.text(48)
        if request.de60.network_code == "201":
            details = [(detail.trace_no, detail.amount_fen) for detail in unpack_details(value)]
            uploaded = tuple(dict.fromkeys((*session.uploaded, *details)))
            if len(uploaded) > _MOST_UPLOADED:
                return Reply("95")
            self._store.put_session(msgspec.structs.replace(session, uploaded=uploaded))
            return Reply("00")
        if unpack_upload_total(value) != len(session.uploaded):
            return Reply("95")
        self._close(session, _totals_uploaded(session, self._movements(session)), totals_of(self._movements(session)))
        return Reply("00")

    def _stranger(self, session: Session, request: Request) -> str:
        is_here = session.signed_on == self._days.today() and request.de60.batch_no == session.batch_no
        return "" if is_here else "77"

    def _movements(self, session: Session) -> list[Movement]:
        return self._store.movements_in(session.merchant_no, session.terminal_no, session.batch_no)

    def _close(self, session: Session, theirs: Totals, ours: Totals) -> None:
        known = {(each.trace_no, each.amount_fen) for each in self._movements(session) if counts(each)}
        differing = known ^ set(session.uploaded) if session.is_uploading else set[tuple[int, int]]()
        batch = Batch(
            merchant_no=session.merchant_no,
            terminal_no=session.terminal_no,
            batch_no=session.batch_no,
            theirs=theirs,
            ours=ours,
            uploads=len(session.uploaded),
            differences=tuple(sorted({trace_no for trace_no, _ in differing})),
            closed_on=self._days.today(),
        )
        self._store.put_batch(batch)
        next_no = session.batch_no % _LAST_BATCH + 1
        self._store.put_session(
            msgspec.structs.replace(session, batch_no=next_no, signed_on="", is_uploading=False, uploaded=())
        )


def counts(movement: Movement) -> bool:
    """Whether it moved money that is still where it went; what is voided and its void both do."""
    return movement.state in ("approved", "voided")


def totals_of(movements: Iterable[Movement]) -> Totals:
    """All of them cards of the country. Debits: purchases; credits: voids and refunds."""
    counted = [movement for movement in movements if counts(movement)]
    credited = [movement.amount_fen for movement in counted if movement.is_credit]
    debited = [movement.amount_fen for movement in counted if not movement.is_credit]
    debits, credits = len(debited), len(credited)
    return Totals(domestic=Side(debit_fen=sum(debited), debits=debits, credit_fen=sum(credited), credits=credits))


def _totals_uploaded(session: Session, movements: Iterable[Movement]) -> Totals:
    credits = {movement.trace_no for movement in movements if movement.is_credit}
    sums = [0, 0, 0, 0]
    for trace_no, amount_fen in session.uploaded:
        at = 2 if trace_no in credits else 0
        sums[at] += amount_fen
        sums[at + 1] += 1
    return Totals(domestic=Side(debit_fen=sums[0], debits=sums[1], credit_fen=sums[2], credits=sums[3]))


def _compared(theirs: Totals, ours: Totals) -> Reply:
    domestic: Result = "1" if theirs.domestic == ours.domestic else "2"
    foreign: Result = "1" if theirs.foreign == ours.foreign else "2"
    return Reply("00", {48: pack_totals(_with_results(theirs, domestic, foreign))})


def _cannot_say(theirs: Totals) -> Reply:
    return Reply("00", {48: pack_totals(_with_results(theirs, "3", "3"))})


def _with_results(totals: Totals, domestic: Result, foreign: Result) -> Totals:
    return Totals(
        domestic=msgspec.structs.replace(totals.domestic, result=domestic),
        foreign=msgspec.structs.replace(totals.foreign, result=foreign),
    )
