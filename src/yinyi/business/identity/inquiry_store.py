"""Cards that were asked for in order to identify, to be bound or to show their balance, in the database. Statements
only; times are parameters."""

from datetime import datetime, timedelta

import msgspec

from yinyi.bus.database import Tx
from yinyi.business.identity.model import InquiryPurpose, InquiryState, PaymentCardKind
from yinyi.kernel.money import Fen

KEPT = timedelta(days=1)


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """session_id, patient_id: of whoever wants a card bound; patient_id: whom a card names."""

    request_id: str
    terminal_id: str
    purpose: InquiryPurpose
    session_id: int | None
    patient_id: int | None
    kind: PaymentCardKind | None
    number_tail: str
    state: InquiryState
    code: str
    asked_at: datetime
    checking_until: datetime | None
    balance_fen: Fen | None


_FORGET = "DELETE FROM card_inquiry WHERE hospital_id = $1 AND terminal_id = $2 AND asked_at <= $3"
_BEGIN = """
INSERT INTO card_inquiry (hospital_id, request_id, terminal_id, purpose, session_id, patient_id, state, asked_at)
VALUES ($1, $2, $3, $4, $5, $6, 'asked', $7)
"""
_FIND = """
SELECT request_id, terminal_id, purpose, session_id, patient_id, kind, number_tail, state, code, asked_at,
  checking_until, balance_fen
FROM card_inquiry WHERE hospital_id = $1 AND request_id = $2
"""
_LOCK = f"{_FIND} FOR UPDATE"
_READ = """
UPDATE card_inquiry SET state = $3, kind = $4, number_tail = $5, patient_id = coalesce($6, patient_id),
  checking_until = $7
WHERE hospital_id = $1 AND request_id = $2 AND state = 'asked'
"""
_END = """
UPDATE card_inquiry SET state = $3, code = $4, checking_until = NULL, balance_fen = $5
WHERE hospital_id = $1 AND request_id = $2 AND state = 'checking'
"""


class CardFound(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a card as soon as it was read. checking_until: so long its bank is being asked."""

    state: InquiryState
    kind: PaymentCardKind
    number_tail: str
    patient_id: int | None = None
    checking_until: datetime | None = None


async def begin(
    tx: Tx,
    hospital_id: int,
    terminal_id: str,
    request_id: str,
    purpose: InquiryPurpose,
    whose: tuple[int, int] | None,
    now: datetime,
) -> None:
    """``whose``: session and patient. Old ones of this terminal are forgotten on the way."""
    await tx.execute(_FORGET, hospital_id, terminal_id, now - KEPT)
    session_id, patient_id = whose or (None, None)
    await tx.execute(_BEGIN, hospital_id, request_id, terminal_id, purpose, session_id, patient_id, now)


async def find(tx: Tx, hospital_id: int, request_id: str, *, lock: bool = False) -> Inquiry | None:
    row = await tx.fetchrow(_LOCK if lock else _FIND, hospital_id, request_id)
    return None if row is None else msgspec.convert(dict(row), Inquiry)


async def read(tx: Tx, hospital_id: int, request_id: str, found: CardFound) -> None:
    """Its card was read; once only."""
    args = (found.state, found.kind, found.number_tail, found.patient_id, found.checking_until)
    await tx.execute(_READ, hospital_id, request_id, *args)


async def end(
    tx: Tx, hospital_id: int, request_id: str, state: InquiryState, code: str, balance_fen: Fen | None
) -> None:
    """What its bank has said came to this; once only."""
    await tx.execute(_END, hospital_id, request_id, state, code, balance_fen)
