"""Inpatients: their stays as the hospital has them, deposits paid through the platform, and what is left going back."""

from datetime import date, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.forgetting import Whose, whose
from yinyi.business.inpatient import returns, views
from yinyi.business.inpatient.accounts import StayAccounts
from yinyi.business.inpatient.errors import (
    DepositAtWindow,
    LeftDiffers,
    NothingLeft,
    StayNotSettled,
    StaySettled,
    StayUnknown,
)
from yinyi.business.inpatient.messages import (
    DailyCosts,
    DepositPayment,
    DepositReturn,
    Deposits,
    DepositsBack,
    DischargeStatement,
    FindStay,
    GetDeposit,
    GetDepositReturn,
    GetDischargeStatement,
    ListDailyCosts,
    ListDeposits,
    PayDeposit,
    ReturnDeposit,
    Stays,
)
from yinyi.business.inpatient.model import CostCategory, CostDay, Stay, StayItem
from yinyi.business.inpatient.plans import DEPOSIT, DepositFacts
from yinyi.business.inpatient.ports import Inpatients, Patients
from yinyi.business.inpatient.returns import Known
from yinyi.business.payments import builder, signals
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.refunds import RefundDesk
from yinyi.business.payments.service import NewPayment, PaymentService
from yinyi.kernel.alongside import alongside
from yinyi.kernel.money import Fen
from yinyi.kernel.recent import RecentByKey

PAY_WITHIN = timedelta(minutes=8)
REFUNDABLE_FOR = timedelta(days=350)
"""Channels give back for a year; what is older goes over the counter."""
AT_A_TIME = 20
"""So many deposits of one stay are given back at most."""
WHY = "退住院预交金余额"


class InpatientService:
    """``inpatients`` is the hospital, ``patients`` our master index. Nobody asks about any stay but his own."""

    def __init__(
        self, inpatients: Inpatients, patients: Patients, payments: PaymentService, zone: ZoneInfo, kept_s: float
    ) -> None:
        """``kept_s``: so old may be the list of a patient's stays, by which nothing is paid."""
        self._inpatients = inpatients
        self._recent = RecentByKey(self._stays, kept_s, ahead=True, owner=lambda mine: mine[0])
        self._patients = patients
        self._payments = payments
        self._refunds = RefundDesk(payments, zone)
        self.accounts = StayAccounts(inpatients, zone)

    def register(self, dispatcher: Dispatcher) -> None:
        payments = self._payments
        dispatcher.forgetting.keep(self._recent.forget)
        dispatcher.asks(FindStay, self.find)
        dispatcher.looks(ListDeposits, self.list_deposits)
        dispatcher.looks(ListDailyCosts, self.list_daily_costs)
        dispatcher.looks(GetDischargeStatement, self.get_statement)
        dispatcher.looks(GetDepositReturn, self.get_return)
        dispatcher.asks(GetDeposit, self.get_deposit)
        dispatcher.changes(
            PayDeposit, Change(self.pay, payments.show, self.payable, settle=payments.settle, only_reads=True)
        )
        dispatcher.changes(ReturnDeposit, Change(self.give_back, self._show_given, self.known, only_reads=True))
        self.accounts.register(dispatcher)

    # -- looking

    async def find(self, call: Call, message: FindStay) -> Stays:
        if message.admission_no:
            return Stays(stays=[views.stay(await self._own(call, message.admission_no))])
        patient_no = await self._patients.patient_no(call.hospital_id, call.principal.patient_id)
        found = await self._recent.get((whose(call.principal), patient_no))
        return Stays(stays=[views.stay(each) for each in found if each.patient_no == patient_no])

    async def _stays(self, mine: tuple[Whose, str]) -> list[Stay]:
        return await self._inpatients.stays(mine[1])

    async def _own(self, call: Call, admission_no: str) -> Stay:
        """
        Raises:
            StayUnknown: there is none, or it is somebody else's: which of the two is not said.
        """
        patient_no = await self._patients.patient_no(call.hospital_id, call.principal.patient_id)
        stay = await self._inpatients.stay(admission_no)
        if stay is None or stay.patient_no != patient_no:
            raise StayUnknown
        return stay

    async def _settled(self, call: Call, admission_no: str) -> Stay:
        """
        Raises:
            StayUnknown, StayNotSettled.
        """
        stay = await self._own(call, admission_no)
        if stay.state != "settled":
            raise StayNotSettled
        return stay

    async def list_deposits(self, call: Call, message: ListDeposits) -> Deposits:
        stay = await self._own(call, message.admission_no)
        return Deposits(
            stay=views.stay(stay), entries=views.entries(await self._inpatients.deposits(stay.admission_no))
        )

    async def list_daily_costs(self, call: Call, message: ListDailyCosts) -> DailyCosts:
        stay = await self._own(call, message.admission_no)
        number, wanted = stay.admission_no, self._inpatients
        if message.on:
            days, of_day = await alongside(wanted.cost_days(number), self._items(number, message.on))
            return _costs(stay, days, message.on, of_day)
        days = await wanted.cost_days(number)
        if not days:
            return DailyCosts(stay=views.stay(stay), days=days, on=None, categories=[], items=[])
        on = days[-1].charged_on
        return _costs(stay, days, on, await self._items(number, on))

    async def _items(self, number: str, on: date) -> tuple[list[StayItem], list[CostCategory]]:
        """What was charged on that day, and what the stay's costs are called."""
        return await alongside(self._inpatients.stay_items(number, on, on), self._inpatients.cost_categories(number))

    async def get_statement(self, call: Call, message: GetDischargeStatement) -> DischargeStatement:
        stay = await self._settled(call, message.admission_no)
        number = stay.admission_no
        told = await alongside(
            self._inpatients.cost_categories(number),
            self._inpatients.cost_days(number),
            self._inpatients.deposits(number),
        )
        return views.statement(stay, *told)

    async def get_deposit(self, call: Call, message: GetDeposit) -> DepositPayment:
        plan = await self._payments.seen(call, message.payment_no, DEPOSIT)
        return views.deposit_payment(plan, self._payments.registry)

    # -- in

    async def payable(self, call: Call, message: PayDeposit) -> Stay:
        stay = await self._own(call, message.admission_no)
        if stay.state == "settled":
            raise StaySettled
        return stay

    async def pay(self, tx: Tx, call: Call, message: PayDeposit, stay: Stay) -> str:
        new = NewPayment(
            purpose=DEPOSIT,
            scope="inpatient",
            amount_fen=message.amount_fen,
            description=f"住院预交金 {stay.ward}",
            pay_by=call.now + PAY_WITHIN,
            steps=builder.deposit(),
            facts=DepositFacts.for_stay(stay.admission_no, stay.ward, stay.ward_en, stay.bed),
        )
        return await self._payments.open(tx, call, new)

    # -- back

    async def known(self, call: Call, message: ReturnDeposit | GetDepositReturn) -> Known:
        stay = await self._settled(call, message.admission_no)
        return Known(stay, await self._inpatients.deposits(stay.admission_no))

    async def get_return(self, call: Call, message: GetDepositReturn) -> DepositReturn:
        known = await self.known(call, message)
        async with self._payments.reading() as tx:
            return self._told(call, known, await self._plans(tx, call, known))

    async def _plans(self, tx: Tx, call: Call, known: Known) -> list[Plan]:
        """The payments of this stay's deposits, newest first."""
        mine = call.principal.patient_id
        found = await signals.find_among(tx, call.hospital_id, known.payment_nos())
        return [plan for plan in found if returns.of_stay(plan, known.stay.admission_no, mine)]

    def _returnable(self, call: Call, known: Known, plans: list[Plan]) -> list[Plan]:
        """Of which something goes back by its channel now."""
        since, gives_back = call.now - REFUNDABLE_FOR, self._payments.registry.gives_back
        young = (plan for plan in plans if plan.started_at > since and gives_back(plan))
        return list(islice((plan for plan in young if returns.returnable_fen(known, plan)), AT_A_TIME))

    async def _locked(self, tx: Tx, call: Call, known: Known) -> tuple[list[Plan], list[Plan]]:
        """All of them, and those that may go back, which nobody else touches meanwhile."""
        numbers = [plan.payment_no for plan in self._returnable(call, known, await self._plans(tx, call, known))]
        for number in numbers:
            await signals.locked(tx, call.hospital_id, number)
        plans = await self._plans(tx, call, known)
        return plans, self._returnable(call, known, [plan for plan in plans if plan.payment_no in numbers])

    def _told(self, call: Call, known: Known, plans: list[Plan]) -> DepositReturn:
        left_fen = returns.left_fen(known, plans)
        divided = returns.divided(known, self._returnable(call, known, plans), left_fen)
        parts = [returns.part(plan, fen) for plan, fen in divided]
        return DepositReturn(
            stay=views.stay(known.stay),
            left_fen=left_fen,
            parts=parts,
            at_window_fen=Fen(left_fen - sum(each.amount_fen for each in parts)),
            given_back=returns.given_back(plans),
        )

    async def give_back(self, tx: Tx, call: Call, message: ReturnDeposit, known: Known) -> str:
        """All payments are locked before the first of them touches the stay's account.

        Raises:
            NothingLeft, DepositAtWindow, LeftDiffers, BalanceTooLow.
        """
        plans, returnable = await self._locked(tx, call, known)
        left_fen = returns.left_fen(known, plans)
        parts = list(returns.divided(known, returnable, left_fen))
        if not left_fen:
            raise NothingLeft
        if not parts:
            raise DepositAtWindow
        if message.amount_fen not in (None, sum(fen for _, fen in parts)):
            raise LeftDiffers
        for plan, part_fen in parts:
            await self._refunds.give_part(tx, call, plan, part_fen, WHY)
        await self.accounts.settle(tx, call, known)
        return known.stay.admission_no

    async def _show_given(self, tx: Tx, call: Call, admission_no: str) -> DepositsBack:
        since, mine = call.now - REFUNDABLE_FOR, call.principal.patient_id
        plans = await signals.of_patient(tx, call.hospital_id, mine, since)
        return DepositsBack(given_back=returns.given_back(p for p in plans if returns.of_stay(p, admission_no, mine)))


def _costs(stay: Stay, days: list[CostDay], on: date, of_day: tuple[list[StayItem], list[CostCategory]]) -> DailyCosts:
    items, names = of_day
    return DailyCosts(stay=views.stay(stay), days=days, on=on, categories=views.of_day(items, names), items=items)
