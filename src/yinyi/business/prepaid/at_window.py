"""A prepaid account is topped up by phone at a window, by the plan by which its owner would do it himself."""

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.identity.named import NamedPatients
from yinyi.business.payments.at_window import check_shown, for_patient
from yinyi.business.payments.service import PaymentService
from yinyi.business.prepaid.messages_window import TakeWindowTopUp
from yinyi.business.prepaid.service import PrepaidService


class WindowTopUps:
    """``TakeWindowTopUp``."""

    def __init__(self, prepaid: PrepaidService, payments: PaymentService, named: NamedPatients) -> None:
        self._prepaid = prepaid
        self._named = named
        self._payments = payments

    def register(self, dispatcher: Dispatcher) -> None:
        payments = self._payments
        change = Change(self.take, payments.show, self.whose, payments.settle, only_reads=True)
        dispatcher.changes(TakeWindowTopUp, change)

    async def whose(self, call: Call, message: TakeWindowTopUp) -> int:
        """
        Raises:
            PatientUnknown, HospitalUnavailable.
        """
        return await self._named.patient_id(call, message.patient_no)

    async def take(self, tx: Tx, call: Call, message: TakeWindowTopUp, patient_id: int) -> str:
        """
        Raises:
            TopUpsClosed.
            ChannelUnavailable: nobody pays here by this.
        """
        theirs = for_patient(call, patient_id)
        check_shown(self._payments, message.tender or "", message.amount_fen)
        at = {"operator": message.operator, "window": message.window}
        return await self._prepaid.open_top_up(tx, theirs, message.amount_fen, at, message.tender or "")
