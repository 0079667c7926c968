"""What can be asked about prepaid accounts."""

from datetime import datetime
from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.identity.errors import PatientUnknown
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.payments.errors import PaymentUnknown, StillAsked
from yinyi.business.payments.messages import Number, Part, PaymentView
from yinyi.business.prepaid.errors import (
    AccountsInUse,
    BalancesLeft,
    NothingOnAccount,
    OnlyAtWindow,
    StillCollecting,
    ToOrigin,
    TopUpsClosed,
    TotalDiffers,
)
from yinyi.business.prepaid.model import PrepaidMode
from yinyi.kernel.errors import NotYours
from yinyi.kernel.ids import WholeNumber
from yinyi.kernel.means import TenderName
from yinyi.kernel.money import Fen

PATIENTS = [Caller.KIOSK, Caller.MOBILE]
AND_BANKS = [*PATIENTS, Caller.INSTITUTION]
TopUpPart = Annotated[Fen, msgspec.Meta(ge=1_00, le=5_000_00)]
PatientId = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class PrepaidEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One movement. ``amount_fen``: less than zero: it was debited. ``source``: begins with the payment's number.
    purpose, about: of that payment, and what it was for, in Chinese; empty: it belongs to none. Of what the hospital
    has charged itself only ``about`` is told."""

    at: datetime
    kind: str
    source: str
    amount_fen: int
    purpose: str = ""
    about: str = ""


class PrepaidAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A patient's own account, as the ledger has it. ``entries``: the latest, newest first. next_before: what was
    before them is asked for with this; 0: nothing was."""

    mode: PrepaidMode
    balance_fen: Fen
    entries: list[PrepaidEntry]
    next_before: WholeNumber = 0


@operation(callers=AND_BANKS, needs_patient=True)
class GetPrepaidAccount(Operation[PrepaidAccount], frozen=True, kw_only=True):
    """What this patient has paid in and not used yet, and the latest that was booked; with ``before`` what was booked
    before that."""

    before: WholeNumber = 0


@operation(callers=AND_BANKS, service="account", needs_patient=True, money=True, errors=(TopUpsClosed,))
class TopUp(Operation[PaymentView], frozen=True, kw_only=True):
    """Open a payment onto this patient's account; it is credited by the write that says that the money was taken."""

    amount_fen: TopUpPart


class TopUpPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A top-up, and what is on the account at the same moment."""

    payment: PaymentView
    balance_fen: Fen


@operation(callers=PATIENTS, needs_patient=True, errors=(PaymentUnknown, NotYours))
class GetTopUp(Operation[TopUpPayment], frozen=True, kw_only=True):
    """By its payment."""

    payment_no: Number


class ToBeGivenBack(msgspec.Struct, frozen=True, kw_only=True):
    """A part that would go back to the top-up it came from."""

    payment_no: str
    tender: TenderName
    paid_at: datetime
    amount_fen: Fen


class GivenBack(msgspec.Struct, frozen=True, kw_only=True):
    """A part that was withdrawn. ``done``: it is there; otherwise on its way, ``arrives_by`` then at the latest."""

    payment_no: str
    tender: TenderName
    amount_fen: Fen
    asked_at: datetime
    done: bool
    arrives_by: datetime | None = None


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """What ``Withdraw`` would do now, and what it has done in the last days. at_window_fen: what does not go back that
    way, and is paid out over the counter."""

    mode: PrepaidMode
    balance_fen: Fen
    parts: list[ToBeGivenBack]
    at_window_fen: Fen
    given_back: list[GivenBack]


@operation(callers=PATIENTS, service="account", needs_patient=True)
class GetWithdrawal(Operation[Withdrawal], frozen=True, kw_only=True):
    """What this patient would get back, where it would go, and what only the window can give."""


@operation(
    callers=PATIENTS,
    service="account",
    needs_patient=True,
    money=True,
    errors=(NothingOnAccount, OnlyAtWindow, BalanceTooLow, StillAsked),
)
class Withdraw(Operation[PrepaidAccount], frozen=True, kw_only=True):
    """Give back what is left, or a part of it: refunds of this patient's top-ups, newest first. The account is debited
    at once, before anything leaves. Without an amount: all that can go back this way."""

    amount_fen: Part | None = None


@operation(
    callers=[Caller.STAFF],
    money=True,
    errors=(PatientUnknown, NothingOnAccount, ToOrigin, BalanceTooLow, StillAsked),
)
class WithdrawAtWindow(Operation[PrepaidAccount], frozen=True, kw_only=True):
    """A cashier has given cash for what cannot go back to where it came from: an earlier system's balance, an old
    top-up, money that was given back onto the account. Either ``patient_id`` or ``patient_no``, the hospital number."""

    patient_id: PatientId | None = None
    patient_no: Annotated[str, msgspec.Meta(max_length=32)] = ""
    amount_fen: Part
    receipt_no: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class PrepaidSetting(msgspec.Struct, frozen=True, kw_only=True):
    """What this hospital wants of its prepaid accounts."""

    mode: PrepaidMode


@operation(callers=PATIENTS)
class GetPrepaidSetting(Operation[PrepaidSetting], frozen=True, kw_only=True):
    """Whether patients can top up, only get back what is left, or nothing of it."""


@operation(callers=[Caller.STAFF], money=True, errors=(BalancesLeft, AccountsInUse))
class SetPrepaidMode(Operation[PrepaidSetting], frozen=True, kw_only=True):
    """From now on. ``off`` only when nothing is left on any account, and no payment is open that could credit one."""

    mode: PrepaidMode


class AccountLeft(msgspec.Struct, frozen=True, kw_only=True):
    """An account with money. ``to_origin_fen``: what can go back to the top-ups it came from; the rest only over the
    counter. ``patient_no``: the hospital's number; empty for whoever has none yet."""

    patient_id: int
    balance_fen: Fen
    to_origin_fen: Fen
    patient_no: str = ""


class BalancesReport(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts with money: how many, how much, and fifty of them. next_after: those behind are asked for with it;
    0: there are none."""

    accounts: int
    total_fen: Fen
    items: list[AccountLeft]
    next_after: WholeNumber = 0


@operation(callers=[Caller.STAFF])
class ListBalances(Operation[BalancesReport], frozen=True, kw_only=True):
    """What would be cleared, and how: a dry run. ``after``: of the answer before this one."""

    after: WholeNumber = 0


@operation(callers=[Caller.STAFF], money=True, errors=(StillCollecting, TotalDiffers))
class ClearBalances(Operation[BalancesReport], frozen=True, kw_only=True):
    """Give the next fifty accounts back to where their money came from; answers what is left, and the accounts behind
    them. ``total_fen``: of the list, as it was looked at. ``after``: of the answer before this one, so that accounts
    whose money goes over the counter keep nobody waiting."""

    total_fen: Annotated[Fen, msgspec.Meta(ge=0, le=10**15)]
    after: WholeNumber = 0
