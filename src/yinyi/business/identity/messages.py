"""What can be asked about people and their media (身份介质)."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.identity.errors import (
    CardUnreadable,
    CheckDigitWrong,
    CreationRefused,
    CredentialTaken,
    LastCredential,
    NoCard,
    PatientUnknown,
    TicketExpired,
    TooManyTries,
    WindowOnly,
)
from yinyi.business.identity.model import CredentialKind, Sex
from yinyi.kernel.errors import HospitalUnavailable, NotFound, NotYours
from yinyi.kernel.ids import WholeNumber

Short = Annotated[str, msgspec.Meta(max_length=100)]
Phone = Annotated[str, msgspec.Meta(pattern=r"^(1[3-9][0-9]{9})?(?![\s\S])")]
"""A mobile number or nothing. Not ``$``: it would let a line feed pass."""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """One of several patients on record; ``choice`` is sent back to choose him."""

    choice: str
    name_masked: str
    age: int | None
    number_tail: str


class FirstVisit(msgspec.Struct, frozen=True, kw_only=True):
    """What the card says of somebody who is not on record. kind: which document it is."""

    kind: CredentialKind
    name: str
    sex: Sex
    born_year: int | None
    number_tail: str


class Identified(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a credential names.

    status: ``known``: ``session_token`` is his session; empty: it is the one that travels along, which goes on ·
    ``several``: choose among ``matches`` with ``ticket`` · ``first_visit``: register with ``ticket``.
    has_children: he may act for a child as well.
    """

    status: Literal["known", "several", "first_visit"]
    session_token: str = ""
    ticket: str = ""
    matches: list[Match] = []
    first_visit: FirstVisit | None = None
    has_children: bool = False


@operation(
    callers=[Caller.KIOSK],
    errors=(NoCard, CardUnreadable, CheckDigitWrong, WindowOnly, HospitalUnavailable),
)
class Identify(Operation[Identified], frozen=True, kw_only=True):
    """Who is in front of this terminal? By the card that lies on its reader."""


@operation(callers=[Caller.KIOSK], errors=(PatientUnknown, TooManyTries, HospitalUnavailable))
class IdentifyByNumber(Operation[Identified], frozen=True, kw_only=True):
    """By a typed hospital number and the last four digits of the phone number or the birth date (``MMDD``)."""

    patient_no: Short
    proof: Short = ""


@operation(callers=[Caller.KIOSK, Caller.INSTITUTION], errors=(TicketExpired, CredentialTaken))
class ChoosePatient(Operation[Identified], frozen=True, kw_only=True):
    """Which of several patients it is."""

    ticket: Short
    choice: Short


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What a ticket stands for: the page that asks further can be drawn again from it."""

    matches: list[Match] = []
    first_visit: FirstVisit | None = None


@operation(callers=[Caller.KIOSK, Caller.INSTITUTION], errors=(TicketExpired,))
class GetTicket(Operation[Ticket], frozen=True, kw_only=True):
    """What was found when the card was read."""

    ticket: Short


@operation(
    callers=[Caller.KIOSK, Caller.INSTITUTION],
    changes=True,
    errors=(TicketExpired, HospitalUnavailable, CredentialTaken, CreationRefused),
)
class RegisterPatient(Operation[Identified], frozen=True, kw_only=True):
    """First visit: the hospital gives a number (就诊ID号). ``phone``: 11 digits, or empty. sex, born_on: what the
    document does not say, as a permanent-resident card's old number (``FirstVisit.born_year`` is null then); what it
    does say counts."""

    ticket: Short
    phone: Phone = ""
    sex: Sex = "unknown"
    born_on: date | None = None


class CredentialView(msgspec.Struct, frozen=True, kw_only=True):
    credential_id: WholeNumber
    kind: CredentialKind
    number_masked: str
    bound_at: datetime


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first."""

    credentials: list[CredentialView]


@operation(callers=[Caller.KIOSK, Caller.MOBILE, Caller.INSTITUTION], needs_patient=True)
class ListCredentials(Operation[Credentials], frozen=True, kw_only=True):
    """Which media are bound to this patient."""


@operation(
    callers=[Caller.KIOSK],
    needs_patient=True,
    changes=True,
    errors=(NoCard, CardUnreadable, CheckDigitWrong, CredentialTaken, WindowOnly, NotYours, HospitalUnavailable),
)
class BindCredential(Operation[Credentials], frozen=True, kw_only=True):
    """Bind the card that lies on the reader to this patient."""


@operation(callers=[Caller.KIOSK, Caller.MOBILE], needs_patient=True, changes=True, errors=(LastCredential, NotFound))
class UnbindCredential(Operation[Credentials], frozen=True, kw_only=True):
    """Take a binding off; its history stays."""

    credential_id: WholeNumber


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The session is over; its token opens nothing any more."""


@operation(callers=[Caller.KIOSK, Caller.MOBILE, Caller.INSTITUTION])
class EndSession(Operation[Ended], frozen=True, kw_only=True):
    """End the session that travels with this request. Ending it twice is fine."""


@operation(callers=[Caller.KIOSK, Caller.MOBILE], needs_patient=True)
class PreferElder(Operation[Ended], frozen=True, kw_only=True):
    """The patient keeps large print (or not) for the next time."""

    elder: bool
