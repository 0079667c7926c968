"""What a cashier asks about a payment by phone at his window."""

from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.payments.errors import MoreThanOwed, PayerCodeUnknown, PaymentClosed, PaymentUnknown
from yinyi.business.payments.messages import Number, PaymentView
from yinyi.kernel.errors import ChannelUnavailable, NotYours

PatientNo = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
Who = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


@operation(
    callers=[Caller.HOSPITAL],
    money=True,
    errors=(PaymentUnknown, PaymentClosed, MoreThanOwed, PayerCodeUnknown, ChannelUnavailable),
)
class SubmitCode(Operation[PaymentView], frozen=True, kw_only=True):
    """A cashier has scanned the code on the payer's phone: what is still owed is taken by it. Another code on the
    screen is closed first. A code is used once: whoever has had no answer asks ``GetPayment``, or again with the same
    key."""

    payment_no: Number
    payer_code: Annotated[str, msgspec.Meta(min_length=8, max_length=64, pattern=r"^[0-9A-Za-z]+(?![\s\S])")]
    operator: Who


@operation(callers=[Caller.HOSPITAL], money=True, errors=(PaymentUnknown, NotYours))
class CancelWindowPayment(Operation[PaymentView], frozen=True, kw_only=True):
    """A cashier gives up a payment that was opened at a window: its code is closed, and what it pays for is free again.
    What was taken is given back; one that is paid and delivered stays as it is (``RefundPayment``)."""

    payment_no: Number
    operator: Who
