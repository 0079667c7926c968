"""What staff ask about charges on which the hospital and the platform do not agree."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.prepaid.errors import DifferenceUnknown
from yinyi.business.prepaid.model import DifferenceKind
from yinyi.kernel.errors import HospitalUnavailable, InvalidField
from yinyi.kernel.money import Fen


class ChargeDifference(msgspec.Struct, frozen=True, kw_only=True):
    """Of one charge, by the number that the hospital gave it. patient_no: the hospital's, where it has the charge.
    hospital_fen, here_fen: left of it, on either side."""

    on: date
    institution_id: str
    charge_no: str
    kind: DifferenceKind
    patient_no: str
    hospital_fen: Fen
    here_fen: Fen
    found_at: datetime


class ComparedDay(msgspec.Struct, frozen=True, kw_only=True):
    """compared_at None: the hospital has not told its list of that day yet. hospital_charges, here_charges: so many."""

    on: date
    compared_at: datetime | None
    hospital_charges: int
    here_charges: int


class ChargeDifferences(msgspec.Struct, frozen=True, kw_only=True):
    """differences: those that stand, newest first, at most 200. days: the latest ten, newest first."""

    differences: list[ChargeDifference]
    days: list[ComparedDay]


@operation(callers=[Caller.STAFF])
class ListChargeDifferences(Operation[ChargeDifferences], frozen=True, kw_only=True):
    """Where what the hospital believes to have charged to prepaid accounts is not what was charged there. Each is
    looked at again every hour, and is gone once both sides agree."""


@operation(callers=[Caller.STAFF], changes=True, errors=(HospitalUnavailable, InvalidField))
class CompareCharges(Operation[ChargeDifferences], frozen=True, kw_only=True):
    """Compare a day now. It is done by itself for every day, from one o'clock of the next one on."""

    on: date


@operation(callers=[Caller.STAFF], changes=True, errors=(DifferenceUnknown,))
class SettleChargeDifference(Operation[ChargeDifferences], frozen=True, kw_only=True):
    """Somebody has seen to it otherwise: it is not listed any more, unless it changes. No money moves by this.
    ``note``: what was found and done, for the record."""

    institution_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    charge_no: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    note: Annotated[str, msgspec.Meta(min_length=3, max_length=200)]
