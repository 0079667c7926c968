"""Plans as rows, and back: what every statement about payments has alike."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from yinyi.business.payments.plan import Plan, Step

ROW = """
(SELECT row_to_json(r) FROM (SELECT p.*, (SELECT coalesce(max(epoch), 0) FROM restore_epoch) AS restored, coalesce(
  (SELECT json_agg(s ORDER BY s.position, s.attempt) FROM payment_step s
   WHERE s.hospital_id = p.hospital_id AND s.payment_id = p.payment_id), '[]'::json) AS steps) AS r)::text
"""
"""A plan as JSON text; as ``jsonb`` it would be taken apart and put together again on the way."""
SEEN = """
(SELECT v.version FROM payment v WHERE v.hospital_id = p.hospital_id AND v.payment_id = p.payment_id)
"""
"""The version that the statement saw when it began. Another one than the row's: it waited for somebody who changed the
payment, and read that one's row beside its steps as they were before; it has to be run again."""
CALLBACK_WAITS = """
SELECT FROM payment_callback c
WHERE c.hospital_id = p.hospital_id AND c.payment_id = p.payment_id AND c.applied_at IS NULL OFFSET 0
"""
"""``OFFSET 0``: it is looked up for the payment; what waits for all payments is never read together."""
STEP_COLUMNS = """
position int, attempt int, kind text, reference text, amount_fen bigint, params jsonb, state text, tries int,
since timestamptz, next_at timestamptz, until timestamptz, sent_at timestamptz, reason text, evidence jsonb, show jsonb
"""
STEP_NAMES = (
    "position, attempt, kind, reference, amount_fen, params, state, tries, "
    "since, next_at, until, sent_at, reason, evidence, show"
)
STEP_CHANGED = """
ON CONFLICT (hospital_id, payment_id, position, attempt) DO UPDATE SET
  amount_fen = excluded.amount_fen, params = excluded.params, state = excluded.state, tries = excluded.tries,
  since = excluded.since, next_at = excluded.next_at, until = excluded.until, sent_at = excluded.sent_at,
  reason = excluded.reason, evidence = excluded.evidence, show = excluded.show
"""
STEP_SELECT = STEP_NAMES.replace("show", "nullif(show, 'null'::jsonb)")


def notice_key(reference: str, outcome: str, amount_fen: str, merchant: str) -> str:
    """What a callback is called by, as SQL: two that tell the same are one notice, whatever their ids."""
    return f"concat_ws(' ', {reference}, {outcome} ->> 'type', {amount_fen}, {merchant}, {outcome} ->> 'their_id')"


_SETTLED = """
SELECT FROM payment_settlement t
WHERE t.hospital_id = :hospital AND t.payment_id = :payment AND t.settled_at IS NOT NULL AND t.reference = :key
"""


def notice_settled(payment_id: str, *told: str, hospital_id: str = "$1") -> str:
    """As SQL: a row if people have settled what tells the same; ``told``: as for ``notice_key``."""
    statement = _SETTLED.replace(":hospital", hospital_id).replace(":payment", payment_id)
    return statement.replace(":key", notice_key(*told))


_TOLD = ("c.payment_id", "c.reference", "c.outcome", "c.amount_fen", "c.merchant")
PENDING = """
(SELECT json_agg(json_build_object('event_id', c.event_id, 'reference', c.reference, 'outcome', c.outcome,
   'verdict', CASE WHEN c.verdict = 'mismatch' AND EXISTS (:settled) THEN 'settled' ELSE c.verdict END
 ) ORDER BY c.received_at)::text
 FROM payment_callback c
 WHERE c.hospital_id = p.hospital_id AND c.payment_id = p.payment_id AND c.applied_at IS NULL)
""".replace(":settled", notice_settled(*_TOLD, hospital_id="p.hospital_id"))
"""Callbacks that the plan has not been told of; what people have settled meanwhile calls nobody."""


def filled(statement: str) -> str:
    """With what every statement about payments has alike in place of ``:names``, ``:row`` and so on."""
    return (
        statement.replace(":names", STEP_NAMES)
        .replace(":select", STEP_SELECT)
        .replace(":columns", STEP_COLUMNS)
        .replace(":row", ROW)
        .replace(":seen", SEEN)
        .replace(":pending", PENDING)
        .replace(":changed", STEP_CHANGED)
    )


_STEP_CTES = """s AS (
  INSERT INTO payment_step (hospital_id, payment_id, :names)
  SELECT p.hospital_id, p.payment_id, :select FROM p, jsonb_to_recordset(:steps::jsonb) AS r(:columns)
  :changed
), e AS (
  INSERT INTO payment_event (hospital_id, payment_id, version, at, what)
  SELECT p.hospital_id, p.payment_id, p.version, :at::timestamptz, :what::jsonb FROM p
)"""


def step_ctes(steps: str, at: str, what: str) -> str:
    """Two common table expressions for a statement whose ``p`` has a row exactly if the payment was changed: what its
    steps become, and the line of its history. Both as ``change`` makes them; to be ``filled``."""
    return _STEP_CTES.replace(":steps", steps).replace(":at", at).replace(":what", what)


_plans = msgspec.json.Decoder(Plan)


class PendingCallback(msgspec.Struct, frozen=True, kw_only=True):
    """A verified callback that has not been applied to its plan yet. ``verdict``: ``settled`` if people have looked
    into one that tells the same."""

    event_id: str
    reference: str
    verdict: str
    outcome: dict[str, Any]


class FreshCallback(msgspec.Struct, frozen=True, kw_only=True):
    """A verified callback of a payment that nobody drives, and that is not on disk yet. body_hash: SHA-256, in hex."""

    source: str
    event_id: str
    reference: str
    outcome: dict[str, Any]
    body_hash: str
    received_at: datetime
    amount_fen: int
    merchant: str
    about: str


_callbacks = msgspec.json.Decoder(list[PendingCallback])


def read_plan(text: str) -> Plan:
    return _plans.decode(text)


def read_callbacks(text: str | None) -> list[PendingCallback]:
    return _callbacks.decode(text) if text else []


def changed_steps(before: Plan, after: Plan) -> list[Step]:
    old = {step.reference: step for step in before.steps}
    return [step for step in after.steps if old.get(step.reference) != step]


def change(before: Plan, after: Plan) -> tuple[str, str]:
    """As parameters of a statement: the steps that differ, and the line in ``payment_event``."""
    changed = changed_steps(before, after)
    return steps_as_rows(changed), history(before, after, changed)


def steps_as_rows(steps: list[Step]) -> str:
    return msgspec.json.encode(steps).decode()


def history(before: Plan, after: Plan, changed: Sequence[Step]) -> str:
    """The line in ``payment_event``: which steps moved from where to where, and what the whole became. ``changed``:
    those of ``after`` that are not as before."""
    old = {step.reference: step.state for step in before.steps}
    moved = [
        {"step": step.kind, "reference": step.reference, "from": old.get(step.reference, ""), "to": step.state}
        | ({"reason": step.reason} if step.reason else {})
        for step in changed
    ]
    what: dict[str, Any] = {"steps": moved}
    if before.direction != after.direction:
        what["turned"] = after.reason
    if before.attention != after.attention:
        what["attention"] = after.attention
    if before.ended_at != after.ended_at:
        what["ended"] = after.ended_at is not None
    return msgspec.json.encode(what).decode()
