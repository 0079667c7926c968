"""The SQL of electronic receipts. Times are parameters."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import structs

from yinyi.bus.database import Row, Tx
from yinyi.bus.looks import of_one
from yinyi.business.fiscal.model import FiscalState, Issued, Receipt
from yinyi.business.payments.plan import Plan

KNOWN = "SELECT * FROM fiscal_invoice WHERE payment_no = ANY($1::text[]) ORDER BY reference FOR UPDATE"
PUT = """
INSERT INTO fiscal_invoice AS f
  (hospital_id, reference, of, payment_no, patient_id, title, amount_fen, paid_at, state, wanted_at, next_at)
SELECT hospital_id, reference, of, payment_no, patient_id, title, amount_fen, paid_at, state, $2,
  CASE WHEN state = 'wanted' THEN $2::timestamptz END
FROM jsonb_to_recordset($1::jsonb) AS w (hospital_id int, reference text, of text, payment_no text, patient_id bigint,
  title text, amount_fen bigint, paid_at timestamptz, state text)
ON CONFLICT (hospital_id, reference) DO UPDATE SET amount_fen = excluded.amount_fen, state = excluded.state,
  next_at = excluded.next_at
WHERE f.state IN ('wanted', 'void')
"""
CLAIM = """
WITH due AS (
  SELECT hospital_id, reference, state FROM fiscal_invoice f
  WHERE next_at <= $1 AND (of = '' OR state <> 'wanted' OR EXISTS (
    SELECT FROM fiscal_invoice b
    WHERE b.hospital_id = f.hospital_id AND b.reference = f.of AND b.state = 'issued' OFFSET 0))
  ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE fiscal_invoice f SET claim = f.claim + 1, tries = f.tries + 1, next_at = $2,
  state = CASE WHEN f.state = 'wanted' THEN 'sent' ELSE f.state END,
  sent_at = CASE WHEN f.state = 'wanted' THEN $1 ELSE f.sent_at END
FROM due WHERE f.hospital_id = due.hospital_id AND f.reference = due.reference
RETURNING f.hospital_id, f.reference, f.of, f.payment_no, f.patient_id, f.title, f.amount_fen, f.paid_at, f.sent_at,
  f.tries, f.claim, f.document_no, due.state AS was
"""
LEARN = """
WITH w AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS w (hospital_id int, reference text, claim bigint, state text,
    next_at timestamptz, problem text, marked_at timestamptz, code text, number text, check_code text,
    issued_at timestamptz, url text, digest text)
), held AS (
  SELECT f.hospital_id, f.reference FROM fiscal_invoice f
  JOIN w ON f.hospital_id = w.hospital_id AND f.reference = w.reference AND f.claim = w.claim
  ORDER BY f.reference FOR UPDATE OF f
)
UPDATE fiscal_invoice f SET state = w.state, next_at = w.next_at, problem = coalesce(w.problem, ''),
  marked_at = coalesce(w.marked_at, f.marked_at), tries = CASE WHEN w.issued_at IS NULL THEN f.tries ELSE 0 END,
  code = coalesce(w.code, f.code), number = coalesce(w.number, f.number),
  check_code = coalesce(w.check_code, f.check_code), issued_at = coalesce(w.issued_at, f.issued_at),
  url = coalesce(w.url, f.url), digest = coalesce(w.digest, f.digest)
FROM w JOIN held USING (hospital_id, reference)
WHERE f.hospital_id = w.hospital_id AND f.reference = w.reference AND (w.issued_at IS NULL OR f.state = 'sent')
"""
"""Locked by reference, as ``KNOWN`` locks them, so that two processes never wait for each other."""
NOT_MADE = """
WITH red AS (
  UPDATE fiscal_invoice SET state = 'void', next_at = NULL
  WHERE hospital_id = $1 AND payment_no = $4 AND of = $2 AND state = 'wanted' AND EXISTS (
    SELECT FROM fiscal_invoice b
    WHERE b.hospital_id = $1 AND b.reference = $2 AND b.claim = $3 AND b.state = 'sent' OFFSET 0)
  RETURNING amount_fen
), back AS (SELECT coalesce(sum(amount_fen), 0)::bigint AS fen FROM red)
UPDATE fiscal_invoice SET amount_fen = amount_fen - back.fen, problem = $6,
  state = CASE WHEN amount_fen > back.fen THEN 'wanted' ELSE 'void' END,
  next_at = CASE WHEN amount_fen > back.fen THEN $5::timestamptz END
FROM back WHERE hospital_id = $1 AND reference = $2 AND claim = $3 AND state = 'sent'
"""
"""What has gone back meanwhile need not be reversed: it is not asked for any more."""
OF_PAYMENT = "SELECT * FROM fiscal_invoice WHERE payment_no = $2 AND hospital_id = $1 ORDER BY wanted_at, reference"
OF_PATIENT = of_one("""
SELECT $2::bigint AS whose, f.* FROM (
  SELECT payment_no, paid_at FROM fiscal_invoice
  WHERE patient_id = $2 AND hospital_id = $1 AND paid_at > $3 AND of = '' AND state <> 'void'
    AND ($5 = '' OR (paid_at, payment_no) < (
      SELECT b.paid_at, b.payment_no FROM fiscal_invoice b
      WHERE b.payment_no = $5 AND b.hospital_id = $1 AND b.patient_id = $2 AND b.of = '' AND b.state <> 'void' LIMIT 1))
  ORDER BY paid_at DESC, payment_no DESC LIMIT $4
) AS blue JOIN fiscal_invoice f ON f.payment_no = blue.payment_no AND f.hospital_id = $1
ORDER BY blue.paid_at DESC, f.payment_no DESC, f.wanted_at, f.reference
""")
PRINTED = """
UPDATE fiscal_invoice SET document_no = $3, tries = 0, next_at = CASE WHEN marked_at IS NULL THEN $4::timestamptz END
WHERE hospital_id = $1 AND reference = $2 AND state = 'issued'
"""
OPEN = """
SELECT * FROM fiscal_invoice
WHERE wanted_at < $2 AND state IN ('wanted', 'sent') AND hospital_id + 0 = $1 ORDER BY wanted_at LIMIT 200
"""
AGAIN = """
UPDATE fiscal_invoice SET next_at = $3, tries = 0
WHERE hospital_id = $1 AND reference = $2 AND state IN ('wanted', 'sent') RETURNING reference
"""
OF_REFERENCE = "SELECT * FROM fiscal_invoice WHERE hospital_id = $1 AND reference = $2"


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt that this process sees to, as long as its claim is the newest. was: its state before; tries: of asking
    and sending in a row."""

    hospital_id: int
    reference: str
    of: str
    payment_no: str
    patient_id: int
    title: str
    amount_fen: int
    paid_at: datetime
    sent_at: datetime | None
    tries: int
    claim: int
    document_no: str
    was: FiscalState

    def became(
        self,
        state: FiscalState,
        next_at: datetime | None = None,
        problem: str = "",
        *,
        issued: Issued | None = None,
        marked_at: datetime | None = None,
    ) -> "Learned":
        """``next_at`` None: nothing more is to be done."""
        facts = structs.asdict(issued) if issued is not None else {}
        key = {"hospital_id": self.hospital_id, "reference": self.reference, "claim": self.claim}
        return Learned(**key, state=state, next_at=next_at, problem=problem, marked_at=marked_at, **facts)


class Learned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one that was claimed: its state now, and when it is due again. What is left out stays."""

    hospital_id: int
    reference: str
    claim: int
    state: FiscalState
    next_at: datetime | None = None
    problem: str = ""
    marked_at: datetime | None = None
    code: str | None = None
    number: str | None = None
    check_code: str | None = None
    issued_at: datetime | None = None
    url: str | None = None
    digest: str | None = None


class _Put(msgspec.Struct, frozen=True, kw_only=True):
    hospital_id: int
    reference: str
    of: str
    payment_no: str
    patient_id: int
    title: str
    amount_fen: int
    paid_at: datetime
    state: FiscalState


async def known(tx: Tx, payment_nos: Sequence[str]) -> dict[tuple[int, str], list[Receipt]]:
    """The receipts of payments, by hospital and payment, as nobody changes them until the transaction ends."""
    found: dict[tuple[int, str], list[Receipt]] = {}
    for row in await tx.fetch(KNOWN, list(payment_nos)):
        receipt = Receipt(reference=row["reference"], of=row["of"], amount_fen=row["amount_fen"], state=row["state"])
        found.setdefault((row["hospital_id"], row["payment_no"]), []).append(receipt)
    return found


async def put(tx: Tx, wanted: Sequence[tuple[Plan, datetime, Receipt]], now: datetime) -> None:
    """Each with its payment, and when that was paid."""
    rows = [
        _Put(
            hospital_id=plan.hospital_id,
            reference=receipt.reference,
            of=receipt.of,
            payment_no=plan.payment_no,
            patient_id=plan.patient_id,
            title=plan.description,
            amount_fen=receipt.amount_fen,
            paid_at=paid_at,
            state=receipt.state,
        )
        for plan, paid_at, receipt in wanted
    ]
    await tx.execute(PUT, msgspec.json.encode(rows).decode(), now)


async def claim(tx: Tx, now: datetime, until: datetime, most: int) -> list[Claimed]:
    """What is due, for whoever claims it; what he has not finished by then is due again."""
    return [msgspec.convert(dict(row), Claimed) for row in await tx.fetch(CLAIM, now, until, most)]


async def learn(tx: Tx, learned: Sequence[Learned]) -> None:
    """Of each whose claim is still the newest."""
    await tx.execute(LEARN, msgspec.json.encode(learned).decode())


async def not_made(tx: Tx, claimed: Claimed, next_at: datetime, problem: str) -> None:
    """It surely has not happened: it is wanted as before."""
    held = (claimed.hospital_id, claimed.reference, claimed.claim)
    await tx.execute(NOT_MADE, *held, claimed.payment_no, next_at, problem)


async def of_payment(tx: Tx, hospital_id: int, payment_no: str) -> list[Row]:
    """In the order in which they were wanted."""
    return await tx.fetch(OF_PAYMENT, hospital_id, payment_no)


async def of_patient(
    tx: Tx, hospital_id: int, patient_id: int, since: datetime, limit: int, before: str = ""
) -> list[Row]:
    """Of so many payments since then, those of one payment together, newest payment first. before: only what was paid
    before this payment."""
    return await tx.fetch(OF_PATIENT, hospital_id, patient_id, since, limit, before)


async def printed(tx: Tx, hospital_id: int, reference: str, document_no: str, mark_at: datetime) -> None:
    """It is on its way to a printer; whether it came out is looked at then."""
    await tx.execute(PRINTED, hospital_id, reference, document_no, mark_at)


async def late(tx: Tx, hospital_id: int, wanted_before: datetime) -> list[Row]:
    """Not issued though wanted before then, oldest first."""
    return await tx.fetch(OPEN, hospital_id, wanted_before)


async def again(tx: Tx, hospital_id: int, reference: str, now: datetime) -> Any:
    """None: there is none that is not issued."""
    return await tx.fetchval(AGAIN, hospital_id, reference, now)


async def of_reference(tx: Tx, hospital_id: int, reference: str) -> Row | None:
    return await tx.fetchrow(OF_REFERENCE, hospital_id, reference)
