"""A patient's bills are paid by phone at a window, by the plan by which he would pay them himself."""

from dataclasses import dataclass

from msgspec.structs import replace

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.billing.messages import InvoicePayment, PayInvoices
from yinyi.business.billing.messages_window import TakeWindowPayment
from yinyi.business.billing.plans import InvoiceFacts
from yinyi.business.billing.service import BillingService
from yinyi.business.billing.views import invoice_payment
from yinyi.business.identity.named import NamedPatients
from yinyi.business.payments.at_window import check_shown, for_patient
from yinyi.business.payments.plan import TAKE
from yinyi.business.payments.service import SETTLING, PaymentService


@dataclass(frozen=True)
class Wanted:
    """call: as if the patient had made it."""

    call: Call
    message: PayInvoices
    facts: InvoiceFacts


class WindowBills:
    """``TakeWindowPayment``."""

    def __init__(self, billing: BillingService, payments: PaymentService, named: NamedPatients) -> None:
        self._billing = billing
        self._named = named
        self._payments = payments

    def register(self, dispatcher: Dispatcher) -> None:
        billing = self._billing
        change = Change(self.take, billing.show, self.payable, self.settle, only_reads=True)
        dispatcher.changes(TakeWindowPayment, change)

    async def payable(self, call: Call, message: TakeWindowPayment) -> Wanted:
        """
        Raises:
            PatientUnknown, HospitalUnavailable, InvoiceUnknown, InvoiceChanged, InvoicePaid, InvoiceCancelled.
        """
        theirs = for_patient(call, await self._named.patient_id(call, message.patient_no))
        chosen = PayInvoices(chosen=list(await self._billing.as_they_are(theirs, message.invoice_nos)))
        facts = await self._billing.payable(theirs, chosen)
        at = replace(facts, operator=message.operator, window=message.window)
        return Wanted(theirs, chosen, at)

    async def take(self, tx: Tx, call: Call, message: TakeWindowPayment, wanted: Wanted) -> str:
        """
        Raises:
            ChannelUnavailable: nobody pays here by this.
            InvoicePaid, InvoiceBusy: by another payment.
        """
        check_shown(self._payments, message.tender or "", wanted.facts.total_fen)
        return await self._billing.pay(tx, wanted.call, wanted.message, wanted.facts, message.tender)

    async def settle(self, call: Call, payment_no: str) -> InvoicePayment | None:
        """The code of a means chosen before is still on the screen until it is surely closed: a cashier shows the one
        that he has asked for."""
        plan = await self._payments.settled(call, payment_no, SETTLING)
        take = plan.latest(TAKE) if plan is not None else None
        if plan is not None and take is not None and take.channel and plan.tender_no > take.tender_no:
            plan = await self._payments.settled(call, payment_no, SETTLING | {"waiting"})
        return invoice_payment(plan, self._payments.registry) if plan is not None else None
