"""What the doctor's room and examination departments can ask: charging a patient's prepaid account themselves."""

from datetime import datetime
from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.identity.errors import PatientUnknown
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.payments.errors import AccountsClosed, StillAsked
from yinyi.business.payments.messages import Part
from yinyi.business.prepaid.errors import (
    ChargeDiffers,
    ChargeReversed,
    ChargeUnknown,
    ChargeVoided,
    MoreThanCharged,
    ReversalDiffers,
)
from yinyi.business.prepaid.model import ChargeState, PrepaidMode
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.ids import WholeNumber
from yinyi.kernel.money import Fen

PatientNo = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
OwnNumber = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Item = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Who = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class ChargeReversal(msgspec.Struct, frozen=True, kw_only=True):
    """So much of a charge was given back."""

    reversal_no: str
    amount_fen: Fen
    reason: str
    operator: str
    at: datetime


class PrepaidCharge(msgspec.Struct, frozen=True, kw_only=True):
    """A charge as it stands. state: also that there is none under this number (``unknown``) and never will be
    (``void``); then nothing else is said. left_fen: charged and not given back. reversals: in order.
    """

    charge_no: str
    state: ChargeState
    patient_no: str = ""
    amount_fen: Fen = Fen(0)
    left_fen: Fen = Fen(0)
    items: list[str] = []
    operator: str = ""
    place: str = ""
    charged_at: datetime | None = None
    reversals: list[ChargeReversal] = []


@operation(
    callers=[Caller.HOSPITAL],
    money=True,
    errors=(
        *(HospitalUnavailable, PatientUnknown, AccountsClosed, BalanceTooLow, ChargeDiffers, ChargeReversed),
        *(ChargeVoided, StillAsked),
    ),
)
class ChargePrepaid(Operation[PrepaidCharge], frozen=True, kw_only=True):
    """Take this from the patient's prepaid account, all of it or nothing. ``charge_no``: the caller's own number of it,
    used once: asked again under the same one, the charge that is there is answered. ``items``: what it is for, in
    words; ``operator`` and ``place``: who asks, and where."""

    patient_no: PatientNo
    charge_no: OwnNumber
    amount_fen: Part
    items: Annotated[list[Item], msgspec.Meta(min_length=1, max_length=20)]
    operator: Who
    place: Who


@operation(callers=[Caller.HOSPITAL])
class QueryPrepaidCharge(Operation[PrepaidCharge], frozen=True, kw_only=True):
    """What became of a charge, by the caller's own number of it. That there is none is an answer, not an error: it can
    be asked for again under the same number."""

    charge_no: OwnNumber


@operation(callers=[Caller.HOSPITAL], money=True, errors=(ChargeUnknown, MoreThanCharged, ReversalDiffers))
class ReversePrepaidCharge(Operation[PrepaidCharge], frozen=True, kw_only=True):
    """Give a charge back onto the account: without an amount all that is left of it. ``reversal_no``: the caller's own
    number of it, once for each charge. ``or_never``: if nothing was charged, nothing will be under this number, also
    if it still comes: for whoever has had no answer and does not want it any more."""

    charge_no: OwnNumber
    reversal_no: OwnNumber
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=80)]
    operator: Who
    amount_fen: Part | None = None
    or_never: bool = False


class ListedCharge(msgspec.Struct, frozen=True, kw_only=True):
    """One of the latest. left_fen: not given back."""

    charge_no: str
    amount_fen: Fen
    left_fen: Fen
    place: str
    charged_at: datetime


class PrepaidBalance(msgspec.Struct, frozen=True, kw_only=True):
    """What can be charged. name: masked, to be compared with who is there. charges: the caller's latest, newest
    first. next_before: what was before them is asked for with this; 0: nothing was."""

    patient_no: str
    name: str
    mode: PrepaidMode
    balance_fen: Fen
    charges: list[ListedCharge]
    next_before: WholeNumber = 0


@operation(callers=[Caller.HOSPITAL], errors=(PatientUnknown, HospitalUnavailable))
class FindPrepaidBalance(Operation[PrepaidBalance], frozen=True, kw_only=True):
    """Of a patient, by his hospital number: what is on his prepaid account, and what was charged there last; with
    ``before`` what was charged before that."""

    patient_no: PatientNo
    before: WholeNumber = 0
