"""Patient sessions: who stands in front of a terminal, for as long as he stands there.

A session belongs to the terminal or the institution it was started at, ends some minutes after the last request, and in
any case after an hour. Whoever identifies himself at a terminal ends the session of the one before; at an institution
there are many people at once.
"""

from datetime import date, datetime, timedelta

from yinyi.bus.call import INSTITUTIONS
from yinyi.bus.database import Tx
from yinyi.bus.envelope import SessionView
from yinyi.business.identity.model import PatientFacts, SessionFacts, age_on
from yinyi.business.identity.store import facts_of
from yinyi.kernel.masking import masked_name
from yinyi.kernel.secrets import digest

IDLE = timedelta(minutes=15)
"""Longer than any page's own idle time, and than a payer's code lives."""
AT_MOST = timedelta(hours=1)
_WRITE_EVERY = timedelta(minutes=1)

_START = """
INSERT INTO patient_session (hospital_id, token_digest, terminal_id, patient_id, started_at, expires_at, latest_at,
  opened_by, guardian_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9, 0))
ON CONFLICT (hospital_id, token_digest) DO NOTHING
RETURNING session_id
"""
_END_OTHERS = """
UPDATE patient_session SET ended_at = $4
WHERE hospital_id = $1 AND terminal_id = $2 AND session_id <> $3 AND ended_at IS NULL
"""
_FIND = """
SELECT s.token_digest, s.session_id, s.expires_at, s.latest_at, s.opened_by, p.patient_id, p.patient_no, p.name,
  p.sex, p.born_on, p.prefers_elder, s.guardian_id, g.name AS guardian_name
FROM patient_session s JOIN patient p USING (hospital_id, patient_id)
LEFT JOIN patient g ON g.hospital_id = s.hospital_id AND g.patient_id = s.guardian_id
WHERE s.hospital_id = $1 AND s.token_digest = $2 AND s.terminal_id = $3 AND s.ended_at IS NULL AND s.expires_at > $4
"""
_SLIDE = """
UPDATE patient_session SET expires_at = $3
WHERE hospital_id = $1 AND session_id = $2 AND ended_at IS NULL AND expires_at < $3
"""
_LIVES = """
SELECT true FROM patient_session
WHERE hospital_id = $1 AND session_id = $2 AND ended_at IS NULL AND expires_at > $3
"""
_AT = """
SELECT DISTINCT patient_id FROM patient_session
WHERE hospital_id = $1 AND terminal_id = $2 AND ended_at IS NULL AND expires_at > $3
"""
_END = "UPDATE patient_session SET ended_at = $3 WHERE hospital_id = $1 AND session_id = $2 AND ended_at IS NULL"


async def start_session(
    tx: Tx,
    hospital_id: int,
    terminal_id: str,
    patient_id: int,
    token: str,
    now: datetime,
    *,
    opened_by: str = "",
    guardian_id: int = 0,
) -> None:
    """From now on ``token`` speaks for this patient at this terminal, or only for one thing of his (``Principal``).
    guardian_id: it is this one who speaks, for a child. Starting the same token again does nothing."""
    session_id = await tx.fetchval(
        *(_START, hospital_id, digest(token), terminal_id, patient_id, now, now + IDLE, now + AT_MOST, opened_by),
        guardian_id,
    )
    if session_id and terminal_id and not terminal_id.startswith(INSTITUTIONS):
        await tx.execute(_END_OTHERS, hospital_id, terminal_id, session_id, now)


async def verify_session(tx: Tx, hospital_id: int, token: str, terminal_id: str, now: datetime) -> SessionFacts | None:
    """Whose session this is, if it lives and belongs to this terminal.

    One indexed statement, whose first column is the token's digest; a second one, at most once a minute, moves the
    end of the session along.
    """
    row = await tx.fetchrow(_FIND, hospital_id, digest(token), terminal_id, now)
    if row is None:
        return None
    expires_at: datetime = min(now + IDLE, row["latest_at"])
    if expires_at - row["expires_at"] >= _WRITE_EVERY:
        await tx.execute(_SLIDE, hospital_id, row["session_id"], expires_at)
    else:
        expires_at = row["expires_at"]
    return SessionFacts(
        session_id=row["session_id"],
        patient=facts_of(row),
        expires_at=expires_at,
        opened_by=row["opened_by"],
        guardian_id=row["guardian_id"] or 0,
        guardian_name=row["guardian_name"] or "",
    )


async def session_lives(tx: Tx, hospital_id: int, session_id: int, now: datetime) -> bool:
    """Whoever began it may still be at the screen."""
    return bool(await tx.fetchval(_LIVES, hospital_id, session_id, now))


async def patients_at(tx: Tx, hospital_id: int, terminal_id: str, now: datetime) -> list[int]:
    """Who stands at this terminal now; nobody, if it is empty."""
    rows = await tx.fetch(_AT, hospital_id, terminal_id, now)
    return [row["patient_id"] for row in rows]


async def end_session(tx: Tx, hospital_id: int, session_id: int, now: datetime) -> None:
    """Its token opens nothing any more."""
    await tx.execute(_END, hospital_id, session_id, now)


def session_view(facts: SessionFacts, today: date) -> SessionView:
    """What screens show of it. ``today``: the day in the hospital. A form, a slip or a tube tells no more of
    its patient than his name."""
    whole = not facts.opened_by
    return SessionView(
        patient_no_tail=facts.patient.patient_no[-4:] if whole else "",
        name_masked=masked_name(facts.patient.name),
        age=age_on(today, facts.patient.born_on) if whole else None,
        expires_at=facts.expires_at,
        elder=bool(facts.patient.prefers_elder),
        offer_elder=whole and offers_elder(facts.patient, today),
        guardian_masked=masked_name(facts.guardian_name) if facts.guardian_id else "",
        of_specimen=facts.opened_by.startswith("specimen:"),
    )


def offers_elder(patient: PatientFacts, today: date) -> bool:
    """65 or more, and never asked before: large print is offered at once."""
    age = age_on(today, patient.born_on)
    return patient.prefers_elder is None and age is not None and age >= 65
