"""Words of prepaid accounts. Plain data."""

from datetime import datetime
from typing import Literal

import msgspec

from yinyi.business.ledger.model import Between
from yinyi.kernel.money import Fen

PrepaidMode = Literal[
    "collect",  # patients top up, pay and withdraw
    "refund_only",  # no top-ups any more: patients pay with what is left, or withdraw it
    "off",  # nothing is left, and nothing is paid from an account
]
"""What a hospital wants of its prepaid accounts. 门诊预交金 is being abolished: many only give back."""

TOP_UP = "top_up"
"""The purpose of payments that credit an account."""


class TopUpPurpose:
    """What a top-up's plans are made of: nothing but taking."""

    name = TOP_UP
    version = 1
    kinds: tuple[str, ...] = ()


CHARGED, CHARGE_BACK = "charged", "charge_back"
"""Kinds of journal entries: the hospital has charged an account itself, and has given some of it back."""
CHARGES = "prepaid_charge"
"""What charges are owed to the hospital as, and how the sources of their journal entries begin."""

WITHDRAWN = "withdrawn_at_window"
MOVES = {
    CHARGED: Between(("prepaid:",), ("hospital:",)),
    CHARGE_BACK: Between(("hospital:",), ("prepaid:",)),
    WITHDRAWN: Between(("prepaid:",), ("paid_out:",)),
}
"""Between which accounts journal entries of this domain move money."""

ChargeState = Literal[
    "unknown",  # nothing was ever charged under this number
    "charged",
    "partly_reversed",
    "reversed",
    "void",  # nothing was charged under it, and nothing will be
]


def charge_source(charge_id: int) -> str:
    """How the sources of a charge's journal entries begin."""
    return f"{CHARGES}:{charge_id}"


class HospitalCharge(msgspec.Struct, frozen=True, kw_only=True):
    """What the hospital believes to have charged. institution_id: which of its programs, by its name here.
    returned_fen: of it, what the hospital believes to have given back."""

    charge_no: str
    institution_id: str
    patient_no: str
    amount_fen: Fen
    returned_fen: Fen
    charged_at: datetime


DifferenceKind = Literal[
    "hospital_only",  # the hospital believes to have charged it; nothing was taken here
    "here_only",  # it was taken here; the hospital knows nothing of it
    "patient",  # another patient's account was charged than the hospital believes
    "amount",  # another amount was taken, or is left of it, than the hospital believes
]
"""How what the hospital believes differs from what was charged."""
