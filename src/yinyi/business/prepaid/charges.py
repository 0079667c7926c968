"""The hospital charges prepaid accounts itself: one statement books it or the database refuses it. No plan is needed,
because nobody outside is asked: whoever asks us is the one who delivers."""

from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Row, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.audit import store as audit
from yinyi.business.identity.named import NamedPatients
from yinyi.business.identity.store import patient_facts
from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.model import JournalEntry, Posting, income_account, prepaid_account
from yinyi.business.payments.errors import AccountsClosed
from yinyi.business.payments.service import PaymentService
from yinyi.business.prepaid import charge_store, store
from yinyi.business.prepaid.charge_store import NewCharge, NewReturn
from yinyi.business.prepaid.errors import (
    ChargeDiffers,
    ChargeReversed,
    ChargeUnknown,
    ChargeVoided,
    MoreThanCharged,
    ReversalDiffers,
)
from yinyi.business.prepaid.messages_charges import (
    ChargePrepaid,
    ChargeReversal,
    FindPrepaidBalance,
    ListedCharge,
    PrepaidBalance,
    PrepaidCharge,
    QueryPrepaidCharge,
    ReversePrepaidCharge,
)
from yinyi.business.prepaid.model import CHARGE_BACK, CHARGED, CHARGES, ChargeState, charge_source
from yinyi.kernel.masking import masked_name
from yinyi.kernel.money import Fen

SHOWN = 10


class _Movement(NamedTuple):
    """source: what nothing else is booked as. patient_id: whose account it is."""

    source: str
    kind: str
    patient_id: int
    amount_fen: Fen


class PrepaidCharges:
    """The operations of the hospital. Its own numbers are those of one institution: another one's mean nothing."""

    def __init__(self, database: Database, named: NamedPatients, payments: PaymentService, zone: ZoneInfo) -> None:
        self._database = database
        self._payments = payments
        self._named = named
        self._zone = zone

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(QueryPrepaidCharge, self.query)
        dispatcher.asks(FindPrepaidBalance, self.balance)
        dispatcher.changes(ChargePrepaid, Change(self.charge, self._show, self.whose, only_reads=True))
        dispatcher.changes(ReversePrepaidCharge, Change(self.reverse, self._show))

    # -- looking

    async def query(self, tx: Tx, call: Call, message: QueryPrepaidCharge) -> PrepaidCharge:
        return await self._show(tx, call, message.charge_no)

    async def _show(self, tx: Tx, call: Call, charge_no: str) -> PrepaidCharge:
        row = await charge_store.find(tx, call.hospital_id, call.principal.institution_id, charge_no)
        if row is None:
            return PrepaidCharge(charge_no=charge_no, state="unknown")
        returns = await charge_store.returns(tx, call.hospital_id, row["charge_id"]) if row["returned_fen"] else []
        return _view(row, returns)

    async def balance(self, call: Call, message: FindPrepaidBalance) -> PrepaidBalance:
        """
        Raises:
            PatientUnknown, HospitalUnavailable.
        """
        patient_id = await self._named.patient_id(call, message.patient_no)
        async with self._database.read() as tx:
            return await self._balance(tx, call, patient_id, message.before)

    async def _balance(self, tx: Tx, call: Call, patient_id: int, before: int = 0) -> PrepaidBalance:
        patient = await patient_facts(tx, call.hospital_id, patient_id)
        assert patient is not None
        mode, balance_fen = await store.standing(tx, call.hospital_id, prepaid_account(str(patient_id)))
        by = call.principal.institution_id
        found = await charge_store.latest(tx, call.hospital_id, patient_id, by, SHOWN + 1, before)
        rows = found[:SHOWN]
        return PrepaidBalance(
            patient_no=patient.patient_no,
            name=masked_name(patient.name),
            mode=mode,
            balance_fen=Fen(balance_fen or 0),
            charges=[_listed(row) for row in rows],
            next_before=rows[-1]["charge_id"] if len(found) > SHOWN else 0,
        )

    # -- out and back

    async def whose(self, call: Call, message: ChargePrepaid) -> int:
        """
        Raises:
            PatientUnknown, HospitalUnavailable.
        """
        return await self._named.patient_id(call, message.patient_no)

    async def charge(self, tx: Tx, call: Call, message: ChargePrepaid, patient_id: int) -> str:
        """
        Raises:
            AccountsClosed: the hospital keeps no accounts.
            BalanceTooLow: there is not so much on it.
            ChargeDiffers, ChargeReversed, ChargeVoided: the number was used before.
            StillAsked: it may have been paid out in time that a restore has lost.
        """
        new = NewCharge(
            hospital_id=call.hospital_id,
            institution_id=call.principal.institution_id,
            charge_no=message.charge_no,
            patient_id=patient_id,
            amount_fen=message.amount_fen,
            items=message.items,
            operator=message.operator,
            place=message.place,
            charged_at=call.now,
            business_date=self._today(call),
        )
        charge_id = await charge_store.write(tx, new)
        if charge_id is None:
            await self._check_same(tx, call, new)
            return message.charge_no
        if await store.mode(tx, call.hospital_id) == "off":
            raise AccountsClosed
        await self._payments.check_account_asked(tx, call.hospital_id, patient_id)
        moved = _Movement(f"{charge_source(charge_id)}:{CHARGED}", CHARGED, patient_id, message.amount_fen)
        await self._book(tx, call, moved)
        told = {"amount_fen": int(message.amount_fen), "charge_no": message.charge_no, "operator": message.operator}
        await audit.append(tx, call, "prepaid.ChargePrepaid.v1", str(patient_id), told)
        return message.charge_no

    async def _check_same(self, tx: Tx, call: Call, new: NewCharge) -> None:
        row = await charge_store.find(tx, new.hospital_id, new.institution_id, new.charge_no)
        assert row is not None, "nothing is ever deleted"
        if row["patient_id"] is None:
            raise ChargeVoided
        if row["returned_fen"] == row["amount_fen"]:
            raise ChargeReversed
        if (row["patient_id"], row["amount_fen"]) != (new.patient_id, new.amount_fen):
            raise ChargeDiffers

    async def reverse(self, tx: Tx, call: Call, message: ReversePrepaidCharge, facts: None) -> str:
        """
        Raises:
            ChargeUnknown: nothing was charged under this number.
            MoreThanCharged: so much is not left of it.
            ReversalDiffers: the number of the reversal was used for another amount.
        """
        row = await self._to_reverse(tx, call, message)
        if row is None:
            return message.charge_no
        before = await charge_store.returns(tx, call.hospital_id, row["charge_id"])
        same = next((each for each in before if each["reversal_no"] == message.reversal_no), None)
        if same is not None:
            if message.amount_fen not in (None, same["amount_fen"]):
                raise ReversalDiffers
            return message.charge_no
        left_fen = Fen(row["amount_fen"] - row["returned_fen"])
        amount_fen = message.amount_fen or left_fen
        if not left_fen or amount_fen > left_fen:
            raise MoreThanCharged
        new = NewReturn(
            hospital_id=call.hospital_id,
            charge_id=row["charge_id"],
            reversal_no=message.reversal_no,
            nth=len(before) + 1,
            amount_fen=amount_fen,
            reason=message.reason,
            operator=message.operator,
            returned_at=call.now,
        )
        await charge_store.give_back(tx, new)
        source = f"{charge_source(new.charge_id)}:{CHARGE_BACK}:{new.nth}"
        await self._book(tx, call, _Movement(source, CHARGE_BACK, row["patient_id"], amount_fen))
        told = {"amount_fen": int(amount_fen), "charge_no": message.charge_no, "operator": message.operator}
        await audit.append(tx, call, "prepaid.ReversePrepaidCharge.v1", str(row["patient_id"]), told)
        return message.charge_no

    async def _to_reverse(self, tx: Tx, call: Call, message: ReversePrepaidCharge) -> Row | None:
        """The charge, locked; None: it is void, and now or before that was all that was wanted.

        Raises:
            ChargeUnknown: see ``reverse``.
        """
        by = call.principal.institution_id
        if message.or_never:
            await charge_store.write(tx, self._void(call, message))
        row = await charge_store.locked(tx, call.hospital_id, by, message.charge_no)
        if row is None or (row["patient_id"] is None and not message.or_never):
            raise ChargeUnknown
        return None if row["patient_id"] is None else row

    def _void(self, call: Call, message: ReversePrepaidCharge) -> NewCharge:
        return NewCharge(
            hospital_id=call.hospital_id,
            institution_id=call.principal.institution_id,
            charge_no=message.charge_no,
            patient_id=None,
            amount_fen=Fen(0),
            items=[],
            operator=message.operator,
            place="",
            charged_at=call.now,
            business_date=self._today(call),
        )

    async def _book(self, tx: Tx, call: Call, moved: _Movement) -> None:
        account, income = prepaid_account(str(moved.patient_id)), income_account("outpatient", CHARGES)
        debit, credit = (account, income) if moved.kind == CHARGED else (income, account)
        entry = JournalEntry(
            hospital_id=call.hospital_id,
            source=moved.source,
            kind=moved.kind,
            business_date=self._today(call),
            posted_at=call.now,
            postings=(Posting(debit_account=debit, credit_account=credit, amount_fen=moved.amount_fen),),
        )
        await ledger.post(tx, [entry])

    def _today(self, call: Call) -> date:
        return call.now.astimezone(self._zone).date()


def _view(row: Row, returns: list[Row]) -> PrepaidCharge:
    return PrepaidCharge(
        charge_no=row["charge_no"],
        state=_state(row),
        patient_no=row["patient_no"] or "",
        amount_fen=Fen(row["amount_fen"]),
        left_fen=_left_fen(row),
        items=row["items"],
        operator=row["operator"],
        place=row["place"],
        charged_at=row["charged_at"],
        reversals=[
            ChargeReversal(
                reversal_no=each["reversal_no"],
                amount_fen=Fen(each["amount_fen"]),
                reason=each["reason"],
                operator=each["operator"],
                at=each["returned_at"],
            )
            for each in returns
        ],
    )


def _state(row: Row) -> ChargeState:
    if row["patient_id"] is None:
        return "void"
    if not row["returned_fen"]:
        return "charged"
    return "partly_reversed" if _left_fen(row) else "reversed"


def _left_fen(row: Row) -> Fen:
    return Fen(row["amount_fen"] - row["returned_fen"])


def _listed(row: Row) -> ListedCharge:
    return ListedCharge(
        charge_no=row["charge_no"],
        amount_fen=Fen(row["amount_fen"]),
        left_fen=_left_fen(row),
        place=row["place"],
        charged_at=row["charged_at"],
    )
