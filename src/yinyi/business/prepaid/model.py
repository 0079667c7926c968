"""Words of prepaid accounts. Plain data."""

from typing import Literal

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
