"""Papers and their printing in the database: statements only, times are parameters."""

import hashlib
from datetime import datetime
from typing import NamedTuple, cast

import msgspec

from yinyi.bus.database import Row, Tx
from yinyi.bus.looks import of_one
from yinyi.business.documents.messages import DocumentView, PrintState, SheetView, SlipKind
from yinyi.business.documents.model import SlipData
from yinyi.business.documents.sheet import Sheet, SheetKind

_data: msgspec.json.Decoder[SlipData | Sheet] = msgspec.json.Decoder(SlipData | Sheet)

# -- documents

_MAKE = """
INSERT INTO document (hospital_id, document_no, kind, payment_no, tells, patient_id, title, amount_fen, data, digest,
                      made_at, paper)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (hospital_id, payment_no, kind, tells) DO NOTHING
"""
_MADE = """
SELECT document_no FROM document WHERE hospital_id = $1 AND payment_no = $2 AND kind = $3 AND tells = $4
"""
_KEPT = """
SELECT patient_id, payment_no, kind, tells FROM document WHERE hospital_id = $1 AND document_no = $2 AND paper = 'slip'
"""
_VIEW = """
SELECT d.patient_id, d.document_no, d.kind, d.payment_no, d.title, d.amount_fen, d.made_at, d.paper, j.state,
  j.nth AS copies
FROM document d
JOIN LATERAL (SELECT state, nth FROM print_job
              WHERE hospital_id = d.hospital_id AND document_no = d.document_no
              ORDER BY nth DESC LIMIT 1) AS j ON true
"""
_VIEW_OF_ONE = f"{_VIEW} WHERE d.hospital_id = $1 AND d.document_no = $2"
_VIEW_OF_PATIENT = of_one(f"""{_VIEW}
WHERE d.hospital_id = $1 AND d.patient_id = $2 AND d.made_at > $3 AND d.paper = 'slip'
  AND ($4 = '' OR d.payment_no = $4)
ORDER BY d.made_at DESC LIMIT 50
""")
_TOLD = """
SELECT DISTINCT payment_no, tells FROM document WHERE hospital_id = $1 AND payment_no = ANY ($2) AND paper = 'slip'
"""
_SHEETS = f"{_VIEW} WHERE d.hospital_id = $1 AND d.patient_id = $2 AND d.document_no = ANY ($3) AND d.paper <> 'slip'"
_PRINTED = of_one("""
SELECT d.patient_id, d.tells, count(*) AS prints
FROM document d JOIN print_job j USING (hospital_id, document_no)
WHERE d.hospital_id = $1 AND d.patient_id = $2 AND d.kind = ANY ($3) AND j.state NOT IN ('paper_out', 'offline')
  AND (j.reason <> 'expired' OR j.attempts > 0)
GROUP BY d.patient_id, d.tells
""")
_CAME_OUT = """
SELECT coalesce(bool_or(state IN ('queued', 'printed') OR reason IN ('timeout', 'interrupted')), false)
FROM print_job WHERE hospital_id = $1 AND document_no = $2
"""
_DIGEST = "SELECT data, digest FROM document WHERE hospital_id = $1 AND document_no = $2 AND paper <> 'slip'"


class NewDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A paper before it has been made: a slip holds no full personal numbers any more."""

    document_no: str
    payment_no: str
    tells: str
    patient_id: int
    title: str
    amount_fen: int
    slip: SlipData | Sheet

    @property
    def kind(self) -> SlipKind | SheetKind:
        return self.slip.kind if isinstance(self.slip, Sheet) else kind_of(self.slip)

    @property
    def paper(self) -> str:
        return self.slip.paper if isinstance(self.slip, Sheet) else "slip"


def kind_of(slip: SlipData) -> SlipKind:
    return cast(SlipKind, slip.__struct_config__.tag)


async def make(tx: Tx, hospital_id: int, new: NewDocument, now: datetime) -> str:
    """The number of the paper: of the one that tells this already, if it was made before."""
    data = msgspec.json.encode(new.slip)
    facts = (new.document_no, new.kind, new.payment_no, new.tells, new.patient_id, new.title, new.amount_fen)
    await tx.execute(_MAKE, hospital_id, *facts, data.decode(), hashlib.sha256(data).digest(), now, new.paper)
    return str(await tx.fetchval(_MADE, hospital_id, new.payment_no, new.kind, new.tells))


class Kept(NamedTuple):
    """A slip: whose it is, of which payment, and what it tells."""

    patient_id: int
    payment_no: str
    kind: SlipKind
    tells: str


async def kept(tx: Tx, hospital_id: int, document_no: str) -> Kept | None:
    """None: there is no such slip."""
    row = await tx.fetchrow(_KEPT, hospital_id, document_no)
    return None if row is None else Kept(*row)


async def view(tx: Tx, hospital_id: int, document_no: str) -> DocumentView | None:
    row = await tx.fetchrow(_VIEW_OF_ONE, hospital_id, document_no)
    return None if row is None else _view(row)


async def views(tx: Tx, hospital_id: int, patient_id: int, since: datetime, payment_no: str) -> list[DocumentView]:
    """Newest first, at most 50; ``payment_no`` empty: of all payments."""
    rows = await tx.fetch(_VIEW_OF_PATIENT, hospital_id, patient_id, since, payment_no)
    return [_view(row) for row in rows]


def _view(row: Row) -> DocumentView:
    return msgspec.convert({name: row[name] for name in DocumentView.__struct_fields__}, DocumentView)


async def told(tx: Tx, hospital_id: int, payment_nos: list[str]) -> set[tuple[str, str]]:
    """Of which of these payments there is a paper, and which state it tells."""
    rows = await tx.fetch(_TOLD, hospital_id, payment_nos)
    return {(row["payment_no"], row["tells"]) for row in rows}


async def sheets(tx: Tx, hospital_id: int, patient_id: int, document_nos: list[str]) -> dict[str, SheetView]:
    """Those of them that are this patient's sheets, by number."""
    rows = await tx.fetch(_SHEETS, hospital_id, patient_id, document_nos)
    fields = SheetView.__struct_fields__
    return {row["document_no"]: msgspec.convert({name: row[name] for name in fields}, SheetView) for row in rows}


async def printed(tx: Tx, hospital_id: int, patient_id: int, kinds: tuple[SheetKind, ...]) -> dict[str, int]:
    """How often this patient's sheets of these kinds may have come out, by what they tell."""
    rows = await tx.fetch(_PRINTED, hospital_id, patient_id, list(kinds))
    return {row["tells"]: row["prints"] for row in rows}


async def came_out(tx: Tx, hospital_id: int, document_no: str) -> bool:
    """Whether it came out before, or may be coming out. What jammed did not; nobody prints it meanwhile."""
    await tx.fetchval(_HOLD, hospital_id, document_no)
    return bool(await tx.fetchval(_CAME_OUT, hospital_id, document_no))


async def digest(tx: Tx, hospital_id: int, document_no: str) -> bytes | None:
    """Of what this sheet says; None: there is none, or it does not say any more what it did."""
    row = await tx.fetchrow(_DIGEST, hospital_id, document_no)
    if row is None or hashlib.sha256(row["data"].encode()).digest() != row["digest"]:
        return None
    return row["digest"]


# -- print jobs

_HOLD = "SELECT true FROM document WHERE hospital_id = $1 AND document_no = $2 FOR NO KEY UPDATE"
_WAITING = "SELECT count(*) FROM print_job WHERE hospital_id = $1 AND terminal_id = $2 AND state = 'queued'"
_QUEUE = """
INSERT INTO print_job (hospital_id, job_id, document_no, nth, copy, terminal_id, terminal_name, state, queued_at)
SELECT $1, $2, $3, count(*) + 1, coalesce(bool_or(state NOT IN ('paper_out', 'offline')
  AND (reason <> 'expired' OR attempts > 0)), false), $4, $5, 'queued', $6
FROM print_job WHERE hospital_id = $1 AND document_no = $3
RETURNING nth
"""
_TAKE = """
WITH taken AS (
  UPDATE print_job SET attempts = attempts + 1, taken_at = $3
  WHERE hospital_id = $1 AND job_id IN (
    SELECT p.job_id FROM print_job p JOIN document w USING (hospital_id, document_no)
    WHERE p.hospital_id = $1 AND p.terminal_id = $2 AND p.state = 'queued' AND p.queued_at > $4
      AND w.patient_id = ANY ($6::bigint[])
    ORDER BY p.queued_at LIMIT $5)
  RETURNING hospital_id, job_id, document_no, copy, terminal_name, queued_at)
SELECT t.job_id, t.document_no, t.copy, t.terminal_name, t.queued_at, d.data, d.digest
FROM taken t JOIN document d USING (hospital_id, document_no)
ORDER BY t.queued_at
"""
_REPORT = """
UPDATE print_job SET state = $4, reason = $5, done_at = $6
WHERE hospital_id = $1 AND terminal_id = $2 AND job_id = $3
  AND (state = 'queued' OR (state = 'failed' AND reason = 'expired'))
RETURNING document_no, nth
"""
_EXPIRE = """
UPDATE print_job SET state = 'failed', reason = 'expired', done_at = $2
WHERE state = 'queued' AND queued_at <= $1
RETURNING hospital_id, terminal_id, document_no, nth
"""


class TakenJob(msgspec.Struct, frozen=True, kw_only=True):
    """A paper that is to be set and printed."""

    job_id: str
    document_no: str
    copy: bool
    terminal_name: str
    queued_at: datetime
    slip: SlipData | Sheet
    digest: bytes


async def waiting(tx: Tx, hospital_id: int, terminal_id: str) -> int:
    """How many papers wait for this terminal's printer."""
    return int(await tx.fetchval(_WAITING, hospital_id, terminal_id))


async def queue(
    tx: Tx, hospital_id: int, document_no: str, job_id: str, terminal_id: str, terminal_name: str, now: datetime
) -> int:
    """Which printing of this paper it is, from 1. It is a copy unless nothing can have come out before."""
    await tx.fetchval(_HOLD, hospital_id, document_no)
    return int(await tx.fetchval(_QUEUE, hospital_id, job_id, document_no, terminal_id, terminal_name, now))


async def take(
    tx: Tx, hospital_id: int, terminal_id: str, queued_after: datetime, limit: int, here: list[int], now: datetime
) -> list[TakenJob]:
    """Jobs of these patients that were not reported yet, oldest first."""
    rows = await tx.fetch(_TAKE, hospital_id, terminal_id, now, queued_after, limit, here)
    return [
        TakenJob(
            job_id=row["job_id"],
            document_no=row["document_no"],
            copy=row["copy"],
            terminal_name=row["terminal_name"],
            queued_at=row["queued_at"],
            slip=_data.decode(row["data"]),
            digest=row["digest"],
        )
        for row in rows
    ]


async def report(
    tx: Tx, hospital_id: int, terminal_id: str, job_id: str, state: PrintState, reason: str, now: datetime
) -> Row | None:
    """document_no, nth. None: reported before, or not this terminal's."""
    return await tx.fetchrow(_REPORT, hospital_id, terminal_id, job_id, state, reason, now)


async def expire(tx: Tx, queued_before: datetime, now: datetime) -> list[Row]:
    """Papers of all hospitals that nobody waits for any more: hospital_id, terminal_id, document_no, nth."""
    return await tx.fetch(_EXPIRE, queued_before, now)
