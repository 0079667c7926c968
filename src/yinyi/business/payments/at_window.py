"""Payments by phone at a window: the cashier acts for the patient who stands there."""

from msgspec.structs import replace

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.audit import store as audit
from yinyi.business.payments.messages_window import CancelWindowPayment, SubmitCode
from yinyi.business.payments.service import PaymentService
from yinyi.kernel.errors import ChannelUnavailable, NotYours
from yinyi.kernel.money import Fen

AT = "window"
"""In a plan's facts: the window at which it was opened."""


class WindowCodes:
    """``SubmitCode``, ``CancelWindowPayment``."""

    def __init__(self, payments: PaymentService) -> None:
        self._payments = payments

    def register(self, dispatcher: Dispatcher) -> None:
        payments = self._payments
        dispatcher.changes(SubmitCode, Change(self.submit, payments.show, settle=payments.settle_tender))
        dispatcher.changes(CancelWindowPayment, Change(self.cancel, payments.show, settle=payments.settle))

    async def submit(self, tx: Tx, call: Call, message: SubmitCode, facts: None) -> str:
        who = {"operator": message.operator}
        return await self._payments.tenders.submit_code(tx, call, message.payment_no, message.payer_code, who)

    async def cancel(self, tx: Tx, call: Call, message: CancelWindowPayment, facts: None) -> str:
        """
        Raises:
            PaymentUnknown.
            NotYours: it was not opened at a window.
        """
        plan = await self._payments.locked(tx, call, message.payment_no)
        if not plan.facts.get(AT):
            raise NotYours
        await self._payments.give_up(tx, call, plan)
        await audit.append(tx, call, "payments.CancelWindowPayment.v1", plan.payment_no, {"operator": message.operator})
        return plan.payment_no


def for_patient(call: Call, patient_id: int) -> Call:
    """The call as if he had made it himself: it is still a cashier's, and the audit log has it as his."""
    return replace(call, principal=replace(call.principal, patient_id=patient_id))


def check_shown(payments: PaymentService, tender: str, amount_fen: Fen) -> None:
    """
    Raises:
        ChannelUnavailable: nobody pays so much here by this.
    """
    if tender and tender not in payments.registry.tenders("outpatient", amount_fen):
        raise ChannelUnavailable(f"outpatient does not take {amount_fen} fen by {tender}")
