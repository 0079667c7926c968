"""SQL of POS sessions. Whoever has claimed a session writes under its epoch; an older epoch writes nothing.

All times are parameters. One statement a step: claim and number, answer and release.
"""

from datetime import date, datetime
from typing import Any, Literal

import msgspec

from yinyi.bus.database import Row, Tx
from yinyi.business.lines.key_model import HeldKey, PosSession
from yinyi.business.lines.session_model import (
    FULL_BATCH,
    Delivered,
    MessageKind,
    MessageNo,
    MessageState,
    PinKey,
    SessionRow,
)
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import RefusedReason
from yinyi.kernel.secrets import Sealed
from yinyi.wire.iso8583.response_codes import NO_RECORD

_SAY = """
INSERT INTO line_message (hospital_id, session_id, batch_no, trace_no, epoch, kind, reference, of_reference, amount_fen,
  card_masked, card_key_id, card_data, sent_at)
SELECT c.hospital_id, c.session_id, c.batch_no, c.trace_no, c.epoch, $5::text, $6::text, $7::text, $8::bigint, $9::text,
  $10::int, $11::bytea, $3::timestamptz
FROM claimed c
"""
_CLAIMED = """
SELECT c.*, k.master_key_id, k.wrapped, k.check_value FROM claimed c
LEFT JOIN line_key k ON k.hospital_id = c.hospital_id AND k.acquirer = c.acquirer AND k.merchant_no = c.merchant_no
  AND k.terminal_no = c.terminal_no AND k.purpose = 'mak'
"""
_CLAIM = (
    """
WITH free AS (
  SELECT s.hospital_id, s.session_id, u.signed_on, u.signed_on AND s.trace_no < 999999
    AND s.trace_no - s.batch_began_behind < :full AND s.signed_off_at IS NULL AND $5::text <> '' AND NOT EXISTS (
      SELECT FROM line_message m
      WHERE m.hospital_id = $1 AND m.session_id = $2 AND m.state IN ('sent', 'in_doubt')) AS clean
  FROM line_session s
  CROSS JOIN LATERAL (SELECT NOT s.must_sign_on AND coalesce(s.signed_on_day = $12::date, false) AS signed_on) u
  WHERE s.hospital_id = $1 AND s.session_id = $2 AND (s.busy_until IS NULL OR s.busy_until <= $3)
  FOR UPDATE OF s
), claimed AS (
  UPDATE line_session s SET epoch = s.epoch + 1, busy_until = $4, trace_no = s.trace_no + free.clean::int
  FROM free WHERE s.hospital_id = free.hospital_id AND s.session_id = free.session_id
  RETURNING s.*, free.clean, free.signed_on
), said AS (:say WHERE c.clean)
:claimed
""".replace(":say", _SAY)
    .replace(":claimed", _CLAIMED)
    .replace(":full", str(FULL_BATCH))
)
_NEXT = """
WITH claimed AS (
  UPDATE line_session s SET trace_no = s.trace_no + 1, busy_until = $4
  WHERE s.hospital_id = $1 AND s.session_id = $2 AND s.epoch = $12 AND s.trace_no < 999999
  RETURNING s.*, true AS clean, true AS signed_on
), said AS (:say)
:claimed
""".replace(":say", _SAY).replace(":claimed", _CLAIMED)
_ANSWERED = """
WITH told AS (
  UPDATE line_message SET state = $6, code = $7, answer = $8::jsonb, answered_at = $9, reversal_reason = $10,
    card_key_id = $11, card_data = $12, reference = CASE WHEN $16 THEN '' ELSE reference END,
    of_reference = CASE WHEN $16 THEN reference ELSE of_reference END, refused_reason = $17
  WHERE hospital_id = $1 AND session_id = $2 AND batch_no = $4 AND trace_no = $5 AND epoch = $3 AND state = 'sent'
  RETURNING session_id
)
UPDATE line_session s SET must_sign_on = s.must_sign_on OR $13, busy_until = CASE WHEN $14 THEN NULL ELSE s.busy_until
  END, heard_at = CASE WHEN $15 THEN $9 ELSE s.heard_at END, last_code = CASE WHEN $15 THEN $7 ELSE s.last_code END
FROM told WHERE s.hospital_id = $1 AND s.session_id = $2 AND s.epoch = $3
RETURNING s.session_id
"""
_COMES_TO = """
UPDATE line_message m SET reference = $6, of_reference = $7, refused_reason = $8 FROM line_session s
WHERE s.hospital_id = $1 AND s.session_id = $2 AND s.epoch = $3 AND m.hospital_id = $1 AND m.session_id = $2
  AND m.batch_no = $4 AND m.trace_no = $5 AND m.state = 'declined'
"""
_RELEASE = "UPDATE line_session SET busy_until = NULL WHERE hospital_id = $1 AND session_id = $2 AND epoch = $3"
_LEFT_BEHIND = """
WITH left_behind AS (
  UPDATE line_message m SET state = CASE WHEN m.kind IN ('purchase', 'void') THEN 'in_doubt' ELSE 'unanswered' END,
    reversal_reason = CASE WHEN m.kind IN ('purchase', 'void') THEN 'no_answer' ELSE '' END
  WHERE m.hospital_id = $1 AND m.session_id = $2 AND m.state = 'sent' AND m.epoch < $3
  RETURNING m.*
)
SELECT * FROM left_behind WHERE state = 'in_doubt'
UNION ALL
SELECT m.* FROM line_message m WHERE m.hospital_id = $1 AND m.session_id = $2 AND m.state = 'in_doubt'
ORDER BY batch_no, trace_no
"""
_REVERSING = """
WITH claimed AS (
  UPDATE line_session SET busy_until = $4 WHERE hospital_id = $1 AND session_id = $2 AND epoch = $3 RETURNING session_id
)
UPDATE line_message m SET reversal_tries = m.reversal_tries + 1, reversal_at = $7 FROM claimed
WHERE m.hospital_id = $1 AND m.session_id = $2 AND m.batch_no = $5 AND m.trace_no = $6
  AND m.state IN ('in_doubt', 'stuck')
RETURNING m.reversal_tries
"""
_REVERSED = """
UPDATE line_message m SET state = $6, code = CASE WHEN $7 = '' THEN m.code ELSE $7 END, reversal_tries = $8,
  card_key_id = CASE WHEN $6 <> 'reversed' OR $7 = :no_record THEN m.card_key_id END,
  card_data = CASE WHEN $6 <> 'reversed' OR $7 = :no_record THEN m.card_data END
FROM line_session s
WHERE s.hospital_id = $1 AND s.session_id = $2 AND s.epoch = $3
  AND m.hospital_id = $1 AND m.session_id = $2 AND m.batch_no = $4 AND m.trace_no = $5
  AND m.state IN ('in_doubt', 'stuck')
RETURNING m.state
""".replace(":no_record", f"'{NO_RECORD}'")
_SIGNED_ON = """
UPDATE line_session SET must_sign_on = false, signed_on_day = $4, signed_on_at = $5,
  batch_began_behind = CASE WHEN $6::int > batch_no THEN trace_no ELSE batch_began_behind END,
  left_batches = CASE WHEN $6::int > batch_no AND EXISTS (
      SELECT FROM line_message m WHERE m.hospital_id = $1 AND m.session_id = $2 AND m.batch_no = line_session.batch_no
        AND m.kind IN ('purchase', 'void', 'refund') AND m.state = 'approved')
    THEN left_batches || batch_no ELSE left_batches END,
  batch_no = greatest(batch_no, $6), host_batch_no = $6, pin_key = $7, pin_key_check = $8
WHERE hospital_id = $1 AND session_id = $2 AND epoch = $3 RETURNING session_id
"""
_BY_REFERENCE = """
SELECT m.*, s.acquirer, s.merchant_no, s.terminal_no, s.busy_until, s.epoch AS session_epoch,
  m.batch_no = s.batch_no AS is_open_batch
FROM line_message m JOIN line_session s USING (hospital_id, session_id)
WHERE m.hospital_id = $1 AND m.reference = $2
"""
_GOES_AGAIN = """
UPDATE line_message SET reference = '', of_reference = reference
WHERE hospital_id = $1 AND reference = $2 AND kind = 'refund' AND state = 'declined'
"""
_LEFT_OPEN = """, left_open AS (
  UPDATE line_session s SET left_batches = s.left_batches || told.batch_no FROM told
  WHERE s.hospital_id = $1 AND s.session_id = told.session_id AND told.state = 'approved'
    AND told.kind IN ('purchase', 'void', 'refund') AND told.batch_no <> s.batch_no
    AND NOT told.batch_no = ANY(s.left_batches) AND NOT EXISTS (
      SELECT FROM line_batch b
      WHERE b.hospital_id = $1 AND b.session_id = told.session_id AND b.batch_no = told.batch_no)
)"""
"""What is ``told`` to be approved only now: in a batch that the host has gone past, and that is not settled, it is left
to be settled with it."""
_RULED = """
WITH about AS (
  SELECT m.session_id, m.batch_no, m.trace_no, m.state IN ('stuck', 'unanswered') AS is_over,
    s.busy_until > $4::timestamptz AS is_busy
  FROM line_message m JOIN line_session s USING (hospital_id, session_id)
  WHERE m.hospital_id = $1 AND m.reference = $2 AND m.reference <> ''
    AND m.state IN ('stuck', 'unanswered', 'sent', 'in_doubt')
  FOR UPDATE OF s
), told AS (
  UPDATE line_message m SET
    state = CASE WHEN $3 THEN 'approved' WHEN m.kind = 'refund' THEN 'declined' ELSE 'reversed' END,
    refused_reason = CASE WHEN NOT $3 AND m.kind = 'refund' THEN 'declined' ELSE m.refused_reason END,
    card_key_id = CASE WHEN $3 THEN m.card_key_id END, card_data = CASE WHEN $3 THEN m.card_data END
  FROM about a
  WHERE m.hospital_id = $1 AND m.session_id = a.session_id AND m.batch_no = a.batch_no AND m.trace_no = a.trace_no
    AND (a.is_over OR $3 AND a.is_busy IS NOT TRUE)
  RETURNING m.session_id, m.batch_no, m.kind, m.state
):left_open
SELECT is_over OR NOT $3 OR EXISTS (SELECT FROM told) FROM about
""".replace(":left_open", _LEFT_OPEN)
_CHOSEN = """
SELECT session_id FROM line_session WHERE terminal_id = $2 AND acquirer = $3 AND scope = $4 AND hospital_id = $1
"""
_SHOWN = """
SELECT acquirer, merchant_no, terminal_no, merchant_name FROM line_session WHERE hospital_id = $1 AND session_id = $2
"""
_LATE = (
    """
WITH told AS (
  UPDATE line_message m SET late = $7::jsonb,
    state = CASE WHEN :settles THEN $8 WHEN :after_all THEN 'in_doubt' ELSE m.state END,
    reversal_tries = CASE WHEN :after_all THEN 0 ELSE m.reversal_tries END,
    answer = CASE WHEN :settles AND $8 = 'approved' THEN $7::jsonb ELSE m.answer END
  FROM line_session s
  WHERE s.acquirer = $2 AND s.merchant_no = $3 AND s.terminal_no = $4 AND s.hospital_id = $1
    AND m.hospital_id = $1 AND m.session_id = s.session_id AND m.batch_no = $5 AND m.trace_no = $6
    AND m.late IS NULL AND m.state NOT IN ('approved', 'declined', 'never_sent')
  RETURNING m.session_id, m.batch_no, m.kind, m.state, m.reference, m.reversal_tries
):left_open
SELECT state, reference, reversal_tries FROM told
""".replace(":settles", "(m.state IN ('sent', 'unanswered') OR m.state = 'in_doubt' AND m.reversal_tries = 0)")
    .replace(":after_all", f"(m.state = 'reversed' AND m.code = '{NO_RECORD}' AND $8 = 'approved')")
    .replace(":left_open", _LEFT_OPEN)
)
_SIGNED_OFF = """
UPDATE line_session SET signed_off_at = $4, must_sign_on = true, pin_key = NULL, pin_key_check = NULL
WHERE hospital_id = $1 AND session_id = $2 AND epoch = $3
"""
_OPEN_AGAIN = """
UPDATE line_session SET signed_off_at = NULL WHERE hospital_id = $1 AND session_id = $2 AND epoch = $3
"""
_ADD = """
INSERT INTO line_session (hospital_id, acquirer, merchant_no, terminal_no, scope, terminal_id, merchant_name)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (acquirer, merchant_no, terminal_no) DO UPDATE SET scope = $5, terminal_id = $6, merchant_name = $7,
  must_sign_on = line_session.must_sign_on OR line_session.terminal_id <> $6, retired = false
WHERE line_session.hospital_id = $1
RETURNING session_id
"""


class Saying(msgspec.Struct, frozen=True, kw_only=True):
    """What is about to be said in a session. An empty ``kind``: nothing yet, the session is only claimed."""

    kind: MessageKind | str = ""
    reference: str = ""
    of_reference: str = ""
    amount_fen: Fen = Fen(0)
    card_masked: str = ""
    card: Sealed | None = None

    def columns(self) -> tuple[Any, ...]:
        sealed = (self.card.key_id, self.card.data) if self.card else (None, None)
        return (self.kind, self.reference, self.of_reference, self.amount_fen, self.card_masked, *sealed)


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a message. ``heard``: the host has said something that can be believed. ``goes_again``: if
    anybody wants that, under a new number, which takes over the reference."""

    state: MessageState
    code: str = ""
    answer: bytes | None = None
    reason: str = ""
    card: Sealed | None = None
    must_sign_on: bool = False
    release: bool = True
    heard: bool = True
    goes_again: bool = False
    refused_reason: RefusedReason | Literal[""] = ""


async def claim(
    tx: Tx, hospital_id: int, session_id: int, now: datetime, until: datetime, day: date, saying: Saying
) -> tuple[SessionRow, bool] | None:
    """The session, if nobody else has it; and whether ``saying`` has its number already and may be sent: it has not
    where something has to go before it."""
    row = await tx.fetchrow(_CLAIM, hospital_id, session_id, now, until, *saying.columns(), day)
    return None if row is None else (_session(row), row["clean"])


async def say(
    tx: Tx, hospital_id: int, session: SessionRow, now: datetime, until: datetime, saying: Saying
) -> SessionRow | None:
    """Under a claim: the next number, and what is said under it. None: the claim is lost, or numbers have run out."""
    row = await tx.fetchrow(_NEXT, hospital_id, session.session_id, now, until, *saying.columns(), session.epoch)
    return None if row is None else _session(row)


async def answered(tx: Tx, hospital_id: int, session: SessionRow, now: datetime, ended: Ended) -> bool:
    """False: the claim was lost meanwhile, somebody else has taken care of it."""
    sealed = (ended.card.key_id, ended.card.data) if ended.card else (None, None)
    answer = ended.answer.decode() if ended.answer else None
    row = await tx.fetchrow(
        _ANSWERED, hospital_id, session.session_id, session.epoch, session.batch_no, session.trace_no, ended.state,
        ended.code, answer, now, ended.reason, *sealed, ended.must_sign_on, ended.release, ended.heard,
        ended.goes_again, ended.refused_reason,
    )  # fmt: skip
    return row is not None


async def comes_to(
    tx: Tx, hospital_id: int, session: SessionRow, number: tuple[int, int], saying: Saying, reason: RefusedReason
) -> None:
    """What was declined, and was to go again, does not: it has its reference back. ``number``: batch and trace."""
    said = (saying.reference, saying.of_reference)
    await tx.execute(_COMES_TO, hospital_id, session.session_id, session.epoch, *number, *said, reason)


async def release(tx: Tx, hospital_id: int, session: SessionRow) -> None:
    await tx.execute(_RELEASE, hospital_id, session.session_id, session.epoch)


async def left_behind(tx: Tx, hospital_id: int, session: SessionRow) -> list[Row]:
    """Under a claim: messages in doubt, oldest first; those that a dead process has sent among them."""
    return await tx.fetch(_LEFT_BEHIND, hospital_id, session.session_id, session.epoch)


async def reversing(
    tx: Tx, hospital_id: int, session: SessionRow, number: tuple[int, int], now: datetime, until: datetime
) -> int | None:
    """Before a reversal leaves: as often will it have gone out. ``number``: batch and trace. None: not ours any more,
    or no longer in doubt."""
    row = await tx.fetchrow(_REVERSING, hospital_id, session.session_id, session.epoch, until, *number, now)
    return None if row is None else row["reversal_tries"]


async def reversed_(
    tx: Tx, hospital_id: int, session: SessionRow, number: tuple[int, int], state: MessageState, tries: int, code: str
) -> None:
    """What became of a reversal; ``tries``: as often has it gone out."""
    await tx.execute(_REVERSED, hospital_id, session.session_id, session.epoch, *number, state, code, tries)


async def signed_on(
    tx: Tx, hospital_id: int, session: SessionRow, day: date, now: datetime, batch_no: int | None, pik: Delivered
) -> bool:
    """``pik``: as it came, for the PIN pad. A batch number never goes back."""
    row = await tx.fetchrow(
        _SIGNED_ON, hospital_id, session.session_id, session.epoch, day, now, batch_no, pik.key, pik.check_value
    )
    return row is not None


async def by_reference(tx: Tx, hospital_id: int, reference: str) -> Row | None:
    return await tx.fetchrow(_BY_REFERENCE, hospital_id, reference)


async def goes_again(tx: Tx, hospital_id: int, reference: str) -> None:
    """A refund that was declined: its next number takes over the reference."""
    await tx.execute(_GOES_AGAIN, hospital_id, reference)


async def ruled(tx: Tx, hospital_id: int, reference: str, now: datetime, *, happened: bool) -> bool:
    """What people have found out of a message without a certain end: if it happened it is not reversed any more, and
    can be refunded. If it did not, what is still to be reversed stays so, to be on the safe side. False: it happened,
    but its session is in use just now, and its reversal may be on its way."""
    return await tx.fetchval(_RULED, hospital_id, reference, happened, now) is not False


async def chosen(tx: Tx, hospital_id: int, terminal_id: str, acquirer: str, scope: str) -> int | None:
    """The session of a terminal for this scope."""
    return await tx.fetchval(_CHOSEN, hospital_id, terminal_id, acquirer, scope)


async def shown(tx: Tx, hospital_id: int, session_id: int) -> tuple[PosSession, str]:
    """The slot of a session, and the merchant's name as payers read it."""
    row = await tx.fetchrow(_SHOWN, hospital_id, session_id)
    assert row is not None
    return PosSession(row["acquirer"], row["merchant_no"], row["terminal_no"]), row["merchant_name"]


async def late(
    tx: Tx, hospital_id: int, slot: PosSession, number: MessageNo, answer: bytes, state: MessageState
) -> Row | None:
    """An answer that nobody waited for any more. It settles what is in doubt unless its reversal is out already. What
    is approved so in a batch that the host has gone past, and that is not settled, is left to be settled with it. What
    the host did not know when it was to reverse it, and has approved after all, is to be reversed again."""
    return await tx.fetchrow(_LATE, hospital_id, *slot, *number, answer.decode(), state)


async def signed_off(tx: Tx, hospital_id: int, session: SessionRow, since: datetime | None) -> None:
    """Until people sign it on; None: until it is used again."""
    await tx.execute(_SIGNED_OFF, hospital_id, session.session_id, session.epoch, since)


async def open_again(tx: Tx, hospital_id: int, session: SessionRow) -> None:
    """It was signed off, and people have signed it on."""
    await tx.execute(_OPEN_AGAIN, hospital_id, session.session_id, session.epoch)


async def add(tx: Tx, hospital_id: int, slot: PosSession, scope: str, terminal_id: str, merchant_name: str) -> int:
    """Put a session on record, or change whose it is: a terminal's that is in service."""
    return await tx.fetchval(_ADD, hospital_id, *slot, scope, terminal_id, merchant_name)


def _session(row: Row) -> SessionRow:
    mak = None
    if row["wrapped"] is not None:
        mak = HeldKey(
            purpose="mak", master_key_id=row["master_key_id"], wrapped=row["wrapped"], check_value=row["check_value"]
        )
    return SessionRow(
        session_id=row["session_id"],
        slot=PosSession(row["acquirer"], row["merchant_no"], row["terminal_no"]),
        scope=row["scope"],
        merchant_name=row["merchant_name"],
        batch_no=row["batch_no"],
        trace_no=row["trace_no"],
        began_behind=row["batch_began_behind"],
        left_batches=tuple(row["left_batches"]),
        signed_off=row["signed_off_at"] is not None,
        epoch=row["epoch"],
        signed_on=row["signed_on"],
        mak=mak,
        pin_key=PinKey(row["pin_key"], row["pin_key_check"]) if row["pin_key"] is not None else None,
    )
