"""What systems of the hospital are told where a hospital wants it (通告): visits and charges. Plain data."""

from collections.abc import Mapping, Set
from datetime import date, datetime
from typing import Literal, NamedTuple

import msgspec

from yinyi.business.identity.model import Sex
from yinyi.kernel.money import Fen

BulletinKind = Literal["visit", "charge"]
BulletinEvent = Literal["booked", "cancelled", "charged", "credited"]
BulletinState = Literal[
    "waiting",  # it leaves behind those before it
    "delivered",
    "parked",  # its receiver refuses it: people have to look into it
    "set_aside",  # they have, and it does not leave any more
]
Wants = Mapping[str, Set[BulletinKind]]
"""By the name of a receiver, what it wants to be told."""


class VisitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """reference: ours, of the hold. starts_at, ends_at: None where the hospital gave none."""

    reference: str
    schedule_id: str
    department_id: str
    department: str
    practitioner_id: str
    practitioner: str
    number: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class ChargeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """amount_fen: always positive; whether it was taken or given back is the event. stands_fen: what is taken and not
    given back, with this; None: written down by an older release."""

    amount_fen: Fen
    stands_fen: Fen | None = None
    purpose: str
    description: str
    tender: str
    at: datetime


class Bulletin(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell. control_id: the same as often as it is sent. patient_no, name, sex, born_on: whom it is
    about."""

    control_id: str
    event: BulletinEvent
    payment_no: str
    made_at: datetime
    patient_no: str
    name: str
    sex: Sex
    born_on: date | None
    visit: VisitFacts | None = None
    charge: ChargeFacts | None = None


class Carried(NamedTuple):
    """``refused``: by its receiver, and would be again. ``away``: whether it arrived is not known."""

    outcome: Literal["taken", "refused", "away"]
    problem: str = ""


class BulletinView(msgspec.Struct, frozen=True, kw_only=True):
    """A bulletin as people who look after the platform see it. problem: what its receiver said last."""

    bulletin_no: int
    receiver: str
    control_id: str
    event: BulletinEvent
    payment_no: str
    state: BulletinState
    problem: str
    tries: int
    made_at: datetime
    ended_at: datetime | None = None
