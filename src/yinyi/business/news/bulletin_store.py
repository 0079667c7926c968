"""SQL of bulletins. Times are parameters."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from yinyi.bus.database import Tx
from yinyi.business.news.bulletin_model import BulletinEvent, BulletinState, BulletinView, ChargeFacts, VisitFacts

_FIELDS = "bulletin_no, receiver, control_id, event, payment_no, state, problem, tries, made_at, ended_at"

KNOWN = """
SELECT hospital_id, receiver, payment_no, array_agg(event) AS events, sum(amount_fen)::bigint AS amount_fen
FROM hospital_bulletin WHERE payment_no = ANY($1::text[]) GROUP BY hospital_id, receiver, payment_no
"""
PUT = """
INSERT INTO hospital_bulletin
  (hospital_id, receiver, control_id, event, payment_no, patient_id, amount_fen, facts, made_at, next_at)
SELECT hospital_id, receiver, control_id, event, payment_no, patient_id, amount_fen, facts, $2, $2
FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (hospital_id int, receiver text, control_id text, event text,
  payment_no text, patient_id bigint, amount_fen bigint, facts text)) WITH ORDINALITY
  AS w (hospital_id, receiver, control_id, event, payment_no, patient_id, amount_fen, facts, nth)
ORDER BY nth
"""
CLAIM = """
UPDATE hospital_bulletin SET tries = tries + 1, next_at = $3
WHERE (hospital_id, receiver, bulletin_no) IN (
  SELECT hospital_id, receiver, bulletin_no FROM (
    SELECT hospital_id, receiver, bulletin_no, next_at FROM hospital_bulletin
    WHERE state = 'waiting' AND receiver = $1 ORDER BY hospital_id, receiver, bulletin_no LIMIT 1 FOR UPDATE
  ) AS first WHERE next_at <= $2)
RETURNING hospital_id, receiver, bulletin_no, control_id, event, payment_no, patient_id, facts, tries, made_at
"""
"""The first that waits, if it is due: none overtakes another. Whoever waits for the lock sees what became of it."""
END = """
UPDATE hospital_bulletin SET state = $5, problem = $6, next_at = NULL, ended_at = $7
WHERE hospital_id = $1 AND receiver = $2 AND bulletin_no = $3 AND tries = $4 AND state = 'waiting'
"""
LATER = """
UPDATE hospital_bulletin SET next_at = $5, problem = $6
WHERE hospital_id = $1 AND receiver = $2 AND bulletin_no = $3 AND tries = $4 AND state = 'waiting'
"""
PARKED = """
SELECT :fields FROM hospital_bulletin WHERE hospital_id = $1 AND bulletin_no > $2 AND state = 'parked'
ORDER BY bulletin_no LIMIT $3
""".replace(":fields", _FIELDS)
WAITING = "SELECT count(*) FROM hospital_bulletin WHERE hospital_id = $1 AND state = 'waiting'"
ONE = "SELECT :fields FROM hospital_bulletin WHERE hospital_id = $1 AND bulletin_no = $2".replace(":fields", _FIELDS)
AGAIN = """
UPDATE hospital_bulletin SET state = 'waiting', tries = 0, next_at = $3, ended_at = NULL
WHERE hospital_id = $1 AND bulletin_no = $2 AND state = 'parked' RETURNING true
"""
ASIDE = """
UPDATE hospital_bulletin SET state = 'set_aside', problem = $3, ended_at = $4
WHERE hospital_id = $1 AND bulletin_no = $2 AND state = 'parked' RETURNING true
"""


class Fresh(msgspec.Struct, frozen=True, kw_only=True):
    """amount_fen: of a charge; below 0 what was given back. facts: as JSON."""

    hospital_id: int
    receiver: str
    control_id: str
    event: BulletinEvent
    payment_no: str
    patient_id: int
    amount_fen: int
    facts: str


class Known(NamedTuple):
    """What a receiver was told of one payment, or is about to be."""

    events: Sequence[BulletinEvent]
    amount_fen: int


class Claimed(NamedTuple):
    """A bulletin that this process sends now."""

    hospital_id: int
    receiver: str
    bulletin_no: int
    control_id: str
    event: BulletinEvent
    payment_no: str
    patient_id: int
    facts: str
    tries: int
    made_at: datetime

    @property
    def visit(self) -> VisitFacts | None:
        about_visit = self.event in ("booked", "cancelled")
        return msgspec.json.decode(self.facts, type=VisitFacts) if about_visit else None

    @property
    def charge(self) -> ChargeFacts | None:
        return None if self.visit else msgspec.json.decode(self.facts, type=ChargeFacts)


async def known(tx: Tx, payment_nos: Sequence[str]) -> dict[tuple[int, str, str], Known]:
    """By hospital, receiver and payment."""
    rows = await tx.fetch(KNOWN, list(payment_nos))
    return {
        (row["hospital_id"], row["receiver"], row["payment_no"]): Known(row["events"], row["amount_fen"])
        for row in rows
    }


async def put(tx: Tx, fresh: Sequence[Fresh], now: datetime) -> None:
    await tx.execute(PUT, msgspec.json.encode(fresh).decode(), now)


async def claim(tx: Tx, receiver: str, now: datetime, until: datetime) -> Claimed | None:
    """None: nothing is due. It is due again then, if nobody has said what became of it."""
    row = await tx.fetchrow(CLAIM, receiver, now, until)
    return None if row is None else Claimed(**row)


async def end(tx: Tx, claimed: Claimed, state: BulletinState, problem: str, now: datetime) -> None:
    await tx.execute(END, *_key(claimed), state, problem, now)


async def later(tx: Tx, claimed: Claimed, at: datetime, problem: str) -> None:
    await tx.execute(LATER, *_key(claimed), at, problem)


def _key(claimed: Claimed) -> tuple[int, str, int, int]:
    return claimed.hospital_id, claimed.receiver, claimed.bulletin_no, claimed.tries


async def parked(tx: Tx, hospital_id: int, after: int, limit: int) -> list[BulletinView]:
    """Oldest first, behind this number."""
    return [msgspec.convert(dict(row), BulletinView) for row in await tx.fetch(PARKED, hospital_id, after, limit)]


async def waiting(tx: Tx, hospital_id: int) -> int:
    return await tx.fetchval(WAITING, hospital_id)


async def one(tx: Tx, hospital_id: int, bulletin_no: int) -> BulletinView | None:
    row = await tx.fetchrow(ONE, hospital_id, bulletin_no)
    return None if row is None else msgspec.convert(dict(row), BulletinView)


async def again(tx: Tx, hospital_id: int, bulletin_no: int, now: datetime) -> bool:
    """False: it is not parked."""
    return bool(await tx.fetchval(AGAIN, hospital_id, bulletin_no, now))


async def aside(tx: Tx, hospital_id: int, bulletin_no: int, note: str, now: datetime) -> bool:
    """False: it is not parked."""
    return bool(await tx.fetchval(ASIDE, hospital_id, bulletin_no, note, now))
