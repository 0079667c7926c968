"""What people can say about two numbers of the hospital that are one patient."""

from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.identity.messages_window import PatientNo
from yinyi.business.news.errors import (
    BalanceDiffers,
    NewsNotParked,
    NewsUnknown,
    NotMerged,
    PaymentsStillOpen,
)
from yinyi.kernel.errors import HospitalUnavailable, SecondPersonNeeded
from yinyi.kernel.ids import WholeNumber
from yinyi.kernel.money import Fen


class MergeView(msgspec.Struct, frozen=True, kw_only=True):
    """The number that the hospital has given up, and the one that is left by now. Names: as the platform has them;
    empty: it does not know that one. balance_fen: on the prepaid account of the first. merged: it is done.
    proposed_by: one of two has said so."""

    news_no: int
    merged_no: str
    merged_name: str
    patient_no: str
    name: str
    balance_fen: Fen
    payments_open: int
    merged: bool
    proposed_by: str = ""


@operation(callers=[Caller.STAFF], errors=(NewsUnknown, NotMerged))
class GetMerge(Operation[MergeView], frozen=True, kw_only=True):
    """What would become one, before anybody says that it does."""

    news_no: WholeNumber


@operation(
    callers=[Caller.STAFF],
    changes=True,
    by_person=True,
    errors=(
        *(NewsUnknown, NewsNotParked, NotMerged, BalanceDiffers, PaymentsStillOpen, HospitalUnavailable),
        SecondPersonNeeded,
    ),
)
class ConfirmMerge(Operation[MergeView], frozen=True, kw_only=True):
    """These two are one patient. ``patient_no``: the one that is left, and ``balance_fen``: what is on the account of
    the number that was given up, both as ``GetMerge`` has shown them; if that is anything, a second person has to say
    the same."""

    news_no: WholeNumber
    patient_no: PatientNo
    balance_fen: Annotated[Fen, msgspec.Meta(ge=0, le=10**15)]
