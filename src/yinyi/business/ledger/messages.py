"""What finance can ask of the ledger."""

from datetime import datetime

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.kernel.money import Fen


class AccountBalance(msgspec.Struct, frozen=True, kw_only=True):
    """``balance_fen``: debits less credits."""

    account: str
    debit_fen: Fen
    credit_fen: Fen
    balance_fen: Fen


class Balances(msgspec.Struct, frozen=True, kw_only=True):
    """By account."""

    accounts: list[AccountBalance]


@operation(callers=[Caller.STAFF])
class TrialBalance(Operation[Balances], frozen=True, kw_only=True):
    """How all accounts stand, or stood at an instant: what was posted later does not count. Patients' own accounts are
    one, ``prepaid:*``."""

    at: datetime | None = None


class LedgerReport(msgspec.Struct, frozen=True, kw_only=True):
    """``differences``: sentences; empty when everything agrees."""

    entries: int
    postings: int
    differences: list[str]


@operation(callers=[Caller.STAFF])
class VerifyLedger(Operation[LedgerReport], frozen=True, kw_only=True):
    """Do ledger, payments and balances agree?"""
