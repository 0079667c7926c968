"""A prepaid account is topped up by phone at a window, by the plan by which its owner would do it himself."""

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.payments.at_window import check_shown, for_patient
from yinyi.business.payments.service import PaymentService
from yinyi.business.prepaid.messages_window import TakeWindowTopUp
from yinyi.business.prepaid.service import PrepaidService


class WindowTopUps:
    """``TakeWindowTopUp``."""

    def __init__(self, prepaid: PrepaidService, payments: PaymentService) -> None:
        self._prepaid = prepaid
        self._payments = payments

    def register(self, dispatcher: Dispatcher) -> None:
        payments = self._payments
        dispatcher.changes(TakeWindowTopUp, Change(self.take, payments.show, settle=payments.settle))

    async def take(self, tx: Tx, call: Call, message: TakeWindowTopUp, facts: None) -> str:
        """
        Raises:
            PatientUnknown, TopUpsClosed.
            ChannelUnavailable: nobody pays here by this.
        """
        theirs = await for_patient(tx, call, message.patient_no)
        check_shown(self._payments, message.tender or "")
        at = {"operator": message.operator, "window": message.window}
        return await self._prepaid.open_top_up(tx, theirs, message.amount_fen, at, message.tender or "")
