"""What a cashier asks about a prepaid account at his window."""

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.identity.errors import PatientUnknown
from yinyi.business.payments.messages import PaymentView
from yinyi.business.payments.messages_window import PatientNo, Who
from yinyi.business.prepaid.errors import TopUpsClosed
from yinyi.business.prepaid.messages import TopUpPart
from yinyi.kernel.errors import ChannelUnavailable, HospitalUnavailable
from yinyi.kernel.means import TenderName


@operation(
    callers=[Caller.HOSPITAL],
    money=True,
    errors=(HospitalUnavailable, PatientUnknown, TopUpsClosed, ChannelUnavailable),
)
class TakeWindowTopUp(Operation[PaymentView], frozen=True, kw_only=True):
    """A cashier opens a payment onto a patient's prepaid account, to be paid by phone at his window. With ``tender``
    the answer has that channel's code for the payer to scan; without, the cashier scans the payer's
    (``SubmitCode``)."""

    patient_no: PatientNo
    amount_fen: TopUpPart
    operator: Who
    window: Who
    tender: TenderName | None = None
