"""What a step changes, as one statement for all payments that write at the same time.

Each of them is a row of one JSON text and is guarded by itself: one that was changed meanwhile, or whose lease is gone,
is left out, and the others are written.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import msgspec

from yinyi.business.ledger.model import JournalEntry
from yinyi.business.ledger.store import balance_ctes, posting_ctes
from yinyi.business.payments.plan import PAYER_CODE, Plan, Step
from yinyi.business.payments.rows import CALLBACK_WAITS, FreshCallback, changed_steps, filled, history

_WRITE = """
WITH p AS (
  UPDATE payment AS p SET direction = w.direction, reason = w.reason, attention = w.attention,
    attention_at = w.attention_at, taken_fen = w.taken_fen, returned_fen = w.returned_fen,
    refunds_fen = w.refunds_fen, ended_at = w.ended_at, next_at = w.next_at, lease_epoch = w.lease_epoch,
    updated_at = w.at, version = p.version + 1
  FROM (
    SELECT w.*,
      (SELECT q.ctid FROM payment q WHERE q.hospital_id = w.hospital_id AND q.payment_id = w.payment_id) AS place
    FROM jsonb_to_recordset($1::jsonb) AS w (hospital_id int, payment_id bigint, version bigint, direction text,
      reason text, attention text, attention_at timestamptz, taken_fen bigint, returned_fen bigint, refunds_fen bigint,
      ended_at timestamptz, next_at timestamptz, held bigint, lease_epoch bigint, gap_until timestamptz,
      at timestamptz, what jsonb, added jsonb, moved jsonb, entries jsonb, balances jsonb, callbacks jsonb,
      received jsonb)
    WHERE w.hospital_id = $2 OFFSET 0
  ) AS w
  WHERE p.ctid = w.place AND p.version = w.version AND p.lease_epoch IS NOT DISTINCT FROM w.held
    AND EXISTS (SELECT FROM process_lease WHERE epoch = $3 AND alive_until > w.at)
  RETURNING p.hospital_id, p.payment_id, p.version, w.at, w.what, w.added, w.moved, w.entries, w.balances,
    w.callbacks, w.received
), e AS (
  INSERT INTO payment_event (hospital_id, payment_id, version, at, what)
  SELECT p.hospital_id, p.payment_id, p.version, p.at, p.what FROM p
)"""
"""Each row's place is looked up by its key first, and nothing else is asked of ``p`` but what is compared with the row:
otherwise a plan that is made while the table is empty reads all of it."""
_ADDED = """, s AS (
  INSERT INTO payment_step (hospital_id, payment_id, :names)
  SELECT p.hospital_id, p.payment_id, :select FROM p CROSS JOIN LATERAL jsonb_to_recordset(p.added) AS r(:columns)
)"""
_MOVED = """, m AS (
  UPDATE payment_step AS s SET amount_fen = r.amount_fen, params = r.params, state = r.state, tries = r.tries,
    since = r.since, next_at = r.next_at, until = r.until, sent_at = r.sent_at, reason = r.reason,
    evidence = r.evidence, show = nullif(r.show, 'null'::jsonb)
  FROM p CROSS JOIN LATERAL jsonb_to_recordset(p.moved) AS r(:columns)
  WHERE s.hospital_id = p.hospital_id AND s.payment_id = p.payment_id AND s.position = r.position
    AND s.attempt = r.attempt
)"""
_HELD = "p.lease_epoch IS NOT DISTINCT FROM w.held"
_FREE = f"""{_HELD} AND p.gap_until IS NOT DISTINCT FROM w.gap_until AND w.heard IS NULL
    AND NOT EXISTS ({CALLBACK_WAITS})"""
_PLACE = "AS place"
_HEARD = """AS place,
      (SELECT k.received_at FROM payment_callback k WHERE k.hospital_id = w.hospital_id
        AND k.source = w.received ->> 'source' AND k.event_id = w.received ->> 'event_id') AS heard"""
_RECEIVED = """, k AS (
  INSERT INTO payment_callback
    (hospital_id, source, event_id, reference, payment_id, verdict, outcome, body_hash, received_at, applied_at,
    amount_fen, merchant, about)
  SELECT p.hospital_id, r.source, r.event_id, r.reference, p.payment_id, 'believed', r.outcome,
    decode(r.body_hash, 'hex'), r.received_at, p.at, r.amount_fen, r.merchant, r.about
  FROM p CROSS JOIN LATERAL jsonb_to_record(p.received)
    AS r(source text, event_id text, reference text, outcome jsonb, body_hash text, received_at timestamptz,
    amount_fen bigint, merchant text, about text)
)"""
"""Together with ``_FREE`` and ``_HEARD``: a callback that is not on disk yet, of a payment that nobody drives."""
_FORGET = "SET facts = facts #- '{tender_facts,payer_code}', "
"""The step has the payer's code now; once that is answered it stands nowhere any more."""
_APPLIED = """, c AS (
  UPDATE payment_callback AS c SET applied_at = p.at
  FROM p CROSS JOIN LATERAL (
    SELECT k.ctid AS place FROM payment_callback k
    WHERE k.hospital_id = p.hospital_id AND k.payment_id = p.payment_id AND k.applied_at IS NULL
      AND jsonb_exists(p.callbacks, k.event_id) OFFSET 0
  ) AS k WHERE c.ctid = k.place
)"""
_FREED = """, f AS (
  DELETE FROM payment_obligation o USING p
  WHERE o.hospital_id = p.hospital_id AND o.payment_id = p.payment_id
)"""


_TOLD = """, t AS (
  INSERT INTO payment_end (hospital_id, payment_id, version) SELECT p.hospital_id, p.payment_id, p.version FROM p
)"""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``w``: a payment as it will be, if it still is as it was. held: under whose lease it is; balances: what
    ``ledger.balance_rows`` made; received: a callback that is not on disk yet."""

    hospital_id: int
    payment_id: int
    version: int
    direction: str
    reason: str
    attention: str
    attention_at: datetime | None
    taken_fen: int
    returned_fen: int
    refunds_fen: int
    ended_at: datetime | None
    next_at: datetime | None
    held: int | None
    lease_epoch: int | None
    at: datetime
    what: msgspec.Raw
    added: Sequence[Step]
    moved: Sequence[Step]
    entries: Sequence[JournalEntry]
    balances: msgspec.Raw | None
    callbacks: Sequence[str]
    received: FreshCallback | None


class Parts(NamedTuple):
    """Which parts of the statement a write needs: what is not there costs nothing. Those that need the same are one
    statement. freed: the obligation is nobody's any more; forget: the payer's code; told: those above are told that it
    has ended."""

    added: bool
    moved: bool
    posted: bool
    limited: bool
    applied: bool
    received: bool
    freed: bool
    forget: bool
    told: bool


class Write(NamedTuple):
    """``statement`` writes any number of ``row`` as a JSON list, and ``common`` besides; it answers their ids."""

    statement: str
    row: bytes
    common: tuple[Any, ...]


@cache
def write_statement(parts: Parts) -> str:
    statement = _WRITE.replace("SET ", _FORGET, 1) if parts.forget else _WRITE
    if parts.received:
        statement = statement.replace(_HELD, _FREE).replace(_PLACE, _HEARD)
    wanted = (
        (parts.received, _RECEIVED),
        (parts.added, _ADDED),
        (parts.moved, _MOVED),
        (parts.posted, "," + posting_ctes("p.entries", "p")),
        (parts.limited, "," + balance_ctes("p.balances", "p")),
        (parts.applied, _APPLIED),
        (parts.freed, _FREED),
        (parts.told, _TOLD),
    )
    statement += "".join(part for is_wanted, part in wanted if is_wanted)
    return filled(f"{statement}\nSELECT p.payment_id FROM p")


def write(
    before: Plan,
    after: Plan,
    *,
    epoch: int,
    keep: bool,
    next_at: datetime | None,
    now: datetime,
    entries: list[JournalEntry],
    balances: str,
    callbacks: list[str],
    fresh: FreshCallback | None = None,
    told: bool = False,
) -> Write:
    """Everything that a step changes. Nothing of it is written when the plan was changed by somebody else meanwhile, or
    when the lease is gone. ``keep``: go on driving; otherwise the lease is handed back until ``next_at``.
    ``balances``: what the entries change of them. ``fresh`` is kept with it, and the lease is taken with it; nothing is
    written if somebody drives the payment, or if this callback was here before. ``told``: see ``ends``."""
    known, changed = {step.reference for step in before.steps}, changed_steps(before, after)
    added = [step for step in changed if step.reference not in known]
    moved = [step for step in changed if step.reference in known]
    row = Written(
        hospital_id=after.hospital_id,
        payment_id=after.payment_id,
        version=before.version,
        direction=after.direction,
        reason=after.reason,
        attention=after.attention,
        attention_at=after.attention_at,
        taken_fen=after.taken_fen,
        returned_fen=after.returned_fen,
        refunds_fen=after.refunds_fen,
        ended_at=after.ended_at,
        next_at=next_at,
        held=epoch if fresh is None else None,
        lease_epoch=epoch if keep else None,
        at=now,
        what=msgspec.Raw(history(before, after, changed)),
        added=added,
        moved=moved,
        entries=entries,
        balances=msgspec.Raw(balances) if balances else None,
        callbacks=callbacks,
        received=fresh,
    )
    parts = Parts(
        added=bool(added),
        moved=bool(moved),
        posted=bool(entries),
        limited=bool(balances),
        applied=bool(callbacks),
        received=fresh is not None,
        freed=after.ended_at is not None and after.direction == "back",
        forget=any(PAYER_CODE in step.params for step in changed),
        told=told,
    )
    return Write(write_statement(parts), msgspec.json.encode(row), (after.hospital_id, epoch))
