"""What a cashier asks about a patient's bills."""

from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.billing.messages import CANNOT_BE_PAID, MOST, InvoiceNo, InvoicePayment
from yinyi.business.identity.errors import PatientUnknown
from yinyi.business.payments.messages_window import PatientNo, Who
from yinyi.kernel.errors import ChannelUnavailable, HospitalUnavailable
from yinyi.kernel.means import TenderName


@operation(
    callers=[Caller.HOSPITAL],
    money=True,
    errors=(HospitalUnavailable, PatientUnknown, ChannelUnavailable, *CANNOT_BE_PAID),
)
class TakeWindowPayment(Operation[InvoicePayment], frozen=True, kw_only=True):
    """A cashier opens a payment of a patient's bills, to be paid by phone at his window. With ``tender`` the answer has
    that channel's code for the payer to scan; without, the cashier scans the payer's (``SubmitCode``). The bills are
    taken as the hospital has them now, over its amounts. ``GetPayment`` follows it."""

    patient_no: PatientNo
    invoice_nos: Annotated[list[InvoiceNo], msgspec.Meta(min_length=1, max_length=MOST)]
    operator: Who
    window: Who
    tender: TenderName | None = None
