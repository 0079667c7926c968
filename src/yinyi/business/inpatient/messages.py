"""What can be asked about stays, what they cost, and the deposits for them. Always of the patient's own stays."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.documents.messages import Sheets
from yinyi.business.inpatient.errors import (
    DepositAtWindow,
    LeftDiffers,
    NothingLeft,
    StayNotSettled,
    StaySettled,
    StayUnknown,
)
from yinyi.business.inpatient.model import CostCategory, CostDay, StayItem, StayState
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.payments.errors import PaymentUnknown, StillAsked
from yinyi.business.payments.messages import Number, Part, PaymentView
from yinyi.kernel.errors import HospitalUnavailable, NotYours
from yinyi.kernel.means import TenderName
from yinyi.kernel.money import Fen

PATIENTS = [Caller.KIOSK, Caller.MOBILE]
AND_BANKS = [*PATIENTS, Caller.INSTITUTION]
AdmissionNo = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
DepositPart = Annotated[Fen, msgspec.Meta(ge=1_00, le=50_000_00)]
OF_A_STAY = (HospitalUnavailable, StayUnknown)


class StayView(msgspec.Struct, frozen=True, kw_only=True):
    """A stay as its patient sees it.

    charged_on: the last day whose costs are in. deposit_fen: what is there of the deposits. left_fen: less the costs;
    below 0 it is owed. settlement_no: of the discharge statement, once it is settled.
    """

    admission_no: str
    state: StayState
    ward: str
    ward_en: str
    place: str
    bed: str
    practitioner: str
    admitted_at: datetime
    discharged_at: datetime | None = None
    settled_at: datetime | None = None
    settlement_no: str = ""
    charged_on: date
    cost_fen: Fen
    deposit_fen: Fen
    left_fen: int


class Stays(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    stays: list[StayView]


@operation(callers=AND_BANKS, service="inpatient", needs_patient=True, errors=OF_A_STAY)
class FindStay(Operation[Stays], frozen=True, kw_only=True):
    """This patient's stays, or the one of this number."""

    admission_no: Annotated[str, msgspec.Meta(max_length=32)] = ""


@operation(callers=AND_BANKS, service="inpatient", needs_patient=True, money=True, errors=(*OF_A_STAY, StaySettled))
class PayDeposit(Operation[PaymentView], frozen=True, kw_only=True):
    """Open a payment of a deposit for a stay that is not settled. It is cleared as inpatients' money wherever it is
    paid; the hospital is told once it is taken."""

    admission_no: AdmissionNo
    amount_fen: DepositPart


class DepositPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A deposit that is paid through the platform. left_fen: deposits less costs when it was posted; None: it is not
    yet."""

    payment: PaymentView
    admission_no: str
    ward: str
    ward_en: str
    bed: str
    receipt_no: str = ""
    left_fen: int | None = None


@operation(callers=AND_BANKS, needs_patient=True, errors=(PaymentUnknown, NotYours))
class GetDeposit(Operation[DepositPayment], frozen=True, kw_only=True):
    """By its payment."""

    payment_no: Number


class DepositEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A deposit, or what was returned of one. means: as the hospital has it."""

    kind: Literal["deposit", "return"]
    at: datetime
    amount_fen: Fen
    source: Literal["platform", "window"]
    means: str
    receipt_no: str


class Deposits(msgspec.Struct, frozen=True, kw_only=True):
    """Of one stay, newest first; what was taken back as if it had never been is not among them."""

    stay: StayView
    entries: list[DepositEntry]


@operation(callers=PATIENTS, service="inpatient", needs_patient=True, errors=OF_A_STAY)
class ListDeposits(Operation[Deposits], frozen=True, kw_only=True):
    """What was paid for a stay in advance, here and at windows, and what went back of it."""

    admission_no: AdmissionNo


class DailyCosts(msgspec.Struct, frozen=True, kw_only=True):
    """What a stay costs day by day (每日清单).

    days: all of them with the total up to each. on: the day whose items these are; None: nothing is charged yet.
    categories: what that day costs of each kind.
    """

    stay: StayView
    days: list[CostDay]
    on: date | None
    categories: list[CostCategory]
    items: list[StayItem]


@operation(callers=PATIENTS, service="inpatient", needs_patient=True, errors=OF_A_STAY)
class ListDailyCosts(Operation[DailyCosts], frozen=True, kw_only=True):
    """One day's list, the last one's if none is named, beside the totals of all days."""

    admission_no: AdmissionNo
    on: date | None = None


class DischargeStatement(msgspec.Struct, frozen=True, kw_only=True):
    """The statement of a stay that is settled (出院清单). paid_fen, returned_fen: deposits, and what of them went
    back."""

    stay: StayView
    categories: list[CostCategory]
    days: int
    paid_fen: Fen
    returned_fen: Fen


@operation(callers=PATIENTS, service="inpatient", needs_patient=True, errors=(*OF_A_STAY, StayNotSettled))
class GetDischargeStatement(Operation[DischargeStatement], frozen=True, kw_only=True):
    """Only once the stay is settled."""

    admission_no: AdmissionNo


@operation(callers=[Caller.KIOSK], service="inpatient", needs_patient=True, changes=True, errors=OF_A_STAY)
class PrintDailyCosts(Operation[Sheets], frozen=True, kw_only=True):
    """Print one day's list of a stay at this terminal: on half a sheet in wards, on the receipt printer's paper where
    there is no other printer."""

    admission_no: AdmissionNo
    on: date


@operation(
    callers=[Caller.KIOSK], service="inpatient", needs_patient=True, changes=True, errors=(*OF_A_STAY, StayNotSettled)
)
class PrintDischargeStatement(Operation[Sheets], frozen=True, kw_only=True):
    """Print the statement of a settled stay at this terminal: once as the original, after that as a copy."""

    admission_no: AdmissionNo


class DepositBack(msgspec.Struct, frozen=True, kw_only=True):
    """A part that would go back to where it came from, or went. at: when it was paid, or asked back. done: it is there;
    otherwise, once asked for, on its way, ``arrives_by`` then at the latest."""

    payment_no: str
    tender: TenderName
    amount_fen: Fen
    at: datetime
    done: bool = False
    arrives_by: datetime | None = None


class DepositReturn(msgspec.Struct, frozen=True, kw_only=True):
    """What ``ReturnDeposit`` would do now, and what was done before. left_fen: what the hospital has not given back.
    at_window_fen: what of it only the window can give."""

    stay: StayView
    left_fen: Fen
    parts: list[DepositBack]
    at_window_fen: Fen
    given_back: list[DepositBack]


class DepositAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What was paid through the platform for a stay and is the patient's still, and what of it windows have given
    back."""

    admission_no: str
    balance_fen: Fen
    paid_out_fen: Fen


@operation(callers=[Caller.HOSPITAL, Caller.STAFF], money=True, errors=(*OF_A_STAY, StayNotSettled))
class ReturnDepositAtWindow(Operation[DepositAccount], frozen=True, kw_only=True):
    """A window has given back what only it could give of a settled stay's deposits. It is booked as the hospital's own
    list of deposits has it, each return once, however often this is asked."""

    admission_no: AdmissionNo


@operation(callers=PATIENTS, service="inpatient", needs_patient=True, errors=(*OF_A_STAY, StayNotSettled))
class GetDepositReturn(Operation[DepositReturn], frozen=True, kw_only=True):
    """What is left of the deposits of a settled stay, and where it would go back to."""

    admission_no: AdmissionNo


class DepositsBack(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked back of a stay's deposits, newest first."""

    given_back: list[DepositBack]


@operation(
    callers=PATIENTS,
    service="inpatient",
    needs_patient=True,
    money=True,
    errors=(*OF_A_STAY, StayNotSettled, NothingLeft, DepositAtWindow, LeftDiffers, BalanceTooLow, StillAsked),
)
class ReturnDeposit(Operation[DepositsBack], frozen=True, kw_only=True):
    """Give back what is left of a settled stay's deposits: refunds of them, newest first. The hospital books each
    before its money leaves. ``amount_fen``: as it was shown; refused where it is another sum by now."""

    admission_no: AdmissionNo
    amount_fen: Part | None = None
