"""Payers' codes from the scanners of kiosks: taken off the scanner once, used once, never told to an interface."""

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.payments import signals
from yinyi.business.payments.errors import NothingScanned, PaymentUnknown
from yinyi.business.payments.messages import GetScannedPayment, PaymentView, SubmitScanned
from yinyi.business.payments.service import PaymentService
from yinyi.business.payments.view import view_of
from yinyi.business.terminals.presented import Presented
from yinyi.kernel.ids import PAYMENT_NUMBER, number_on_slip


class ScannedCodes:
    """The operations of kiosks' pages that have heard of a scan."""

    def __init__(self, database: Database, payments: PaymentService, presented: Presented) -> None:
        self._database = database
        self._payments = payments
        self._presented = presented

    def register(self, dispatcher: Dispatcher) -> None:
        payments = self._payments
        change = Change(self.submit, payments.show, prepare=self.take, settle=payments.settle_tender)
        dispatcher.changes(SubmitScanned, change)
        dispatcher.reads(GetScannedPayment, self.of_slip)

    async def take(self, call: Call, message: SubmitScanned) -> str:
        """The digits. Whatever becomes of them, this scan is used up.

        Raises:
            NothingScanned: see there.
        """
        async with self._database.transaction() as tx:
            at = (call.hospital_id, call.principal.terminal_id)
            code = await self._presented.take_code(tx, *at, message.after)
        if code is None:
            raise NothingScanned
        return code

    async def submit(self, tx: Tx, call: Call, message: SubmitScanned, code: str) -> str:
        """Hands them to the payment. A code that was read before is another try only where its channel never got it:
        otherwise it is spent, and closing the payment that it began would be for nothing."""
        plan = await self._payments.locked(tx, call, message.payment_no)
        at = (call.hospital_id, call.principal.terminal_id)
        if not await self._presented.is_new(tx, *at, code, plan.payment_no, call.now):
            known = view_of(plan, self._payments.registry)
            if (known.state, known.reason) != ("ready", "unavailable"):
                return plan.payment_no
        return await self._payments.tenders.submit_code(tx, call, plan.payment_no, code, part_fen=message.amount_fen)

    async def of_slip(self, tx: Tx, call: Call, message: GetScannedPayment) -> PaymentView:
        """See there. Whatever else was scanned is the number of no payment."""
        text = await self._presented.scanned_code(tx, call.hospital_id, call.principal.terminal_id)
        if text is None:
            raise NothingScanned
        number = number_on_slip(text.strip())
        plan = await signals.find(tx, call.hospital_id, number) if len(number) == PAYMENT_NUMBER else None
        if plan is None:
            raise PaymentUnknown
        self._payments.check_owner(call, plan)
        return view_of(plan, self._payments.registry)
