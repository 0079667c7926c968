"""Outpatient bills: what is to be paid, paying some of it at once, and what was paid before."""

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.forgetting import Whose, whose
from yinyi.business.billing import fees, views
from yinyi.business.billing.errors import InvoiceBusy, InvoiceCancelled, InvoiceChanged, InvoicePaid, InvoiceUnknown
from yinyi.business.billing.fees import FeeBook
from yinyi.business.billing.messages import (
    MOST,
    Fees,
    GetInvoice,
    GetInvoicePayment,
    InvoiceDetails,
    InvoicePayment,
    Invoices,
    ListFees,
    ListInvoices,
    PayInvoices,
)
from yinyi.business.billing.model import ChosenInvoice, Invoice
from yinyi.business.billing.plans import INVOICE, InvoiceFacts
from yinyi.business.billing.ports import Hospital, Patients
from yinyi.business.billing.views import Names
from yinyi.business.payments import builder, obligations, signals
from yinyi.business.payments.errors import AlreadyUnderWay, PaymentUnknown
from yinyi.business.payments.messages import ChooseTender
from yinyi.business.payments.owners import is_theirs
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.service import SETTLING, NewPayment, PaymentService
from yinyi.business.payments.view import state_of
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.means import TenderName
from yinyi.kernel.recent import RecentByKey

PAY_WITHIN = timedelta(minutes=8)
HELD_FOR = timedelta(minutes=10)
"""The hospital keeps bills for longer than somebody can pay them, with time to be told of it."""


class BillingService:
    """``hospital`` has the bills, ``patients`` is our master index. Nobody asks about any bill but his own."""

    def __init__(
        self,
        hospital: Hospital,
        patients: Patients,
        payments: PaymentService,
        book: FeeBook,
        zone: ZoneInfo,
        kept_s: float,
    ) -> None:
        """``kept_s``: so old may be a list that is only looked at."""
        self._hospital = hospital
        self._patients = patients
        self._payments = payments
        self._book = book
        self._zone = zone
        self._recent = RecentByKey(self._read_open, kept_s, ahead=True, owner=lambda asked: asked[0])

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.forgetting.keep(self._recent.forget)
        dispatcher.forgetting.keep(self._book.forget)
        dispatcher.asks(ListInvoices, self.list)
        dispatcher.looks(GetInvoice, self.get)
        dispatcher.asks(ListFees, self.list_fees)
        dispatcher.asks(GetInvoicePayment, self.get_payment)
        dispatcher.changes(PayInvoices, Change(self.pay, self.show, self.payable, self.settle, only_reads=True))

    # -- looking

    async def list(self, call: Call, message: ListInvoices) -> Invoices:
        """A list of a moment ago will do as long as nobody pays any of it: then the hospital is asked."""
        patient_no = await self._patient_no(call)
        found, plans = await self._with_plans(call, patient_no, anew=message.anew)
        if not message.anew and (plans or any(each.busy for each in found)):
            found, plans = await self._with_plans(call, patient_no, anew=True)
        names = await self._names() if found else Names({}, {})
        numbers = _under_way(call, plans)
        listed = [views.invoice(each, names, numbers.get(each.invoice_no, "")) for each in found[:MOST]]
        return Invoices(invoices=listed, more=len(found) > MOST)

    async def get(self, call: Call, message: GetInvoice) -> InvoiceDetails:
        """What the hospital does not have any more, or cannot show just now, is read from our copy of it."""
        try:
            found = await self._own(call, message.number)
            named = await self._book.named(found)
            lines = await self._hospital.invoice_lines([found.invoice_no])
        except (HospitalUnavailable, InvoiceUnknown):
            kept = await self._book.kept(call, message.number)
            if kept is None or call.principal.form not in ("", message.number):
                raise
            return InvoiceDetails(invoice=views.named(kept.named), lines=kept.lines)
        await self._book.keep(call, named, lines)
        numbers = _under_way(call, await self._plans(call, [found.invoice_no]))
        return InvoiceDetails(invoice=views.named(named, numbers.get(found.invoice_no, "")), lines=lines)

    async def list_fees(self, call: Call, message: ListFees) -> Fees:
        page = await self._book.page(call, min(message.until or date.max, self._today(call)))
        shown = [views.named(each) for each in page.invoices]
        return Fees(invoices=shown, earlier=page.earlier, complete=page.complete)

    async def _patient_no(self, call: Call) -> str:
        return await self._patients.patient_no(call.hospital_id, call.principal.patient_id)

    async def _own(self, call: Call, number: str) -> Invoice:
        """
        Raises:
            InvoiceUnknown: there is none, or it is somebody else's: which of the two is not said.
        """
        patient_no, form = await self._patient_no(call), call.principal.form
        found = await self._hospital.invoice(number)
        if found is None or found.patient_no != patient_no or form not in ("", found.invoice_no):
            raise InvoiceUnknown
        return found

    async def _open(self, call: Call, patient_no: str) -> Sequence[Invoice]:
        """One more than is listed, if there are so many."""
        return await self._read_open(self._asked(call, patient_no))

    def _asked(self, call: Call, patient_no: str) -> tuple[Whose, str, date]:
        return whose(call.principal), patient_no, self._today(call) + timedelta(days=1)

    async def _read_open(self, asked: tuple[Whose, str, date]) -> Sequence[Invoice]:
        _, patient_no, last_on = asked
        found = await self._hospital.invoices(patient_no, "open", fees.EVER, last_on, 2 * MOST + 1)
        return [each for each in found if each.patient_no == patient_no and each.total_fen][: MOST + 1]

    async def _with_plans(self, call: Call, patient_no: str, *, anew: bool) -> tuple[Sequence[Invoice], Sequence[Plan]]:
        """Open bills, and whatever of ours is about them."""
        if anew:
            found = await self._open(call, patient_no)
        else:
            found = await self._recent.get(self._asked(call, patient_no))
        return found, await self._plans(call, [each.invoice_no for each in found])

    async def _names(self) -> Names:
        return await fees.names_of(self._hospital)

    async def _plans(self, call: Call, numbers: Sequence[str]) -> Sequence[Plan]:
        """The open or fulfilled payments for any of these bills, whosever they are."""
        return await obligations.obliged_among(self._payments.looking(), call.hospital_id, INVOICE, numbers)

    def _today(self, call: Call) -> date:
        return call.now.astimezone(self._zone).date()

    # -- paying

    async def payable(self, call: Call, message: PayInvoices) -> InvoiceFacts:
        """The bills as the hospital has them now, each as the payer has seen it.

        Raises:
            InvoiceUnknown, InvoiceChanged, InvoicePaid, InvoiceCancelled.
        """
        patient_no = await self._patient_no(call)
        chosen = {each.invoice_no: each for each in message.chosen}
        none: list[Invoice] = []
        listed = none if call.principal.form else await self._open(call, patient_no)
        known = {each.invoice_no: each for each in listed}
        for number in chosen.keys() - known.keys():
            known[number] = await self._own(call, number)
        for number in sorted(chosen):
            _check(known[number], chosen[number])
        names = await self._names()
        return InvoiceFacts(
            patient_no=patient_no,
            invoices=tuple(views.paid_for(known[number], names) for number in sorted(chosen)),
            held_until=call.now + HELD_FOR,
            form=call.principal.form,
        )

    async def as_they_are(self, call: Call, numbers: Sequence[str]) -> Sequence[ChosenInvoice]:
        """These bills, in the versions that the hospital has now.

        Raises:
            InvoiceUnknown: there is none, or it is somebody else's.
        """
        known = {each.invoice_no: each for each in await self._open(call, await self._patient_no(call))}
        found = [known.get(number) or await self._own(call, number) for number in dict.fromkeys(numbers)]
        return [ChosenInvoice(invoice_no=each.invoice_no, version=each.version) for each in found]

    async def pay(
        self, tx: Tx, call: Call, message: PayInvoices, facts: InvoiceFacts, tender: TenderName | None = None
    ) -> str:
        """``tender``: chosen already.

        Raises:
            InvoicePaid, InvoiceBusy: by another payment.
        """
        plans = await obligations.obliged_among(tx, call.hospital_id, INVOICE, facts.numbers)
        if plans:
            number = _same(call, plans, facts)
            if tender:
                await self._payments.tenders.choose(tx, call, ChooseTender(payment_no=number, tender=tender), None)
            return number
        new = NewPayment(
            purpose=INVOICE,
            scope="outpatient",
            amount_fen=facts.total_fen,
            description=f"门诊缴费 {facts.invoices[0].department}".rstrip(),
            pay_by=call.now + PAY_WITHIN,
            steps=builder.invoice(),
            facts=facts.as_json(),
            obligation=(INVOICE, *facts.numbers),
            tender=tender or "",
        )
        try:
            return await self._payments.open(tx, call, new)
        except AlreadyUnderWay:
            raise InvoiceBusy from None

    async def settle(self, call: Call, payment_no: str) -> InvoicePayment | None:
        plan = await self._payments.settled(call, payment_no, SETTLING)
        return views.invoice_payment(plan, self._payments.registry) if plan is not None else None

    async def show(self, tx: Tx, call: Call, payment_no: str) -> InvoicePayment:
        plan = await signals.find(tx, call.hospital_id, payment_no)
        if plan is None or plan.purpose != INVOICE:
            raise PaymentUnknown
        return views.invoice_payment(plan, self._payments.registry)

    async def get_payment(self, call: Call, message: GetInvoicePayment) -> InvoicePayment:
        plan = await self._payments.seen(call, message.payment_no, INVOICE)
        return views.invoice_payment(plan, self._payments.registry)


def _under_way(call: Call, plans: Sequence[Plan]) -> dict[str, str]:
    """The open payments of this patient's, by the bills' numbers."""
    mine = [plan for plan in plans if is_theirs(call, plan) and plan.ended_at is None]
    return {number: plan.payment_no for plan in mine for number in InvoiceFacts.of(plan).numbers}


def _check(found: Invoice, chosen: ChosenInvoice) -> None:
    """
    Raises:
        InvoicePaid, InvoiceCancelled, InvoiceChanged: it is not what the payer has seen.
    """
    if found.state in ("paid", "refunded"):
        raise InvoicePaid(found.invoice_no)
    if found.state == "cancelled":
        raise InvoiceCancelled(found.invoice_no)
    if found.version != chosen.version or not found.total_fen:
        raise InvoiceChanged(found.invoice_no)


def _same(call: Call, plans: Sequence[Plan], facts: InvoiceFacts) -> str:
    """Who chooses the same bills again goes on with the payment that is open for them.

    Raises:
        InvoicePaid, InvoiceBusy.
    """
    [plan, *others] = plans
    if any(state_of(each) in ("fulfilled", "delivering") for each in plans):
        raise InvoicePaid
    same = not others and InvoiceFacts.of(plan).numbers == facts.numbers and plan.direction == "forward"
    if not same or not is_theirs(call, plan):
        raise InvoiceBusy
    return plan.payment_no
