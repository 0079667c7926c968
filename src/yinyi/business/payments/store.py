"""The payments' SQL: one statement a step."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from yinyi.bus.database import Row, Tx
from yinyi.bus.work import Made, recorded
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.rows import PendingCallback, filled, read_callbacks, read_plan
from yinyi.kernel.ids import ask_number

_MORE_NUMBERS = 3
"""Short numbers besides the first: with ten million payments on record, of a thousand first ones one is taken."""
_OPEN = """
WITH w AS MATERIALIZED (
  SELECT nextval('payment_payment_id_seq') AS payment_id, w.*
  FROM jsonb_to_recordset($1::jsonb) AS w (payment_no text, ask_nos text[], purpose text, purpose_version int,
    scope text, patient_id bigint, terminal_id text, amount_fen bigint, description text, facts jsonb,
    pay_by timestamptz, business_date date, at timestamptz, epoch bigint, kind text, numbers text[], tender text,
    tender_no int, steps jsonb, record jsonb)
), o AS (
  INSERT INTO payment_obligation (hospital_id, kind, number, payment_id)
  SELECT $2, kind, number, payment_id FROM w, unnest(w.numbers) AS t (number)
  ON CONFLICT DO NOTHING RETURNING payment_id
), p AS (
  INSERT INTO payment (hospital_id, payment_id, payment_no, ask_no, purpose, purpose_version, scope, patient_id,
    terminal_id, amount_fen, description, facts, pay_by, business_date, started_at, updated_at, next_at, lease_epoch,
    tender, tender_no)
  SELECT $2, payment_id, payment_no, (SELECT a FROM unnest(w.ask_nos) AS t (a)
      WHERE NOT EXISTS (SELECT FROM payment q WHERE q.ask_no = a AND q.hospital_id = $2 OFFSET 0) LIMIT 1),
    purpose, purpose_version, scope, patient_id, terminal_id, amount_fen, description, facts, pay_by, business_date,
    at, at, CASE WHEN epoch IS NULL THEN at END, epoch, tender, tender_no
  FROM w WHERE (SELECT count(*) FROM o WHERE o.payment_id = w.payment_id) = cardinality(numbers)
  RETURNING hospital_id, payment_id, payment_no, ask_no
), made AS (
  SELECT p.*, w.steps, w.record FROM p JOIN w USING (payment_id)
), s AS (
  INSERT INTO payment_step (hospital_id, payment_id, :names)
  SELECT p.hospital_id, p.payment_id, :select FROM made AS p, jsonb_to_recordset(p.steps) AS r(:columns)
) :record
SELECT payment_no, payment_id, ask_no FROM p
"""
HELD = "SELECT true FROM payment_obligation WHERE hospital_id = $1 AND kind = $2 AND number = ANY($3::text[]) LIMIT 1"
"""Asked first where there are several: a part of them that could be had would otherwise stay behind."""
_CLAIM_ONE = """
UPDATE payment AS p SET lease_epoch = $3 WHERE p.hospital_id = $1 AND p.payment_id = $2 AND (
  p.lease_epoch IS NULL OR p.lease_epoch = $3
  OR NOT EXISTS (SELECT FROM process_lease l WHERE l.epoch = p.lease_epoch AND l.alive_until > $4))
  AND EXISTS (SELECT FROM process_lease WHERE epoch = $3 AND alive_until > $4)
RETURNING p.version, :seen AS seen, :row AS plan, :pending AS callbacks
"""
_CLAIM_DUE = """
WITH due AS (
  SELECT hospital_id, payment_id, NULL::bigint AS left_by FROM payment
  WHERE lease_epoch IS NULL AND next_at <= $2
  ORDER BY next_at LIMIT $4 FOR UPDATE SKIP LOCKED
), orphans AS (
  SELECT hospital_id, payment_id, lease_epoch AS left_by FROM payment
  WHERE lease_epoch IS NOT NULL AND (lease_epoch, payment_id) > ($5, $6) AND payment_id <> ALL($3::bigint[])
    AND (lease_epoch = $1 OR NOT EXISTS (
      SELECT FROM process_lease l WHERE l.epoch = payment.lease_epoch AND l.alive_until > $2))
  ORDER BY lease_epoch, payment_id LIMIT $4 FOR UPDATE SKIP LOCKED
)
UPDATE payment AS p SET lease_epoch = $1 FROM (SELECT * FROM due UNION ALL SELECT * FROM orphans) AS d
WHERE p.hospital_id = d.hospital_id AND p.payment_id = d.payment_id
RETURNING p.hospital_id, p.payment_id, d.left_by, p.version, :seen AS seen, :row AS plan, :pending AS callbacks
"""
RELEASE = """
UPDATE payment SET lease_epoch = NULL, next_at = $4
WHERE hospital_id = $1 AND payment_id = $2 AND version = $3 AND lease_epoch IS NOT DISTINCT FROM $5
RETURNING payment_id
"""
OPEN, CLAIM_ONE, CLAIM_DUE = filled(_OPEN), filled(_CLAIM_ONE), filled(_CLAIM_DUE)


class Opened(Made, frozen=True, kw_only=True):
    """A row of ``w``: a payment that begins. ask_nos: short numbers, of which the first is taken that no other payment
    has; epoch: see ``open_payment``; kind, numbers: what it is for, of which only one payment may be."""

    payment_no: str
    ask_nos: list[str]
    purpose: str
    purpose_version: int
    scope: str
    patient_id: int
    terminal_id: str
    amount_fen: int
    description: str
    facts: dict[str, Any]
    pay_by: datetime | None
    business_date: date
    at: datetime
    epoch: int | None
    kind: str
    numbers: Sequence[str]
    tender: str
    tender_no: int
    steps: Sequence[Step]


async def open_payment(
    tx: Tx,
    plan: Plan,
    *,
    purpose_version: int,
    business_date: date,
    epoch: int | None,
    obligation: tuple[str, ...],
) -> Plan | None:
    """Insert a payment with its steps, the one statement of its change; the plan with its id and with a short number
    that no other payment has, or None when there is an open or fulfilled one for this obligation: then nothing of this
    transaction may be kept, if there are several numbers.

    epoch: of the lease under which its first step is about to leave; None: whoever finds it drives it.
    obligation: its kind and its numbers; without any: there is none.
    """
    kind, *numbers = obligation or ("",)
    if len(numbers) > 1 and await tx.fetchval(HELD, plan.hospital_id, kind, numbers):
        return None
    opened = Opened(
        payment_no=plan.payment_no,
        ask_nos=[plan.ask_no, *(ask_number() for _ in range(_MORE_NUMBERS))],
        purpose=plan.purpose,
        purpose_version=purpose_version,
        scope=plan.scope,
        patient_id=plan.patient_id,
        terminal_id=plan.terminal_id,
        amount_fen=plan.amount_fen,
        description=plan.description,
        facts=plan.facts,
        pay_by=plan.pay_by,
        business_date=business_date,
        at=plan.started_at,
        epoch=epoch,
        kind=kind,
        numbers=numbers,
        tender=plan.tender,
        tender_no=plan.tender_no,
        steps=plan.steps,
    )
    common = (plan.hospital_id,)
    row = await recorded(tx, OPEN, opened, common, source="made", subject=plan.payment_no, key=plan.payment_no)
    return replace(plan, payment_id=row["payment_id"], ask_no=row["ask_no"]) if row is not None else None


def release(plan: Plan, epoch: int, next_at: datetime | None) -> tuple[str, tuple[Any, ...]]:
    """Hand the lease back; nothing has changed. It answers the payment's id, or nothing when something has, or when the
    lease is not ours any more."""
    return RELEASE, (plan.hospital_id, plan.payment_id, plan.version, next_at, epoch)


async def claim_one(tx: Tx, hospital_id: int, payment_id: int, epoch: int, now: datetime) -> Row | None:
    """Take the lease of one payment if nobody alive has it, and we are alive ourselves."""
    return await whole(tx, CLAIM_ONE, hospital_id, payment_id, epoch, now)


async def whole(tx: Tx, statement: str, *parameters: Any) -> Row | None:
    """The row of a statement that locks a payment and reads it; see ``SEEN``. Whoever has to wait does so once: from
    then on the row is his, and only signals, which change no step, can come in between."""
    row = await tx.fetchrow(statement, *parameters)
    while row is not None and row["seen"] != row["version"]:
        row = await tx.fetchrow(statement, *parameters)
    return row


class Claimed(NamedTuple):
    """A payment under our lease. left_by: the epoch under which it was found, None if it was nobody's; plan: None if it
    was changed while it was claimed, then it has to be read."""

    hospital_id: int
    payment_id: int
    left_by: int | None
    plan: Plan | None
    callbacks: list[PendingCallback]


Place = tuple[int, int]
"""An epoch and a payment's id: what was left behind stands in this order."""
FIRST: Place = (0, 0)


async def claim_due(
    tx: Tx, epoch: int, now: datetime, active: list[int], limit: int, after: Place = FIRST
) -> list[Claimed]:
    """Payments whose time has come, or whose driver is dead; of the latter those behind a place: in front of it the
    index is full of those that were found before, until PostgreSQL tidies it up."""
    return [_claimed(row) for row in await tx.fetch(CLAIM_DUE, epoch, now, active, limit, *after)]


def place_behind(claimed: Iterable[Claimed]) -> Place:
    """The place of the last that was left behind."""
    return max(((each.left_by, each.payment_id) for each in claimed if each.left_by is not None), default=FIRST)


def _claimed(row: Row) -> Claimed:
    plan = None
    with suppress(msgspec.MsgspecError):  # whoever reads it alone fails with it, and nobody else does
        plan = read_plan(row["plan"]) if row["seen"] == row["version"] else None
    callbacks = read_callbacks(row["callbacks"])
    return Claimed(row["hospital_id"], row["payment_id"], row["left_by"], plan, callbacks)
