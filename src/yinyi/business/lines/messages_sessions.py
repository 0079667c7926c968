"""What staff ask about sessions on the bank line. Cards are masked in every reply."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.lines.errors import (
    BankRefused,
    BankSilent,
    BatchIsOpen,
    BatchUnknown,
    MerchantOfAnotherScope,
    MerchantUnknown,
    MessageUnknown,
    SessionBusy,
    SessionNotReady,
    SessionUnknown,
    TerminalHasSession,
    TerminalUnknown,
)
from yinyi.business.lines.model import Acquirer, MerchantNo, TerminalNo
from yinyi.business.lines.session_model import LAST_NUMBER, MessageKind, MessageState, ReversalReason
from yinyi.kernel.money import Fen

SESSIONS_AT_ONCE = 100
REVERSALS_AT_ONCE = 200
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
BatchNo = Annotated[int, msgspec.Meta(ge=0, le=LAST_NUMBER)]


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session, as it stands. ``must_sign_on``: before anything else is said in it; None signed on ever leaves
    ``signed_on_at`` out. ``has_key``: its TMK is loaded. ``busy_until``: somebody is at it, until then at the longest.
    ``last_code``: field 39 of the last answer. ``in_doubt``: messages whose reversal goes before anything else;
    ``stuck``: those that people look into. ``gaps``: trace numbers of the open batch under which nothing left.
    ``open_since``: the first money of the open batch; ``is_overdue``: it should have been settled at the last cut-over.
    ``settled_at``: the batch before. ``left_batches``: those that the bank has left behind with money in them, and that
    are not settled. ``host_batch_no``: which batch it is by the bank's last sign-on, where it is not ours.
    ``signed_off_at``: nothing is bought until somebody signs it on. ``retired``: its terminal is, so that it signs on
    for nothing but what goes back, and signs off once nothing is under way in it."""

    acquirer: str
    merchant_no: str
    terminal_no: str
    terminal_id: str
    scope: str
    merchant_name: str
    batch_no: int
    trace_no: int
    must_sign_on: bool
    has_key: bool
    in_doubt: int
    stuck: int
    gaps: int
    is_overdue: bool
    last_code: str = ""
    signed_on_at: datetime | None = None
    busy_until: datetime | None = None
    heard_at: datetime | None = None
    open_since: datetime | None = None
    settled_at: datetime | None = None
    left_batches: list[int] = []
    host_batch_no: int | None = None
    signed_off_at: datetime | None = None
    retired: bool = False


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """The line to an acquirer: how many business processes have it up just now, and how many have it down. ``why``:
    what is wrong with its addresses, for the developers."""

    acquirer: str
    up: int
    down: int
    why: str = ""


class SessionList(msgspec.Struct, frozen=True, kw_only=True):
    """``more``: there are sessions behind the last one."""

    sessions: list[SessionView]
    more: bool
    lines: list[LineView]


class LineEcho(msgspec.Struct, frozen=True, kw_only=True):
    """``answer``: ``here`` if the bank has answered, ``refused`` with ``code``, ``silent``, ``unreachable`` if nothing
    could be sent, ``busy`` while a transaction of this session is under way, ``waiting`` while its answer may still
    come: ask again. ``detail``: for the developers."""

    answer: Literal["here", "refused", "silent", "unreachable", "busy", "waiting"]
    code: str = ""
    detail: str = ""


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """A batch. ``state``: ``under_way`` while it is being settled or used. Debits are purchases, credits refunds and
    voids. ``balanced``: the bank had the same totals; if not, ``uploaded`` details were sent to it. Both say something
    of a settled batch only."""

    acquirer: str
    merchant_no: str
    terminal_no: str
    batch_no: int
    state: Literal["open", "under_way", "settled"]
    debit_fen: Fen
    debits: int
    credit_fen: Fen
    credits: int
    balanced: bool = False
    uploaded: int = 0
    settled_at: datetime | None = None


class ReversalView(msgspec.Struct, frozen=True, kw_only=True):
    """A message that may have happened, and how its reversal stands. ``reference``: of the call, as the case of its
    payment names it; its payment number is what it begins with. ``reason``: why it is to be reversed. ``tries``: how
    often its reversal has gone out, ``tried_at`` last. ``code``: what the bank last said of it."""

    acquirer: str
    merchant_no: str
    terminal_no: str
    terminal_id: str
    scope: str
    batch_no: int
    trace_no: int
    kind: MessageKind
    state: MessageState
    reference: str
    amount_fen: Fen
    card_masked: str
    sent_at: datetime
    reason: ReversalReason | Literal[""]
    tries: int
    code: str = ""
    of_reference: str = ""
    tried_at: datetime | None = None


class ReversalList(msgspec.Struct, frozen=True, kw_only=True):
    """The oldest first. ``more``: there are others behind the last one."""

    reversals: list[ReversalView]
    more: bool


@operation(callers=[Caller.STAFF])
class ListSessions(Operation[SessionList], frozen=True, kw_only=True):
    """How sessions on the bank line stand: all, or those that are named; behind one, where all its three words are
    given. And which lines are up."""

    acquirer: Acquirer | Literal[""] = ""
    merchant_no: MerchantNo | Literal[""] = ""
    terminal_no: TerminalNo | Literal[""] = ""
    terminal_id: Text | Literal[""] = ""
    after_acquirer: str = ""
    after_merchant_no: str = ""
    after_terminal_no: str = ""


@operation(
    callers=[Caller.STAFF],
    changes=True,
    errors=(SessionUnknown, SessionBusy, SessionNotReady, BankRefused, BankSilent),
)
class SignOn(Operation[SessionView], frozen=True, kw_only=True):
    """Sign a session on now, whether it is due or not: the bank sends new working keys. While that takes long the
    session is shown as it stands; asked again with the same key it goes on."""

    acquirer: Acquirer
    merchant_no: MerchantNo
    terminal_no: TerminalNo


@operation(
    callers=[Caller.STAFF],
    changes=True,
    errors=(SessionUnknown, SessionBusy, SessionNotReady, BankRefused, BankSilent),
)
class SignOff(Operation[SessionView], frozen=True, kw_only=True):
    """Sign a session off for longer, before its kiosk goes or is given another one: what is in doubt is reversed, the
    open batch settled, and nothing is bought there until somebody signs it on. Money still goes back."""

    acquirer: Acquirer
    merchant_no: MerchantNo
    terminal_no: TerminalNo


@operation(callers=[Caller.STAFF], errors=(SessionUnknown,))
class EchoLine(Operation[LineEcho], frozen=True, kw_only=True):
    """Whether the bank is there: a message in this session that moves nothing."""

    acquirer: Acquirer
    merchant_no: MerchantNo
    terminal_no: TerminalNo


@operation(
    callers=[Caller.STAFF],
    changes=True,
    errors=(SessionUnknown, BatchUnknown, BatchIsOpen, SessionBusy, SessionNotReady, BankRefused, BankSilent),
)
class SettleBatch(Operation[BatchView], frozen=True, kw_only=True):
    """Settle this batch now, if it is open, or if the bank has left it behind. What is in doubt is reversed before;
    what is stuck stays out of the totals. ``by_statement``: the bank is not asked about a batch that it has left
    behind, its statement tells. Asked again, whatever its key, a settled batch is shown and not settled twice."""

    acquirer: Acquirer
    merchant_no: MerchantNo
    terminal_no: TerminalNo
    batch_no: BatchNo
    by_statement: bool = False


@operation(callers=[Caller.STAFF])
class ListReversals(Operation[ReversalList], frozen=True, kw_only=True):
    """Messages of which nobody knows whether they happened and that are to be reversed, those that are stuck among
    them."""


@operation(callers=[Caller.STAFF], changes=True, errors=(MessageUnknown,))
class ReverseNow(Operation[ReversalView], frozen=True, kw_only=True):
    """Send the reversal of a message that is in doubt or stuck, now. What is certain stays as it is."""

    reference: Text


@operation(
    callers=[Caller.STAFF],
    changes=True,
    errors=(MerchantUnknown, MerchantOfAnotherScope, TerminalUnknown, TerminalHasSession),
)
class PutSession(Operation[SessionView], frozen=True, kw_only=True):
    """Put a terminal's session for a scope on record, or say whose it is now. Its key is loaded apart."""

    acquirer: Acquirer
    merchant_no: MerchantNo
    terminal_no: TerminalNo
    terminal_id: Text
    scope: Literal["outpatient", "inpatient"]
    merchant_name: Text
