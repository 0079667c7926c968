"""Cards, sessions, movements and batches, as the bank keeps them. Instants are seconds since 1970, days ISO dates."""

from typing import Literal

import msgspec

from yinyi.wire.iso8583.settlement_fields import Totals
from yinyi.wire.iso8583.unprinted import Unprinted

CardKind = Literal["bank", "public", "social_security"]
"""Of any bank; the closed-loop card of one issuer; the bank account of a social security card."""
PIN_TRIES = 3

Kind = Literal[
    "sign_on", "sign_off", "echo", "balance", "purchase", "void", "refund", "reversal", "settle", "upload", "script",
    "unsupported",
]  # fmt: skip
State = Literal["approved", "declined", "reversed", "voided"]


class Card(Unprinted, frozen=True, kw_only=True):
    """holder: the key of one of the demo's people. issuer: eight digits. expires: YYMM. pin "": none is asked."""

    pan: str
    kind: CardKind = "bank"
    pin: str
    balance_fen: int
    issuer: str
    issuer_name: str
    holder: str = ""
    expires: str = "9912"
    tries_left: int = PIN_TRIES


class Session(Unprinted, frozen=True, kw_only=True):
    """A terminal of a merchant. tmk: both sides have it. pik, mak: of the last sign-on; empty before the first.

    accepts: the cards that this merchant takes. signed_on: the bank's day on which it did, "" when it is not.
    is_uploading: its totals did not agree, and the bank waits for the transactions (``uploaded``: trace, amount).
    """

    merchant_no: str
    terminal_no: str
    accepts: tuple[CardKind, ...] = ("bank", "social_security")
    tmk: bytes
    pik: bytes = b""
    mak: bytes = b""
    batch_no: int = 1
    signed_on: str = ""
    is_uploading: bool = False
    uploaded: tuple[tuple[int, int], ...] = ()


class Movement(Unprinted, frozen=True, kw_only=True):
    """What a terminal asked for and what became of it; also of a reversal that came without an original.

    day: the bank's. original: the reference of what is voided or given back. reversals: how many came for it.
    """

    reference: str
    merchant_no: str
    terminal_no: str
    batch_no: int
    trace_no: int
    mti: str
    kind: Kind
    pan: str
    amount_fen: int
    code: str
    auth_code: str
    at: float
    day: str
    state: State
    original: str = ""
    refunded_fen: int = 0
    reversals: int = 0

    @property
    def is_credit(self) -> bool:
        """Money goes back to the card."""
        return self.kind in ("void", "refund")


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that is closed. theirs: what the terminal said; ours: what the bank has.

    differences: trace numbers whose uploaded amount is not the bank's, or that only one side has.
    """

    merchant_no: str
    terminal_no: str
    batch_no: int
    theirs: Totals
    ours: Totals
    uploads: int = 0
    differences: tuple[int, ...] = ()
    closed_on: str


class Reply(Unprinted, frozen=True):
    """39, and the other fields that this answer has beside those that all have."""

    code: str
    fields: dict[int, str | bytes] = msgspec.field(default_factory=dict[int, str | bytes])
