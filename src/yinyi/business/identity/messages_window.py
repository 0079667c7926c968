"""What the hospital's window says of people whose documents no terminal reads: it has seen them."""

from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.identity.errors import (
    CheckDigitWrong,
    CredentialTaken,
    GuardianTooYoung,
    NotAChild,
    PatientUnknown,
)
from yinyi.business.identity.messages import Credentials
from yinyi.business.identity.messages_children import ChildView
from yinyi.business.identity.model import Relation
from yinyi.kernel.errors import HospitalUnavailable, NotFound

PatientNo = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
Who = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
SeenDocument = Literal["passport", "hmt_travel_permit", "permanent_resident_card", "birth_certificate"]
"""What people bring to a window because a terminal cannot read it, or not any more."""


@operation(
    callers=[Caller.HOSPITAL],
    changes=True,
    errors=(PatientUnknown, CheckDigitWrong, CredentialTaken, HospitalUnavailable),
)
class BindDocument(Operation[Credentials], frozen=True, kw_only=True):
    """A window has seen this document and whose it is: it is bound to this patient, so that a bank that has verified it
    finds him, and his other hospital numbers under the same document are his."""

    patient_no: PatientNo
    kind: SeenDocument
    number: Annotated[str, msgspec.Meta(min_length=5, max_length=32)]
    operator: Who


@operation(
    callers=[Caller.HOSPITAL],
    changes=True,
    errors=(PatientUnknown, NotAChild, GuardianTooYoung, NotFound, HospitalUnavailable),
)
class RegisterGuardian(Operation[ChildView], frozen=True, kw_only=True):
    """A window has seen the documents of both, and the guardian has agreed there: from now on he may act for this child
    at every terminal, also for more children than can be taken on there."""

    guardian_no: PatientNo
    child_no: PatientNo
    relation: Relation
    operator: Who
