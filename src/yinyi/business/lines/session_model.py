"""A POS session with an acquirer, and what is said in it. Plain data: no message of ISO 8583 here.

One session a merchant number on a terminal: its own keys, its own batch and trace numbers. Nothing is shared between
two, so money of inpatients cannot be cleared with that of outpatients.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from yinyi.business.lines.key_model import HeldKey, PosSession, WorkingPurpose
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import RefusedReason
from yinyi.wire.iso8583.model import MacAlgorithm

MessageKind = Literal["sign_on", "echo", "balance", "purchase", "void", "refund", "settle", "upload", "sign_off"]
MONEY: tuple[MessageKind, ...] = ("purchase", "void", "refund")
REVERSIBLE: tuple[MessageKind, ...] = ("purchase", "void")
"""消费, 消费撤销: may be taken back by a reversal. A refund (退货) may not."""

MessageState = Literal[
    "sent",  # on disk and maybe on its way; no answer yet
    "approved",
    "declined",
    "never_sent",  # its trace number is a gap: nothing left under it
    "in_doubt",  # may have happened; its reversal goes before anything else of this session
    "stuck",  # its reversal was refused, or has gone out as often as is allowed: people look into it
    "reversed",  # as if it had never happened
    "unanswered",  # cannot be reversed: the statement tells
]
ReversalReason = Literal["no_answer", "failed_here", "bad_mac", "other"]
"""冲正原因: no answer in time, approved but it failed here, an answer with a wrong MAC, something else."""


class MessageNo(NamedTuple):
    """What tells the messages of a session apart."""

    batch_no: int
    trace_no: int


FULL_BATCH = 990
"""Nothing that moves money is said in a batch any more that has so many: its settlement counts to 999."""

LAST_NUMBER = 999_999
"""Of traces and batches: six digits."""

EntryMode = Literal["chip", "contactless", "stripe", "stored"]
"""How the card was read. ``stored``: it is not here; what it bought before is known."""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader and a PIN pad give. Printed, it shows nothing.

    pan: 13–19 digits. sequence_no: field 23, three digits. expiry: YYMM. chip_data: field 55. pin_block: eight bytes,
    encrypted in the PIN pad under the PIK of the session that has this check value; a clear PIN is never here.
    """

    pan: str
    entry_mode: EntryMode
    sequence_no: str = ""
    expiry: str = ""
    chip_data: bytes = b""
    pin_block: bytes = b""
    pin_key_check: bytes = b""

    def __repr__(self) -> str:
        return f"Card({self.entry_mode})"

    @property
    def masked(self) -> str:
        """The first six and the last four digits."""
        return f"{self.pan[:6]}{'*' * max(0, len(self.pan) - 10)}{self.pan[-4:]}"


@dataclass(frozen=True)
class Desk:
    """What a connector needs of a session to write one message in it. ``at``: its local time. ``mac`` computes with
    this session's MAK; None: it has none. ``may_send``: whether the session is still ours, to be asked right before the
    first byte leaves."""

    slot: PosSession
    batch_no: int
    trace_no: int
    at: datetime
    mac: Callable[[MacAlgorithm, bytes], Awaitable[bytes]] | None = field(default=None, repr=False)
    may_send: Callable[[], bool] = field(default=lambda: True, repr=False)


class Original(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier message of this session, as a reversal, a void or a refund refers to it. ``approved`` is None where
    no answer came."""

    kind: MessageKind
    batch_no: int
    trace_no: int
    sent_at: datetime
    amount_fen: Fen
    card: Card
    approved: "Approved | None" = None

    @property
    def on_day(self) -> str:
        """MMDD, as the host has dated it, whose clock and whose day need not be ours; empty: it has not said."""
        return self.approved.on_day if self.approved is not None else ""


class Approved(msgspec.Struct, frozen=True, kw_only=True):
    """It happened. retrieval_ref: field 37, what statements are matched by. on_day, settled_on: MMDD. at_time: hhmmss.
    issuer: of the card, as the acquirer names it. must_sign_on: the host wants it before anything else. code: field 39
    where it is not 00: of a reversal, that the host has no record of what is reversed."""

    retrieval_ref: str
    auth_code: str = ""
    on_day: str = ""
    at_time: str = ""
    settled_on: str = ""
    issuer: str = ""
    amount_fen: Fen | None = None
    must_sign_on: bool = False
    code: str = ""


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """It surely did not happen. code: field 39. must_sign_on: because of this, or besides. may_retry: what was wrong
    passes, the same may succeed in a while. tries_left: of the PIN, where the host tells. detail: why it was not even
    sent, where that is no code."""

    code: str
    reason: RefusedReason = "declined"
    must_sign_on: bool = False
    may_retry: bool = False
    tries_left: int | None = None
    detail: str = ""


class NeverSent(msgspec.Struct, frozen=True, kw_only=True):
    """Not one byte of it has left."""

    detail: str = ""


class NoAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """It may have happened."""

    why: ReversalReason = "no_answer"
    code: str = ""
    detail: str = ""


LineAnswer = Approved | Declined | NeverSent | NoAnswer


@dataclass(frozen=True)
class Delivered:
    """A working key as it came: encrypted under the session's TMK."""

    purpose: WorkingPurpose
    key: bytes = field(repr=False)
    check_value: bytes


@dataclass(frozen=True)
class PinKey:
    """What the PIN pad needs in order to encrypt for a session: its PIK, under the TMK that the pad has too."""

    key: bytes = field(repr=False)
    check_value: bytes


@dataclass(frozen=True)
class SignedOn:
    """batch_no: what the host says that the batch is, None: it says nothing."""

    keys: tuple[Delivered, ...]
    batch_no: int | None = None


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Of a batch: debits are purchases, credits refunds and voids."""

    debit_fen: Fen = Fen(0)
    debits: int = 0
    credit_fen: Fen = Fen(0)
    credits: int = 0


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """One approved message of a batch, for a host whose totals differ."""

    kind: MessageKind
    trace_no: int
    pan: str
    amount_fen: Fen

    def __repr__(self) -> str:
        return f"Detail({self.kind} {self.trace_no})"


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that is closed. balanced: the host had the same totals. uploaded: so many details were sent to it."""

    batch_no: int
    totals: Totals
    balanced: bool
    uploaded: int = 0


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What the host says of our totals."""

    balanced: bool


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """Of an acquirer. takes_stripe: cards may be read by their magnetic stripe.

    answer_timeout_s: of one exchange. reversal_tries, reversal_every_s: as often goes a reversal
    without an answer, and by itself no sooner than so long after it went last; who wants to pay there does not wait for
    that. most_details: in one message of a batch upload. most_in_batch: a batch with so much money in it is settled.
    ends_balanced: the host wants to hear the end of a batch whose totals agreed, too."""

    takes_stripe: bool = False
    answer_timeout_s: float = 60.0
    reversal_tries: int = 3
    reversal_every_s: float = 60.0
    most_details: int = 8
    most_in_batch: int = 900
    ends_balanced: bool = False


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it stands. epoch: whoever has claimed it writes under this number and no other. began_behind: the
    trace number that the open batch began behind. left_batches: those that the host has left behind, and that are not
    settled. signed_off: until people sign it on."""

    session_id: int
    slot: PosSession
    scope: str
    merchant_name: str
    batch_no: int
    trace_no: int
    began_behind: int
    left_batches: tuple[int, ...]
    signed_off: bool
    epoch: int
    signed_on: bool
    mak: HeldKey | None = None
    pin_key: PinKey | None = None

    @property
    def said_in_batch(self) -> int:
        """So many messages at most, of whatever kind."""
        return self.trace_no - self.began_behind

    def fits(self, card: Card) -> bool:
        """Its PIN was encrypted for this session, as it is signed on now; or there is none."""
        return not card.pin_block or (self.pin_key is not None and self.pin_key.check_value == card.pin_key_check)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is on record of a message. reason: why it was declined. under_way: somebody is at it; until: at the
    longest."""

    kind: MessageKind
    state: MessageState
    slot: PosSession
    batch_no: int
    trace_no: int
    sent_at: datetime
    card_masked: str
    code: str
    reason: RefusedReason
    answer: Approved | None
    tries_left: int | None = None
    under_way: bool
    until: datetime | None
