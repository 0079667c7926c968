"""SQL of institutions' lines, and of what was asked on them in the last minutes."""

from datetime import datetime

from yinyi.bus.database import Row, Tx
from yinyi.business.institutions.model import FrameAlgorithm, InstitutionLine, SessionKey

OPEN = """
INSERT INTO institution_line (hospital_id, institution_id, token_digest, algorithm, master_key_id, wrapped,
  check_value, opened_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
FIND = """
SELECT hospital_id, institution_id, line_no, algorithm, master_key_id, wrapped, check_value, expires_at
FROM institution_line WHERE token_digest = $1 AND ended_at IS NULL AND expires_at > $2
"""
END = "UPDATE institution_line SET ended_at = $3 WHERE hospital_id = $1 AND line_no = $2 AND ended_at IS NULL"
REMEMBER = """
INSERT INTO institution_sequence AS s (hospital_id, line_no, sequence, document_hash, seen_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (hospital_id, line_no, sequence) DO UPDATE SET seen_at = s.seen_at
RETURNING document_hash
"""
FORGET = "DELETE FROM institution_sequence WHERE hospital_id = $1 AND seen_at < $2"


async def open_line(
    tx: Tx, institution: tuple[int, str], token_digest: bytes, algorithm: FrameAlgorithm, key: SessionKey | None,
    now: datetime, expires_at: datetime,
) -> None:  # fmt: skip
    kept = (key.master_key_id, key.wrapped, key.check_value) if key is not None else (None, None, None)
    await tx.execute(OPEN, *institution, token_digest, algorithm, *kept, now, expires_at)


async def find(tx: Tx, token_digest: bytes, now: datetime) -> InstitutionLine | None:
    """One that has not ended."""
    row = await tx.fetchrow(FIND, token_digest, now)
    return _line(row) if row is not None else None


async def end(tx: Tx, hospital_id: int, line_no: int, now: datetime) -> None:
    await tx.execute(END, hospital_id, line_no, now)


async def remembered(
    tx: Tx, hospital_id: int, line_no: int, sequence: int, document_hash: bytes, now: datetime
) -> bytes:
    """What was asked under this number on this line first."""
    return await tx.fetchval(REMEMBER, hospital_id, line_no, sequence, document_hash, now)


async def forget(tx: Tx, hospital_id: int, before: datetime) -> None:
    await tx.execute(FORGET, hospital_id, before)


def _line(row: Row) -> InstitutionLine:
    key = SessionKey(row["master_key_id"], row["wrapped"], row["check_value"]) if row["wrapped"] is not None else None
    return InstitutionLine(
        hospital_id=row["hospital_id"],
        institution_id=row["institution_id"],
        line_no=row["line_no"],
        algorithm=row["algorithm"],
        expires_at=row["expires_at"],
        key=key,
    )
