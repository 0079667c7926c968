"""What people want, written for the engine to find: every signal raises the plan's version, so that whoever drives it
at that moment decides anew."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from yinyi.bus.database import Row, Tx
from yinyi.bus.looks import Looks, of_one
from yinyi.bus.work import Made, glance, recorded
from yinyi.business.ledger import store as ledger
from yinyi.business.payments import rows, store
from yinyi.business.payments.amounts import AGREED
from yinyi.business.payments.apply import LOOKED_INTO
from yinyi.business.payments.errors import MoreThanLeft
from yinyi.business.payments.plan import Plan, Step
from yinyi.kernel.ids import is_ask_number, number_on_slip, number_said
from yinyi.kernel.money import Fen

_BY_NUMBER = "SELECT :row AS plan FROM payment p WHERE p.hospital_id = $1 AND p.payment_no = $2".replace(
    ":row", rows.ROW
)
AMONG = _BY_NUMBER.replace("= $2", "= ANY($2::text[])")
_BY_ASK_NO = _BY_NUMBER.replace("p.payment_no", "p.ask_no")
IF_CHANGED = """
SELECT p.payment_no, CASE WHEN p.version <> $3 THEN :row END AS plan
FROM payment p WHERE p.hospital_id = $1 AND p.payment_no = $2
""".replace(":row", rows.ROW)
WITH_BALANCE = IF_CHANGED.replace(" AS plan", " AS plan, coalesce((:balance), 0) AS balance_fen").replace(
    ":balance", ledger.BALANCE.replace("$2", "$4")
)
LOCKED = rows.filled("""
SELECT p.version, :seen AS seen, :row AS plan
FROM payment p WHERE p.hospital_id = $1 AND p.payment_no = $2 FOR UPDATE OF p
""")
GLANCE = """
SELECT :row AS plan, p.lease_epoch IS NULL AND p.gap_until IS NULL AND NOT EXISTS (:waiting) AS free
FROM payment p WHERE p.hospital_id = $1 AND p.payment_no = $2
""".replace(":row", rows.ROW).replace(":waiting", rows.CALLBACK_WAITS)
_OF_PATIENT = of_one(
    """
SELECT p.patient_id, :row AS plan FROM payment p
WHERE p.hospital_id = $1 AND p.patient_id = $2 AND p.started_at > $3
ORDER BY p.started_at DESC LIMIT 50
""".replace(":row", rows.ROW)
)
ATTENTION = """
SELECT p.payment_no, :row AS plan FROM payment p WHERE p.hospital_id + 0 = $1 AND p.attention <> ''
ORDER BY p.attention_at LIMIT 200
""".replace(":row", rows.ROW)
_SIGNALLED = """
UPDATE payment AS p SET :change, version = version + 1,
  next_at = CASE WHEN lease_epoch IS NULL THEN $3 ELSE next_at END,
  lease_epoch = coalesce(lease_epoch, (SELECT epoch FROM process_lease WHERE epoch = $4 AND alive_until > $3
    AND NOT EXISTS (:waiting)))
WHERE hospital_id = $1 AND payment_id = $2
RETURNING """.replace(":waiting", rows.CALLBACK_WAITS)
_SIGNAL = _SIGNALLED + rows.filled("coalesce(lease_epoch = $4, false) AS ours, :row AS plan")
"""A signal takes the lease, if nobody has it, for the process that brings it (``$4``; 0 takes none). Not while a
callback waits: then the plan has to be read together with it."""
_CHOICE = "tender = $5, tender_no = tender_no + 1, pay_by = $6, facts = facts || $7::jsonb"
TENDER = _SIGNAL.replace(":change", _CHOICE)
TENDER_SENT = rows.filled(
    """
WITH p AS (
  UPDATE payment AS p SET tender = w.tender, tender_no = tender_no + 1, facts = p.facts || w.facts,
    version = p.version + 1, lease_epoch = $3
  FROM (
    SELECT w.*, (SELECT q.ctid FROM payment q WHERE q.hospital_id = $2 AND q.payment_id = w.payment_id) AS place
    FROM jsonb_to_recordset($1::jsonb) AS w (payment_id bigint, version bigint, at timestamptz, tender text,
      facts jsonb, steps jsonb, what jsonb, record jsonb) OFFSET 0
  ) AS w
  WHERE p.ctid = w.place AND p.version = w.version AND p.lease_epoch IS NULL AND p.gap_until IS NULL
    AND NOT EXISTS (:waiting) AND EXISTS (SELECT FROM process_lease WHERE epoch = $3 AND alive_until > w.at)
  RETURNING p.hospital_id, p.payment_id, p.version, w.at, w.steps, w.what, w.record
), :steps :record
SELECT payment_id, version FROM p
""".replace(":steps", rows.step_ctes(steps="p.steps", at="p.at", what="p.what"))
).replace(":waiting", rows.CALLBACK_WAITS)
"""The choice together with the mark that its call is about to leave, if nothing has changed since it was looked at and
nobody drives it."""
_AGREED = _SIGNAL.replace(":change", "facts = facts || $5::jsonb")
_CANCEL = _SIGNAL.replace(":change", "cancel_wanted = true")
_TAKEN = _SIGNAL.replace(":change", "tender = $5, tender_no = $6, taken_fen = $7")
_TAKEN_ELSEWHERE = _SIGNAL.replace(
    ":change", "tender = $5, tender_no = $6, taken_fen = $7, refunds_fen = $8, ended_at = NULL"
)
_GIVEN_BACK = _SIGNAL.replace(":change", "returned_fen = $5")
_TURNED_BACK = _SIGNAL.replace(
    ":change", "direction = 'back', ended_at = NULL, reason = coalesce(nullif(reason, ''), $5)"
)
_REFUND = _SIGNAL.replace(":change", "refunds_fen = refunds_fen + $5, ended_at = NULL").replace(
    "WHERE hospital_id = $1 AND payment_id = $2\n",
    "WHERE hospital_id = $1 AND payment_id = $2 AND refunds_fen + $5 <= taken_fen\n",
)
_SETTLED = _SIGNAL.replace(
    ":change",
    "attention = $8, attention_at = CASE WHEN $8 <> '' THEN attention_at END, "
    "taken_fen = $5, returned_fen = $6, refunds_fen = $7, ended_at = CASE WHEN $9 THEN NULL ELSE ended_at END",
)
_KEEP = """
UPDATE payment SET pay_by = $3, facts = facts || $4::jsonb, version = version + 1,
  next_at = CASE WHEN lease_epoch IS NULL THEN $5 ELSE next_at END
WHERE hospital_id = $1 AND payment_id = $2
"""
_ADD_STEP = rows.filled("""
INSERT INTO payment_step (hospital_id, payment_id, :names)
SELECT $1, $2, :select FROM jsonb_to_recordset($3::jsonb) AS r(:columns)
""")
PUT_STEPS = rows.filled("""
WITH s AS (
  INSERT INTO payment_step (hospital_id, payment_id, :names)
  SELECT $1, $2, :select FROM jsonb_to_recordset($3::jsonb) AS r(:columns)
  :changed
)
INSERT INTO payment_event (hospital_id, payment_id, version, at, what) VALUES ($1, $2, $4, $5, $6::jsonb)
""")
ASK_NOW = """
WITH p AS (
  UPDATE payment SET version = version + 1, next_at = CASE WHEN lease_epoch IS NULL THEN $3 ELSE next_at END
  WHERE hospital_id = $1 AND payment_id = $2 RETURNING hospital_id, payment_id
)
UPDATE payment_step s SET next_at = $3 FROM p
WHERE s.hospital_id = p.hospital_id AND s.payment_id = p.payment_id AND s.next_at IS NOT NULL
"""
ENGINE_FAILS = "engine_fails"
"""Why people look into a payment that no process can drive."""
_CALL_PEOPLE = """
UPDATE payment SET attention = $3, attention_at = $4, version = version + 1
WHERE hospital_id = $1 AND payment_id = $2 AND attention = '' AND lease_epoch = $5
"""
_RESTORES = "SELECT coalesce(max(epoch), 0) FROM restore_epoch"
OPEN_KINDS = """
SELECT DISTINCT s.kind, coalesce(s.params ->> 'channel', '') AS channel
FROM (
  SELECT hospital_id, payment_id FROM payment WHERE lease_epoch IS NULL AND next_at IS NOT NULL AND ended_at IS NULL
  UNION ALL
  SELECT hospital_id, payment_id FROM payment WHERE lease_epoch IS NOT NULL AND ended_at IS NULL
) AS p CROSS JOIN LATERAL (
  SELECT s.kind, s.params FROM payment_step s
  WHERE s.hospital_id = p.hospital_id AND s.payment_id = p.payment_id AND NOT (s.state IN ('done', 'late') AND (
    s.kind = 'payments.refund' OR (s.kind = 'payments.take' AND s.amount_fen <= (
      SELECT sum(r.amount_fen) FROM payment_step r
      WHERE r.hospital_id = p.hospital_id AND r.payment_id = p.payment_id AND r.params ->> 'of' = s.reference
        AND (r.state = 'done' OR r.params ->> 'channel' = 'window'))))) OFFSET 0
) AS s
"""
"""By two small indexes: whatever is open has an owner or a next instant. Nobody asks any more the channel of a refund
that is done, or of a take that is back or goes back over the counter."""


async def restore_epoch(tx: Tx) -> int:
    """How often this database was restored from a backup."""
    return await tx.fetchval(_RESTORES)


async def open_kinds(tx: Tx) -> list[tuple[str, str]]:
    """``(kind, channel)`` of every step of every open plan."""
    return [(row["kind"], row["channel"]) for row in await tx.fetch(OPEN_KINDS)]


async def newest(looks: Looks, known: Plan) -> Plan | None:
    """This plan as it is now; itself if it has not changed since. None: it is not there."""
    tx = looks.by(known.payment_no)
    row = await tx.fetchrow(IF_CHANGED, known.hospital_id, known.payment_no, known.version)
    return _now(row, known) if row is not None else None


async def newest_with_balance(looks: Looks, known: Plan, account: str) -> tuple[Plan, Fen] | None:
    """The same, and what is on an account with a limit at that moment."""
    tx = looks.by(known.payment_no)
    row = await tx.fetchrow(WITH_BALANCE, known.hospital_id, known.payment_no, known.version, account)
    return (_now(row, known), row["balance_fen"]) if row is not None else None


def _now(row: Row, known: Plan) -> Plan:
    return known if row["plan"] is None else rows.read_plan(row["plan"])


async def find(tx: Tx, hospital_id: int, number: str) -> Plan | None:
    """By payment number, as a slip's code has it too, or by the short number to ask with, however it is written."""
    said = number_said(number)
    row = await tx.fetchrow(_BY_ASK_NO if is_ask_number(said) else _BY_NUMBER, hospital_id, said)
    return rows.read_plan(row["plan"]) if row is not None else None


class Glanced(NamedTuple):
    """``free``: nobody drives it, and no callback waits for it."""

    plan: Plan
    free: bool


async def find_among(tx: Tx, hospital_id: int, numbers: Sequence[str]) -> list[Plan]:
    """By payment numbers, in their order; one that is not there is left out."""
    found = await tx.fetch(AMONG, hospital_id, list(numbers)) if numbers else []
    plans = {plan.payment_no: plan for plan in map(rows.read_plan, (row["plan"] for row in found))}
    return [plans[number] for number in numbers if number in plans]


async def glanced(tx: Tx, hospital_id: int, payment_no: str) -> Glanced | None:
    """The plan as it is just now; what is decided by it has to be written with ``choose_and_send``."""
    row = await glance(tx, GLANCE, hospital_id, payment_no)
    return Glanced(rows.read_plan(row["plan"]), row["free"]) if row is not None else None


async def locked(tx: Tx, hospital_id: int, payment_no: str) -> Plan | None:
    """The plan, which nobody else changes until this transaction ends."""
    row = await store.whole(tx, LOCKED, hospital_id, number_on_slip(payment_no))
    return rows.read_plan(row["plan"]) if row is not None else None


async def of_patient(tx: Tx, hospital_id: int, patient_id: int, since: datetime) -> list[Plan]:
    return _plans(await tx.fetch(_OF_PATIENT, hospital_id, patient_id, since))


class Waits(NamedTuple):
    """In the human queue. ``plan``: None if this release cannot read it."""

    payment_no: str
    plan: Plan | None


async def with_attention(tx: Tx, hospital_id: int) -> list[Waits]:
    """One that cannot be read hides no other."""
    found: list[Waits] = []
    for row in await tx.fetch(ATTENTION, hospital_id):
        plan = None
        with suppress(msgspec.MsgspecError):
            plan = rows.read_plan(row["plan"])
        found.append(Waits(row["payment_no"], plan))
    return found


async def call_people(tx: Tx, hospital_id: int, payment_id: int, now: datetime, epoch: int) -> None:
    """Whoever drives it, under this lease, fails with it again and again."""
    await tx.execute(_CALL_PEOPLE, hospital_id, payment_id, ENGINE_FAILS, now, epoch)


async def choose_tender(
    tx: Tx, plan: Plan, tender: str, pay_by: datetime, facts: dict[str, Any], now: datetime, epoch: int = 0
) -> Plan | None:
    """The payer's (or the cashier's) choice; ``tender`` empty: close what is open and wait for another choice. The
    plan as it is then if ``epoch`` has its lease now, otherwise None: whoever has it decides anew."""
    told = _json({"tender_facts": facts})
    row = await tx.fetchrow(TENDER, plan.hospital_id, plan.payment_id, now, epoch, tender, pay_by, told)
    return _taken_up(row)


class Chosen(Made, frozen=True, kw_only=True):
    """A row of ``w``: a choice whose call is about to leave."""

    payment_id: int
    version: int
    at: datetime
    tender: str
    facts: dict[str, Any]
    steps: Sequence[Step]
    what: msgspec.Raw


async def choose_and_send(tx: Tx, plan: Plan, sent: Plan, now: datetime, epoch: int) -> Plan | None:
    """The same for a plan that was free when it was looked at, with what follows from the choice: ``sent`` is the plan
    whose call is marked as about to leave. It is so on disk, under the lease of ``epoch``, and the change is recorded;
    None: it is not free any more, and nothing was written."""
    changed = rows.changed_steps(plan, sent)
    chosen = Chosen(
        payment_id=plan.payment_id,
        version=plan.version,
        at=now,
        tender=sent.tender,
        facts={"tender_facts": {}},
        steps=changed,
        what=msgspec.Raw(rows.history(plan, sent, changed)),
    )
    common = (plan.hospital_id, epoch)
    row = await recorded(tx, TENDER_SENT, chosen, common, source="p", subject=plan.payment_no, key=plan.payment_id)
    return sent.at_version(row["version"]) if row is not None else None


async def agree(tx: Tx, plan: Plan, quote: Step, now: datetime, epoch: int = 0) -> Plan | None:
    """The payer has agreed to this quote; see ``choose_tender``."""
    told = _json({AGREED: quote.reference})
    return _taken_up(await tx.fetchrow(_AGREED, plan.hospital_id, plan.payment_id, now, epoch, told))


async def cancel(tx: Tx, plan: Plan, now: datetime, epoch: int = 0) -> Plan | None:
    """Nobody wants it any more; see ``choose_tender``."""
    return _taken_up(await tx.fetchrow(_CANCEL, plan.hospital_id, plan.payment_id, now, epoch))


def _taken_up(row: Row | None) -> Plan | None:
    return rows.read_plan(row["plan"]) if row is not None and row["ours"] else None


async def keep_longer(tx: Tx, plan: Plan, pay_by: datetime, facts: dict[str, Any], now: datetime) -> None:
    """More time for the payer."""
    await tx.execute(_KEEP, plan.hospital_id, plan.payment_id, pay_by, _json(facts), now)


async def add_step(tx: Tx, before: Plan, after: Plan) -> None:
    """A step more, for a plan that this transaction has locked."""
    added = rows.steps_as_rows(rows.changed_steps(before, after))
    await tx.execute(_ADD_STEP, after.hospital_id, after.payment_id, added)


async def put_steps(tx: Tx, before: Plan, after: Plan, now: datetime) -> None:
    """What a plan that this transaction has locked becomes, step by step; the signal that follows raises its version
    to the one of this line of its history."""
    steps, line = rows.change(before, after)
    told = (steps, before.version + 1, now, line)
    await tx.execute(PUT_STEPS, after.hospital_id, after.payment_id, *told)


async def taken_at_window(tx: Tx, plan: Plan, now: datetime, epoch: int) -> Plan | None:
    """The cashier's money stands in the plan's steps already; see ``choose_tender``."""
    told = (plan.tender, plan.tender_no, plan.taken_fen)
    return _taken_up(await tx.fetchrow(_TAKEN, plan.hospital_id, plan.payment_id, now, epoch, *told))


async def taken_by_institution(tx: Tx, plan: Plan, now: datetime, epoch: int) -> Plan | None:
    """The same for what a bank has taken, also of a payment that had ended."""
    told = (plan.tender, plan.tender_no, plan.taken_fen, plan.refunds_fen)
    return _taken_up(await tx.fetchrow(_TAKEN_ELSEWHERE, plan.hospital_id, plan.payment_id, now, epoch, *told))


async def given_back_at_window(tx: Tx, plan: Plan, now: datetime, epoch: int) -> Plan | None:
    """The same for what went back over the counter."""
    row = await tx.fetchrow(_GIVEN_BACK, plan.hospital_id, plan.payment_id, now, epoch, plan.returned_fen)
    return _taken_up(row)


async def turn_back(tx: Tx, plan: Plan, now: datetime, epoch: int, reason: str = "cancelled") -> Plan | None:
    """People have decided that nothing more is delivered; see ``choose_tender``."""
    return _taken_up(await tx.fetchrow(_TURNED_BACK, plan.hospital_id, plan.payment_id, now, epoch, reason))


async def refund(tx: Tx, before: Plan, plan: Plan, now: datetime, epoch: int) -> Plan | None:
    """People want a part of it back; its steps stand in the plan already. See ``choose_tender``.

    Raises:
        MoreThanLeft: together with what was wanted before it would be more than was taken.
    """
    more_fen = plan.refunds_fen - before.refunds_fen
    row = await tx.fetchrow(_REFUND, plan.hospital_id, plan.payment_id, now, epoch, more_fen)
    if row is None:
        raise MoreThanLeft
    return _taken_up(row)


async def settled_by_hand(tx: Tx, plan: Plan, now: datetime, epoch: int) -> Plan | None:
    """What people found out stands in the plan's steps already; the engine looks anew. What else they have to look
    into stays. See ``choose_tender``."""
    attention = plan.attention if plan.attention in LOOKED_INTO else ""
    return await looked_into(tx, plan, attention, now, epoch)


async def looked_into(tx: Tx, plan: Plan, attention: str, now: datetime, epoch: int) -> Plan | None:
    """The same; ``attention``: what is left to look into. A payment that is not to end after all goes on."""
    told = (plan.taken_fen, plan.returned_fen, plan.refunds_fen, attention, plan.ended_at is None)
    return _taken_up(await tx.fetchrow(_SETTLED, plan.hospital_id, plan.payment_id, now, epoch, *told))


async def ask_now(tx: Tx, plan: Plan, now: datetime) -> None:
    """Whatever waits for its next try is due."""
    await tx.execute(ASK_NOW, plan.hospital_id, plan.payment_id, now)


def _plans(found: list[Row]) -> list[Plan]:
    return [rows.read_plan(row["plan"]) for row in found]


def _json(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()
