"""How a window finds a payment of which somebody tells."""

from datetime import date
from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.identity.errors import PatientUnknown
from yinyi.business.payments.messages import Payments, PaymentView
from yinyi.kernel.errors import HospitalUnavailable, InvalidField


@operation(callers=[Caller.HOSPITAL, Caller.STAFF], errors=(InvalidField, PatientUnknown, HospitalUnavailable))
class FindPayment(Operation[Payments], frozen=True, kw_only=True):
    """By ``number``, the payment's own or the short one to ask with, as a slip's code has it too, with or without
    capitals, hyphen and blanks; by ``patient_no``, what a patient began on a day; by ``channel_no``, what the payer's
    bill shows: our merchant order number, or the channel's own number of a payment that began on that day. ``on``: the
    day; without it today. What is given must all be true; nothing found is an empty list."""

    number: Annotated[str, msgspec.Meta(max_length=40)] = ""
    patient_no: Annotated[str, msgspec.Meta(max_length=32)] = ""
    channel_no: Annotated[str, msgspec.Meta(max_length=64)] = ""
    on: date | None = None


class DaysPayments(msgspec.Struct, frozen=True, kw_only=True):
    """In the order in which they were begun. next_after: ask with it for those that follow; empty: there are none."""

    payments: list[PaymentView]
    next_after: str = ""


@operation(callers=[Caller.HOSPITAL, Caller.STAFF])
class ListDaysPayments(Operation[DaysPayments], frozen=True, kw_only=True):
    """All payments that were begun on a day, as they stand now, page by page: for a hospital that compares them with
    its own. ``after``: the payment number behind which to go on. Of a day that is still going on more may follow."""

    on: date
    after: Annotated[str, msgspec.Meta(max_length=32, pattern=r"^[0-9A-Z]*(?![\s\S])")] = ""
    most: Annotated[int, msgspec.Meta(ge=1, le=200)] = 100
