"""SQL of what the hospital charges prepaid accounts itself: statements only, times are parameters."""

from datetime import date, datetime

import msgspec

from yinyi.bus.database import Row, Tx
from yinyi.kernel.money import Fen

_WRITE = """
INSERT INTO prepaid_charge (hospital_id, institution_id, charge_no, patient_id, amount_fen, items, operator, place,
                            charged_at, business_date)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (hospital_id, institution_id, charge_no) DO NOTHING RETURNING charge_id
"""
_CHARGE = """
SELECT c.charge_id, c.charge_no, c.patient_id, p.patient_no, c.amount_fen, c.returned_fen, c.items, c.operator, c.place,
  c.charged_at, c.business_date
FROM prepaid_charge c LEFT JOIN patient p ON p.hospital_id = c.hospital_id AND p.patient_id = c.patient_id
WHERE c.charge_no = $3 AND c.institution_id = $2 AND c.hospital_id = $1
"""
_LOCKED = f"{_CHARGE} FOR UPDATE OF c"
_RETURNS = """
SELECT reversal_no, amount_fen, reason, operator, returned_at FROM prepaid_charge_return
WHERE charge_id = $2 AND hospital_id = $1 ORDER BY nth
"""
_RETURN = """
WITH whole AS (
  UPDATE prepaid_charge SET returned_fen = returned_fen + $4 WHERE hospital_id = $1 AND charge_id = $2
  RETURNING hospital_id, charge_id
)
INSERT INTO prepaid_charge_return (hospital_id, charge_id, reversal_no, nth, amount_fen, reason, operator, returned_at)
SELECT hospital_id, charge_id, $3, $5, $4, $6, $7, $8 FROM whole
"""
LATEST = """
SELECT charge_id, charge_no, amount_fen, returned_fen, place, charged_at FROM prepaid_charge
WHERE patient_id = $2 AND hospital_id = $1 AND institution_id = $3 AND charge_id < $5 ORDER BY charge_id DESC LIMIT $4
"""


class NewCharge(msgspec.Struct, frozen=True, kw_only=True):
    """``patient_id`` None: void, over nothing."""

    hospital_id: int
    institution_id: str
    charge_no: str
    patient_id: int | None
    amount_fen: Fen
    items: list[str]
    operator: str
    place: str
    charged_at: datetime
    business_date: date


class NewReturn(msgspec.Struct, frozen=True, kw_only=True):
    """``nth``: of its charge, from 1."""

    hospital_id: int
    charge_id: int
    reversal_no: str
    nth: int
    amount_fen: Fen
    reason: str
    operator: str
    returned_at: datetime


async def write(tx: Tx, new: NewCharge) -> int | None:
    """Its id; None: this number was used before. Whoever uses it at the same moment is waited for."""
    return await tx.fetchval(_WRITE, *msgspec.structs.astuple(new))


async def find(tx: Tx, hospital_id: int, institution_id: str, charge_no: str) -> Row | None:
    return await tx.fetchrow(_CHARGE, hospital_id, institution_id, charge_no)


async def locked(tx: Tx, hospital_id: int, institution_id: str, charge_no: str) -> Row | None:
    """The same; until the end of the transaction nobody else gives any of it back."""
    return await tx.fetchrow(_LOCKED, hospital_id, institution_id, charge_no)


async def returns(tx: Tx, hospital_id: int, charge_id: int) -> list[Row]:
    """What was given back of it, in order."""
    return await tx.fetch(_RETURNS, hospital_id, charge_id)


async def give_back(tx: Tx, new: NewReturn) -> None:
    """The database refuses what would be more than was charged."""
    keys = (new.hospital_id, new.charge_id, new.reversal_no)
    await tx.execute(_RETURN, *keys, new.amount_fen, new.nth, new.reason, new.operator, new.returned_at)


async def latest(
    tx: Tx, hospital_id: int, patient_id: int, institution_id: str, limit: int, before: int = 0
) -> list[Row]:
    """Of this patient, by this institution, newest first. before: only what was charged before this; 0: to the last."""
    return await tx.fetch(LATEST, hospital_id, patient_id, institution_id, limit, before or 2**63 - 1)
