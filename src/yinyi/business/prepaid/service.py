"""Prepaid accounts: topping up, paying from one, withdrawing, clearing. The ledger owns the balances."""

from contextlib import suppress
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from yinyi.bus.call import Call
from yinyi.bus.database import Row, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.audit import store as audit
from yinyi.business.identity.errors import PatientUnknown
from yinyi.business.identity.store import patient_id_of
from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.model import JournalEntry, Posting, paid_out_account, prepaid_account
from yinyi.business.payments import builder
from yinyi.business.payments.amounts import refundable_fen
from yinyi.business.payments.errors import AccountsClosed, StillAsked
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.postings import CREDITED
from yinyi.business.payments.refunds import RefundDesk
from yinyi.business.payments.service import NewPayment, PaymentService
from yinyi.business.payments.view import view_of
from yinyi.business.prepaid import store
from yinyi.business.prepaid.errors import (
    AccountsInUse,
    BalancesLeft,
    NothingOnAccount,
    OnlyAtWindow,
    StillCollecting,
    ToOrigin,
    TopUpsClosed,
    TotalDiffers,
)
from yinyi.business.prepaid.messages import (
    AccountLeft,
    BalancesReport,
    ClearBalances,
    GetPrepaidAccount,
    GetPrepaidSetting,
    GetTopUp,
    ListBalances,
    PrepaidAccount,
    PrepaidEntry,
    PrepaidSetting,
    SetPrepaidMode,
    TopUp,
    TopUpPayment,
    Withdraw,
    WithdrawAtWindow,
)
from yinyi.business.prepaid.model import CHARGES, TOP_UP, WITHDRAWN
from yinyi.business.prepaid.withdrawals import REFUNDABLE_FOR, TOP_UPS_AT_A_TIME, Withdrawals, divided, returnable
from yinyi.kernel.errors import Invalid, NotAllowed
from yinyi.kernel.ids import PAYMENT_NUMBER
from yinyi.kernel.money import Fen

PAY_WITHIN = timedelta(minutes=8)
SHOWN, AT_A_TIME = 50, 50
MOST_PATIENTS = 2**62
"""Behind everybody."""
WHY = "退预交金余额"


class PrepaidService:
    """Nothing of a balance is decided here: the statement that posts is refused by the database where it must be."""

    def __init__(self, payments: PaymentService, zone: ZoneInfo) -> None:
        self._payments = payments
        self._refunds = RefundDesk(payments, zone)
        self._withdrawals = Withdrawals(payments.registry)
        self._zone = zone
        payments.tenders.pays_from_account = self.check_payable

    def register(self, dispatcher: Dispatcher) -> None:
        payments = self._payments
        dispatcher.reads(GetPrepaidAccount, self.get)
        dispatcher.asks(GetTopUp, self.get_top_up)
        dispatcher.reads(GetPrepaidSetting, self.get_setting)
        dispatcher.reads(ListBalances, self.list_balances)
        self._withdrawals.register(dispatcher)
        dispatcher.changes(TopUp, Change(self.top_up, payments.show, settle=payments.settle))
        dispatcher.changes(Withdraw, Change(self.withdraw, self._show_account))
        dispatcher.changes(WithdrawAtWindow, Change(self.withdraw_at_window, self._show_account))
        dispatcher.changes(SetPrepaidMode, Change(self.set_mode, self._show_setting))
        dispatcher.changes(ClearBalances, Change(self.clear, self.show_cleared))

    # -- looking

    async def get(self, tx: Tx, call: Call, message: GetPrepaidAccount) -> PrepaidAccount:
        return await self._show_account(tx, call, str(call.principal.patient_id), message.before)

    async def _show_account(self, tx: Tx, call: Call, owner: str, before: int = 0) -> PrepaidAccount:
        account = prepaid_account(owner)
        mode, balance_fen = await store.standing(tx, call.hospital_id, account)
        if balance_fen is None:
            return PrepaidAccount(mode=mode, balance_fen=Fen(0), entries=[])
        found = await ledger.movements(tx, call.hospital_id, account, SHOWN + 1, before)
        rows = found[:SHOWN]
        about = await store.about(tx, call.hospital_id, {_beginning(row) for row in rows})
        entries = [_entry(row, about) for row in rows]
        more = rows[-1]["entry_id"] if len(found) > SHOWN else 0
        return PrepaidAccount(mode=mode, balance_fen=balance_fen, entries=entries, next_before=more)

    async def get_top_up(self, call: Call, message: GetTopUp) -> TopUpPayment:
        account = prepaid_account(str(call.principal.patient_id))
        plan, balance_fen = await self._payments.seen_with_balance(call, message.payment_no, TOP_UP, account)
        return TopUpPayment(payment=view_of(plan, self._payments.registry), balance_fen=balance_fen)

    async def list_balances(self, tx: Tx, call: Call, message: ListBalances) -> BalancesReport:
        return await self._show_balances(tx, call, str(message.after))

    async def _show_balances(self, tx: Tx, call: Call, after: str) -> BalancesReport:
        channels = self._payments.registry.give_back()
        since = call.now - REFUNDABLE_FOR
        rows = await store.balances(tx, call.hospital_id, since, channels, int(after), AT_A_TIME + 1)
        found = [row for row in rows if row["patient_id"] is not None]
        items = [
            AccountLeft(
                patient_id=row["patient_id"],
                patient_no=row["patient_no"] or "",
                balance_fen=Fen(row["balance_fen"]),
                to_origin_fen=Fen(row["to_origin_fen"]),
            )
            for row in found[:AT_A_TIME]
        ]
        return BalancesReport(
            accounts=rows[0]["accounts"],
            total_fen=Fen(rows[0]["total_fen"]),
            items=items,
            next_after=items[-1].patient_id if len(found) > AT_A_TIME else 0,
        )

    async def show_cleared(self, tx: Tx, call: Call, cleared: str) -> BalancesReport:
        """What is left. ``cleared``: the last account that was looked at; those behind it come next."""
        report = await self._show_balances(tx, call, cleared)
        return msgspec.structs.replace(report, next_after=int(cleared) if report.items else 0)

    # -- in and out

    async def top_up(self, tx: Tx, call: Call, message: TopUp, facts: None) -> str:
        """
        Raises:
            TopUpsClosed: the hospital takes none (any more).
        """
        return await self.open_top_up(tx, call, message.amount_fen)

    async def open_top_up(
        self, tx: Tx, call: Call, amount_fen: Fen, told: dict[str, str] | None = None, tender: str = ""
    ) -> str:
        """``told``: of whoever has opened it for the patient. ``tender``: chosen already.

        Raises:
            TopUpsClosed: the hospital takes none (any more).
        """
        if await store.held_mode(tx, call.hospital_id) != "collect":
            raise TopUpsClosed
        new = NewPayment(
            purpose=TOP_UP,
            scope="outpatient",
            amount_fen=amount_fen,
            description="门诊预交金充值",
            pay_by=call.now + PAY_WITHIN,
            steps=builder.top_up(),
            facts={CREDITED: prepaid_account(str(call.principal.patient_id)), **(told or {})},
            tender=tender,
        )
        return await self._payments.open(tx, call, new)

    async def check_payable(self, tx: Tx, call: Call, plan: Plan) -> None:
        """Whether this plan may be paid from its patient's account; whether there is enough, the database decides.

        Raises:
            AccountsClosed: the hospital keeps none, and nothing has come back to this one.
            NotAllowed: a top-up is not paid from the account that it credits.
            StillAsked: it may have been paid out in time that a restore has lost.
        """
        mode, _ = await store.standing(tx, call.hospital_id, prepaid_account(str(plan.patient_id)))
        if mode == "off":
            raise AccountsClosed
        if CREDITED in plan.facts:
            raise NotAllowed("a top-up is paid by other means")
        await self._payments.check_account_asked(tx, call.hospital_id, plan.patient_id)

    async def withdraw(self, tx: Tx, call: Call, message: Withdraw, facts: None) -> str:
        await self._give_back(tx, call, call.principal.patient_id, message.amount_fen)
        return str(call.principal.patient_id)

    async def _give_back(self, tx: Tx, call: Call, patient_id: int, wish_fen: Fen | None) -> None:
        """All plans are locked before the first of them touches the balance: nobody who has the balance ever waits for
        a plan of ours.

        Raises:
            NothingOnAccount, OnlyAtWindow, BalanceTooLow.
            StillAsked: it may have been paid out in time that a restore has lost.
        """
        plans = await self._top_ups(tx, call, patient_id)
        await self._payments.check_account_asked(tx, call.hospital_id, patient_id)
        balance_fen = await ledger.balance_of(tx, call.hospital_id, prepaid_account(str(patient_id)))
        if not balance_fen:
            raise NothingOnAccount
        to_origin_fen = sum(map(refundable_fen, plans))
        amount_fen = wish_fen or min(balance_fen, to_origin_fen)
        if not amount_fen or to_origin_fen < amount_fen:
            raise OnlyAtWindow
        parts = list(divided(plans, amount_fen))
        for plan, _ in parts:
            self._payments.check_asked(plan)
        for plan, part_fen in parts:
            await self._refunds.give_part(tx, call, plan, part_fen, WHY)

    async def _top_ups(self, tx: Tx, call: Call, patient_id: int) -> list[Plan]:
        since = call.now - REFUNDABLE_FOR
        numbers = await store.top_ups(tx, call.hospital_id, patient_id, since, TOP_UPS_AT_A_TIME)
        plans = [await self._payments.locked(tx, call, number) for number in numbers]
        return returnable(plans, self._payments.registry)

    async def withdraw_at_window(self, tx: Tx, call: Call, message: WithdrawAtWindow, facts: None) -> str:
        """
        Raises:
            Invalid: neither or both of the patient's numbers are given.
            PatientUnknown: nobody has this hospital number here.
            NothingOnAccount: the account has nothing.
            ToOrigin: so much of it goes back to where it came from.
            BalanceTooLow: there is not so much.
            StillAsked: it may have been paid out in time that a restore has lost.
        """
        patient_no = message.patient_no.strip().upper()
        if bool(patient_no) == (message.patient_id is not None):
            raise Invalid("either patient_id or patient_no")
        patient_id = message.patient_id or await patient_id_of(tx, call.hospital_id, patient_no)
        if not patient_id:
            raise PatientUnknown
        owner = str(patient_id)
        account = prepaid_account(owner)
        plans = await self._top_ups(tx, call, patient_id)
        await self._payments.check_account_asked(tx, call.hospital_id, patient_id)
        balance_fen = await ledger.balance_of(tx, call.hospital_id, account)
        if not balance_fen:
            raise NothingOnAccount
        if balance_fen >= message.amount_fen > balance_fen - sum(refundable_fen(plan) for plan in plans):
            raise ToOrigin
        posting = Posting(
            debit_account=account, credit_account=paid_out_account("outpatient"), amount_fen=message.amount_fen
        )
        entry = JournalEntry(
            hospital_id=call.hospital_id,
            source=f"{account}:{call.key}",
            kind=WITHDRAWN,
            business_date=call.now.astimezone(self._zone).date(),
            posted_at=call.now,
            postings=(posting,),
        )
        await ledger.post(tx, [entry])
        paid = {"amount_fen": int(message.amount_fen), "receipt_no": message.receipt_no}
        await audit.append(tx, call, "prepaid.WithdrawAtWindow.v1", owner, paid)
        return owner

    # -- what the hospital wants

    async def set_mode(self, tx: Tx, call: Call, message: SetPrepaidMode, facts: None) -> str:
        """Written before anything is looked at: whoever opens a top-up or a balance at this moment has either done so,
        and is seen here, or sees this.

        Raises:
            BalancesLeft: patients still have money on their accounts.
            AccountsInUse: an open payment may still credit one.
        """
        await store.set_mode(tx, call.hospital_id, message.mode, call.principal.actor, call.now)
        if message.mode == "off":
            if await ledger.above_zero(tx, call.hospital_id, "prepaid", 1):
                raise BalancesLeft
            if await store.in_use(tx, call.hospital_id):
                raise AccountsInUse
        return message.mode

    async def get_setting(self, tx: Tx, call: Call, message: GetPrepaidSetting) -> PrepaidSetting:
        return await self._show_setting(tx, call, "")

    async def _show_setting(self, tx: Tx, call: Call, subject: str) -> PrepaidSetting:
        return PrepaidSetting(mode=await store.mode(tx, call.hospital_id))

    async def clear(self, tx: Tx, call: Call, message: ClearBalances, facts: None) -> str:
        """
        Raises:
            StillCollecting: patients may still top up.
            TotalDiffers: it is not the total of all balances any more.
        """
        if await store.mode(tx, call.hospital_id) == "collect":
            raise StillCollecting
        report = await self._show_balances(tx, call, str(message.after))
        if report.total_fen != message.total_fen:
            raise TotalDiffers
        for item in report.items:
            with suppress(NothingOnAccount, OnlyAtWindow, StillAsked):  # raised before anything is written
                await self._give_back(tx, call, item.patient_id, None)
        return str(report.next_after or MOST_PATIENTS)


def _beginning(row: Row) -> str:
    """Of an entry's source: it names the payment, or the charge."""
    source: str = row["source"]
    charge = source.startswith(f"{CHARGES}:")
    return ":".join(source.split(":")[:2]) if charge else source[:PAYMENT_NUMBER]


def _entry(row: Row, about: dict[str, tuple[str, str]]) -> PrepaidEntry:
    purpose, description = about.get(_beginning(row), ("", ""))
    return PrepaidEntry(
        at=row["posted_at"],
        kind=row["kind"],
        source=row["source"],
        amount_fen=row["amount_fen"],
        purpose=purpose,
        about=description,
    )
