"""Postings: balanced by construction, because each is a debit and a credit of the same amount. Plain data."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from yinyi.kernel.money import Fen


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """``amount_fen`` > 0 moves from ``credit_account`` to ``debit_account``."""

    debit_account: str
    credit_account: str
    amount_fen: Fen

    @property
    def accounts(self) -> tuple[str, str]:
        return self.debit_account, self.credit_account


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """凭证: why money moved, once. ``source`` is unique: the same movement is never posted twice."""

    hospital_id: int
    source: str
    kind: str
    business_date: date
    posted_at: datetime
    postings: tuple[Posting, ...]


class Between(NamedTuple):
    """What the accounts begin with that a kind of entry moves money between."""

    debit: tuple[str, ...]
    credit: tuple[str, ...]


Moves = Mapping[str, Between]
"""By kind of entry. Each domain says what it posts; nothing else is to stand in the ledger."""

PREPAID, DEPOSIT = "prepaid", "deposit"
_LIMITED = (f"{PREPAID}:", f"{DEPOSIT}:")
SUSPENSE_SHORT = "suspense:short"
"""短款: what is missing until people have found it (asset)."""
SUSPENSE_OVER = "suspense:over"
"""长款: money that has come and belongs to nothing we know, until people have found whose it is (liability)."""


OPENING = "opening:former_system"
"""What a former system has to hand over for the balances that were taken over from it (asset)."""


def prepaid_account(owner: str) -> str:
    """What a patient has paid in and not used yet (liability). ``owner``: his number in the master index."""
    return f"{PREPAID}:{owner}"


def deposit_account(owner: str) -> str:
    """What was paid in for a stay in hospital and is not used yet (liability). ``owner``: the stay's number."""
    return f"{DEPOSIT}:{owner}"


def paid_out_account(scope: str) -> str:
    """What cashiers have paid out of prepaid accounts, stays' deposits and suspense, to be settled with the window
    (liability)."""
    return f"paid_out:window:{scope}"


def is_limited(account: str) -> bool:
    """Whether this account has a balance of its own, which never falls below zero."""
    return account.startswith(_LIMITED)


def limited_side(side: str) -> str:
    """The same as SQL, of a posting's ``debit`` or ``credit``: by an index only if it is said in these words."""
    return " OR ".join(f"{side}_account LIKE '{kind}:%'" for kind in (PREPAID, DEPOSIT))


def channel_account(channel: str, merchant: str) -> str:
    """Where what was taken comes from: what a channel owes us under one merchant number (asset), or the payer's own
    prepaid account."""
    return prepaid_account(merchant) if channel == PREPAID else f"channel:{channel}:{merchant}"


def refunds_account(channel: str, merchant: str) -> str:
    """Refunds under way (liability towards the payer, until the channel has paid it)."""
    return f"refunds:{channel}:{merchant}"


def insurance_account(scheme: str) -> str:
    """What an insurance owes us for what it has settled (asset)."""
    return f"insurance:{scheme}"


def funds_account(scope: str) -> str:
    """Patients' money that is neither delivered nor given back (liability)."""
    return f"patient_funds:{scope}"


def his_account(scope: str) -> str:
    """HIS receivables that may have been settled: what the HIS was told is paid and has not surely booked. Credited
    while that is in doubt, from patients' funds; then it is the hospital's, or the patient's again."""
    return f"his:{scope}"


def income_account(scope: str, purpose: str) -> str:
    """What was delivered for money: owed to the hospital."""
    return f"hospital:{scope}:{purpose}"
