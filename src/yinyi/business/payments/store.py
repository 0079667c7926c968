"""The payments' SQL: one statement a step."""

import itertools
from contextlib import suppress
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from yinyi.bus.database import Row, Tx
from yinyi.bus.work import recorded
from yinyi.business.ledger.model import JournalEntry
from yinyi.business.ledger.store import balance_ctes, balance_rows, entry_rows, posting_ctes
from yinyi.business.payments.plan import PAYER_CODE, Plan
from yinyi.business.payments.rows import (
    CALLBACK_WAITS,
    FreshCallback,
    PendingCallback,
    changed_steps,
    filled,
    history,
    read_callbacks,
    read_plan,
    steps_as_rows,
)
from yinyi.kernel.ids import ask_number

_MORE_NUMBERS = 3
"""Short numbers besides the first: with ten million payments on record, of a thousand first ones one is taken."""
_OPEN = """
WITH o AS (
  INSERT INTO payment_obligation (hospital_id, kind, number, payment_id)
  SELECT $1, $16, $17, nextval('payment_payment_id_seq') WHERE $17 <> ''
  ON CONFLICT DO NOTHING RETURNING payment_id
), p AS (
  INSERT INTO payment (hospital_id, payment_id, payment_no, ask_no, purpose, purpose_version, scope, patient_id,
    terminal_id, amount_fen, description, facts, pay_by, business_date, started_at, updated_at, next_at, lease_epoch,
    tender, tender_no)
  SELECT $1, coalesce((SELECT payment_id FROM o), nextval('payment_payment_id_seq')),
    $2, (SELECT a FROM unnest($3::text[]) AS t (a)
      WHERE NOT EXISTS (SELECT FROM payment q WHERE q.ask_no = a AND q.hospital_id = $1 OFFSET 0) LIMIT 1),
    $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::timestamptz, $14,
    CASE WHEN $15::bigint IS NULL THEN $14::timestamptz END, $15, $19, $20
  WHERE $17 = '' OR EXISTS (SELECT FROM o)
  RETURNING hospital_id, payment_id, payment_no, ask_no
), s AS (
  INSERT INTO payment_step (hospital_id, payment_id, :names)
  SELECT p.hospital_id, p.payment_id, :select FROM p, jsonb_to_recordset($18::jsonb) AS r(:columns)
) :record
SELECT payment_no, payment_id, ask_no FROM p
"""
_WRITE = """
WITH p AS (
  UPDATE payment SET direction = $4, reason = $5, attention = $6, attention_at = $7, taken_fen = $8,
    returned_fen = $9, ended_at = $10, next_at = $11, lease_epoch = $12, updated_at = $13, version = version + 1,
    refunds_fen = $16
  WHERE hospital_id = $1 AND payment_id = $2 AND version = $3 AND lease_epoch IS NOT DISTINCT FROM $14
    AND EXISTS (SELECT FROM process_lease WHERE epoch = $14 AND alive_until > $13)
  RETURNING hospital_id, payment_id, version
), e AS (
  INSERT INTO payment_event (hospital_id, payment_id, version, at, what)
  SELECT p.hospital_id, p.payment_id, p.version, $13, $15::jsonb FROM p
)"""
_ADDED = """, s AS (
  INSERT INTO payment_step (hospital_id, payment_id, :names)
  SELECT p.hospital_id, p.payment_id, :select FROM p, jsonb_to_recordset(?::jsonb) AS r(:columns)
)"""
_MOVED = """, m AS (
  UPDATE payment_step AS s SET amount_fen = r.amount_fen, params = r.params, state = r.state, tries = r.tries,
    since = r.since, next_at = r.next_at, until = r.until, sent_at = r.sent_at, reason = r.reason,
    evidence = r.evidence, show = nullif(r.show, 'null'::jsonb)
  FROM p, jsonb_to_recordset(?::jsonb) AS r(:columns)
  WHERE s.hospital_id = $1 AND s.payment_id = $2 AND s.position = r.position AND s.attempt = r.attempt
)"""
_OURS = "lease_epoch IS NOT DISTINCT FROM $14"
_FREE = f"""lease_epoch IS NULL AND gap_until IS NULL AND NOT EXISTS ({CALLBACK_WAITS}) AND NOT EXISTS (
    SELECT FROM payment_callback k
    WHERE k.hospital_id = $1 AND k.source = $17::jsonb ->> 'source' AND k.event_id = $17::jsonb ->> 'event_id')"""
_RECEIVED = """, k AS (
  INSERT INTO payment_callback
    (hospital_id, source, event_id, reference, payment_id, verdict, outcome, body_hash, received_at, applied_at,
    amount_fen, merchant, about)
  SELECT p.hospital_id, r.source, r.event_id, r.reference, p.payment_id, 'believed', r.outcome,
    decode(r.body_hash, 'hex'), r.received_at, $13, r.amount_fen, r.merchant, r.about FROM p, jsonb_to_record(?::jsonb)
    AS r(source text, event_id text, reference text, outcome jsonb, body_hash text, received_at timestamptz,
    amount_fen bigint, merchant text, about text)
)"""
"""Together with ``_FREE``, which takes the lease: a callback that is not on disk yet."""
_FORGET = "SET facts = facts #- '{tender_facts,payer_code}', "
"""The step has the payer's code now; once that is answered it stands nowhere any more."""
_APPLIED = """, c AS (
  UPDATE payment_callback SET applied_at = $13 FROM p
  WHERE payment_callback.hospital_id = p.hospital_id AND payment_callback.payment_id = p.payment_id
    AND payment_callback.event_id = ANY(?::text[])
)"""
_FREED = """, f AS (
  DELETE FROM payment_obligation o USING p
  WHERE o.hospital_id = p.hospital_id AND o.payment_id = p.payment_id
)"""
_CLAIM_ONE = """
UPDATE payment AS p SET lease_epoch = $3 WHERE p.hospital_id = $1 AND p.payment_id = $2 AND (
  p.lease_epoch IS NULL OR p.lease_epoch = $3
  OR NOT EXISTS (SELECT FROM process_lease l WHERE l.epoch = p.lease_epoch AND l.alive_until > $4))
  AND EXISTS (SELECT FROM process_lease WHERE epoch = $3 AND alive_until > $4)
RETURNING p.version, :seen AS seen, :row AS plan, :pending AS callbacks
"""
_CLAIM_DUE = """
WITH due AS (
  SELECT hospital_id, payment_id FROM payment
  WHERE lease_epoch IS NULL AND next_at <= $2
  ORDER BY next_at LIMIT $4 FOR UPDATE SKIP LOCKED
), orphans AS (
  SELECT hospital_id, payment_id FROM payment
  WHERE lease_epoch IS NOT NULL AND payment_id <> ALL($3::bigint[]) AND (lease_epoch = $1 OR NOT EXISTS (
    SELECT FROM process_lease l WHERE l.epoch = payment.lease_epoch AND l.alive_until > $2))
  LIMIT $4 FOR UPDATE SKIP LOCKED
)
UPDATE payment AS p SET lease_epoch = $1 FROM (SELECT * FROM due UNION ALL SELECT * FROM orphans) AS d
WHERE p.hospital_id = d.hospital_id AND p.payment_id = d.payment_id
RETURNING p.hospital_id, p.payment_id, p.version, :seen AS seen, :row AS plan, :pending AS callbacks
"""
RELEASE = """
UPDATE payment SET lease_epoch = NULL, next_at = $4
WHERE hospital_id = $1 AND payment_id = $2 AND version = $3 AND lease_epoch IS NOT DISTINCT FROM $5
RETURNING payment_id
"""
OPEN, CLAIM_ONE, CLAIM_DUE = filled(_OPEN), filled(_CLAIM_ONE), filled(_CLAIM_DUE)


@cache
def write_statement(
    received: bool, added: bool, moved: bool, posted: bool, limited: bool, applied: bool, freed: bool, forget: bool
) -> str:
    """Only the parts that this write needs: what is not there costs nothing."""
    parts = (
        (received, _RECEIVED),
        (added, _ADDED),
        (moved, _MOVED),
        (posted, "," + posting_ctes("?", "p")),
        (limited, "," + balance_ctes("?", "p")),
        (applied, _APPLIED),
    )
    statement, parameter = _WRITE.replace("SET ", _FORGET, 1) if forget else _WRITE, 17
    if received:
        statement = statement.replace("UPDATE payment", "UPDATE payment AS p").replace(_OURS, _FREE)
    for wanted, part in parts:
        if wanted:
            statement += part.replace("?", f"${parameter}")
            parameter += 1
    if freed:
        statement += _FREED
    return filled(f"{statement}\nSELECT p.payment_id FROM p")


async def open_payment(
    tx: Tx,
    plan: Plan,
    *,
    purpose_version: int,
    business_date: date,
    epoch: int | None,
    obligation: tuple[str, str],
) -> Plan | None:
    """Insert a payment with its steps, the one statement of its change; the plan with its id and with a short number
    that no other payment has, or None when there is an open or fulfilled one for this obligation.

    epoch: of the lease under which its first step is about to leave; None: whoever finds it drives it.
    """
    args = (
        plan.hospital_id,
        plan.payment_no,
        [plan.ask_no, *(ask_number() for _ in range(_MORE_NUMBERS))],
        plan.purpose,
        purpose_version,
        plan.scope,
        plan.patient_id,
        plan.terminal_id,
        plan.amount_fen,
        plan.description,
        msgspec.json.encode(plan.facts).decode(),
        plan.pay_by,
        business_date,
        plan.started_at,
        epoch,
        *obligation,
        steps_as_rows(list(plan.steps)),
        plan.tender,
        plan.tender_no,
    )
    row = await recorded(tx, OPEN, args, source="p", subject=plan.payment_no, key=plan.payment_no)
    return replace(plan, payment_id=row["payment_id"], ask_no=row["ask_no"]) if row is not None else None


def write(
    before: Plan,
    after: Plan,
    *,
    epoch: int,
    keep: bool,
    next_at: datetime | None,
    now: datetime,
    entries: list[JournalEntry],
    callbacks: list[str],
    fresh: FreshCallback | None = None,
) -> tuple[str, tuple[Any, ...]]:
    """Everything that a step changes, as one statement with its parameters. It answers the payment's id, or nothing
    when the plan was changed by somebody else meanwhile or the lease is gone. ``keep``: go on driving; otherwise the
    lease is handed back until then. ``fresh``: is kept with it, and the lease is taken with it; nothing is written if
    somebody drives the payment, or if this callback was here before."""
    freed = after.ended_at is not None and after.direction == "back"
    known, changed = {step.reference for step in before.steps}, changed_steps(before, after)
    forget = any(PAYER_CODE in step.params for step in changed)
    added = [step for step in changed if step.reference not in known]
    moved = [step for step in changed if step.reference in known]
    changes = balance_rows(entries) if entries else ""
    received = msgspec.json.encode(fresh).decode()
    parts = [received, steps_as_rows(added), steps_as_rows(moved), entry_rows(entries), changes, callbacks]
    wanted = [fresh is not None, bool(added), bool(moved), bool(entries), bool(changes), bool(callbacks)]
    args = (
        after.hospital_id,
        after.payment_id,
        before.version,
        after.direction,
        after.reason,
        after.attention,
        after.attention_at,
        after.taken_fen,
        after.returned_fen,
        after.ended_at,
        next_at,
        epoch if keep else None,
        now,
        epoch,
        history(before, after),
        after.refunds_fen,
        *itertools.compress(parts, wanted),
    )
    return write_statement(*wanted, freed, forget), args


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
    """A payment under our lease. ``plan`` is None if it was changed while it was claimed: then it has to be read."""

    hospital_id: int
    payment_id: int
    plan: Plan | None
    callbacks: list[PendingCallback]


async def claim_due(tx: Tx, epoch: int, now: datetime, active: list[int], limit: int) -> list[Claimed]:
    """Payments whose time has come, or whose driver is dead."""
    return [_claimed(row) for row in await tx.fetch(CLAIM_DUE, epoch, now, active, limit)]


def _claimed(row: Row) -> Claimed:
    plan = None
    with suppress(msgspec.MsgspecError):  # whoever reads it alone fails with it, and nobody else does
        plan = read_plan(row["plan"]) if row["seen"] == row["version"] else None
    return Claimed(row["hospital_id"], row["payment_id"], plan, read_callbacks(row["callbacks"]))
