"""A stay's account in the ledger, once the stay is settled: what its window has paid out, and what has paid for it."""

from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.inpatient import returns
from yinyi.business.inpatient.errors import StayNotSettled, StayUnknown
from yinyi.business.inpatient.messages import DepositAccount, ReturnDepositAtWindow
from yinyi.business.inpatient.ports import Inpatients
from yinyi.business.inpatient.returns import Known
from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.model import (
    Between,
    JournalEntry,
    Posting,
    deposit_account,
    income_account,
    paid_out_account,
)
from yinyi.business.payments import signals
from yinyi.kernel.money import Fen

PAID_OUT, USED = "paid_out_at_window", "used"
MOVES = {PAID_OUT: Between(("deposit:",), ("paid_out:",)), USED: Between(("deposit:",), ("hospital:",))}
"""Between which accounts journal entries of this domain move money."""
_MOST = 10_000
"""Movements of one stay's account."""


class StayAccounts:
    """``ReturnDepositAtWindow``. The hospital's own list says what its window has given back."""

    def __init__(self, inpatients: Inpatients, zone: ZoneInfo) -> None:
        self._inpatients = inpatients
        self._zone = zone

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.changes(ReturnDepositAtWindow, Change(self.paid_out, self.show, self.known, only_reads=True))

    async def known(self, call: Call, message: ReturnDepositAtWindow) -> Known:
        """
        Raises:
            StayUnknown, StayNotSettled, HospitalUnavailable.
        """
        stay = await self._inpatients.stay(message.admission_no)
        if stay is None:
            raise StayUnknown
        if stay.state != "settled":
            raise StayNotSettled
        return Known(stay, await self._inpatients.deposits(stay.admission_no))

    async def paid_out(self, tx: Tx, call: Call, message: ReturnDepositAtWindow, known: Known) -> str:
        await self.settle(tx, call, known)
        return known.stay.admission_no

    async def show(self, tx: Tx, call: Call, admission_no: str) -> DepositAccount:
        account = deposit_account(admission_no)
        return DepositAccount(
            admission_no=admission_no,
            balance_fen=Fen(await ledger.balance_of(tx, call.hospital_id, account)),
            paid_out_fen=await self._paid_out_fen(tx, call, account),
        )

    async def settle(self, tx: Tx, call: Call, known: Known) -> None:
        """What the window has paid out leaves the account; what it has still to pay out stays the patient's; the rest
        has paid for the stay. What goes back by channels is planned before."""
        number = known.stay.admission_no
        account = deposit_account(number)
        balance_fen = await ledger.balance_held(tx, call.hospital_id, account)
        found = await signals.find_among(tx, call.hospital_id, known.payment_nos())
        plans = [plan for plan in found if returns.pays_for(plan, number)]
        told_fen = returns.given_at_window_fen(known, plans) - await self._paid_out_fen(tx, call, account)
        out_fen = min(balance_fen, max(0, told_fen))
        used_fen = max(0, balance_fen - out_fen - returns.left_fen(known, plans))
        moves = (
            (PAID_OUT, paid_out_account("inpatient"), out_fen),
            (USED, income_account("inpatient", "stay"), used_fen),
        )
        entries = [self._entry(call, account, *move) for move in moves if move[-1]]
        if entries:
            await ledger.post(tx, entries)

    async def _paid_out_fen(self, tx: Tx, call: Call, account: str) -> Fen:
        moved = await ledger.movements(tx, call.hospital_id, account, _MOST)
        return Fen(sum(-row["amount_fen"] for row in moved if row["kind"] == PAID_OUT))

    def _entry(self, call: Call, account: str, kind: str, credit_account: str, amount_fen: int) -> JournalEntry:
        posting = Posting(debit_account=account, credit_account=credit_account, amount_fen=Fen(amount_fen))
        return JournalEntry(
            hospital_id=call.hospital_id,
            source=f"{account}:{kind}:{call.key}",
            kind=kind,
            business_date=call.now.astimezone(self._zone).date(),
            posted_at=call.now,
            postings=(posting,),
        )
