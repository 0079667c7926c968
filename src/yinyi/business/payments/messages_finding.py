"""How a window finds a payment of which somebody tells."""

from datetime import date
from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.identity.errors import PatientUnknown
from yinyi.business.payments.messages import Payments


@operation(callers=[Caller.HOSPITAL, Caller.STAFF], errors=(PatientUnknown,))
class FindPayment(Operation[Payments], frozen=True, kw_only=True):
    """By ``number``, the payment's own or the short one to ask with, as a slip's code has it too; by
    ``patient_no``, what a patient began on a day; by ``channel_no``, what the payer's bill shows: our merchant
    order number, or the channel's own number of a payment that began on that day. ``on``: the day; without it
    today. What is given must all be true; nothing given, or nothing found, is an empty list."""

    number: Annotated[str, msgspec.Meta(max_length=40)] = ""
    patient_no: Annotated[str, msgspec.Meta(max_length=32)] = ""
    channel_no: Annotated[str, msgspec.Meta(max_length=64)] = ""
    on: date | None = None
