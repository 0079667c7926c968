"""Banks' lists of a day: kept, and compared with what they have said whenever somebody looks. What stays, two people
settle."""

from collections import Counter
from datetime import date, timedelta

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.payments import taken_list_store as store
from yinyi.business.payments.agreement import NO_PAYMENT, Saying, say
from yinyi.business.payments.errors import NothingToRule, ReferenceUsed
from yinyi.business.payments.messages_taken_list import (
    GetTakenDay,
    ListTakenDifferences,
    SettleTakenDifference,
    SubmitTakenList,
    TakenDay,
    TakenDifference,
    TakenDifferences,
)
from yinyi.business.payments.taken_list_store import BEFORE_ALL, Bank, Place, Standing
from yinyi.kernel.errors import InvalidField

MOST = 300
LONGEST = timedelta(days=92)
AHEAD = timedelta(days=1)
"""A bank's business day may have begun before ours."""


class TakenLists:
    """Nothing is moved by a list: what a bank has not said it says by ``ReportTaken``."""

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.changes(SubmitTakenList, Change(self.submit, self.show))
        dispatcher.reads(GetTakenDay, self.get)
        dispatcher.reads(ListTakenDifferences, self.list)
        dispatcher.changes(SettleTakenDifference, Change(self.settle, self.show_settled))

    async def submit(self, tx: Tx, call: Call, message: SubmitTakenList, facts: None) -> str:
        """
        Raises:
            InvalidField: a part beyond the last one, a day that has not come, one number twice.
            ReferenceUsed: a number that stands in another part or in the list of another day.
        """
        if message.part > message.parts:
            raise InvalidField("part")
        if message.taken_on > (call.now + AHEAD).date():
            raise InvalidField("taken_on")
        twice = [each for each, count in Counter(row.reference for row in message.rows).items() if count > 1]
        if twice:
            raise InvalidField(f"rows: {twice[0]} twice")
        part = (message.part, message.parts)
        kept = await store.keep(tx, _bank(call), message.taken_on, part, message.rows, call.now)
        for row in message.rows:
            if row.reference not in kept:
                raise ReferenceUsed(row.reference)
        return message.taken_on.isoformat()

    async def show(self, tx: Tx, call: Call, subject: str) -> TakenDay:
        return await self.get(tx, call, GetTakenDay(taken_on=date.fromisoformat(subject)))

    async def get(self, tx: Tx, call: Call, message: GetTakenDay) -> TakenDay:
        bank, on = _bank(call), message.taken_on
        totals = await store.totals(tx, bank, on)
        after = _place(message.after)
        shown = _shown(await store.differences(tx, bank.hospital_id, (on, on), MOST + 1, bank.institution_id, after))
        return TakenDay(
            taken_on=on,
            **totals._asdict(),
            differences=shown.differences,
            more=shown.more,
            next_after=shown.next_after,
        )

    async def list(self, tx: Tx, call: Call, message: ListTakenDifferences) -> TakenDifferences:
        if not timedelta(0) <= message.until - message.since <= LONGEST:
            raise InvalidField("since")
        span = (message.since, message.until)
        return _shown(await store.differences(tx, call.hospital_id, span, MOST + 1, after=_place(message.after)))

    async def settle(self, tx: Tx, call: Call, message: SettleTakenDifference, facts: None) -> str:
        """
        Raises:
            NothingToRule: the two sides agree, or two people have settled it.
        """
        bank, on = Bank(call.hospital_id, message.institution_id), message.taken_on
        about = await store.difference(tx, bank, on, message.reference)
        if about is None:
            raise NothingToRule
        await say(tx, call, message, Saying(NO_PAYMENT, about, message.ruling, message.note))
        return f"{on} {bank.institution_id} {message.reference}"

    async def show_settled(self, tx: Tx, call: Call, subject: str) -> TakenDifferences:
        """What is left of that day."""
        on = date.fromisoformat(subject.split()[0])
        return _shown(await store.differences(tx, call.hospital_id, (on, on), MOST + 1, subject.split()[1]))


def _shown(found: list[Standing]) -> TakenDifferences:
    shown, more = found[:MOST], len(found) > MOST
    said = [each.said for each in shown if each.said is not None]
    listed = [each.difference for each in shown]
    return TakenDifferences(differences=listed, more=more, next_after=_cursor(listed[-1]) if more else "", said=said)


def _cursor(last: TakenDifference) -> str:
    return f"{last.taken_on} {last.institution_id} {last.reference}"


def _place(cursor: str) -> Place:
    """
    Raises:
        InvalidField: it is none of ours.
    """
    if not cursor:
        return BEFORE_ALL
    try:
        on, institution_id, reference = cursor.split(" ")
        return Place(date.fromisoformat(on), institution_id, reference)
    except ValueError:
        raise InvalidField("after") from None


def _bank(call: Call) -> Bank:
    return Bank(call.hospital_id, call.principal.institution_id)
