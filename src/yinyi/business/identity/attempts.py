"""How often somebody may try to prove whose hospital number it is: counted in the database, over all processes."""

from datetime import datetime, timedelta

from yinyi.bus.database import Tx
from yinyi.kernel.asking import cannot_come_again

WITHIN = timedelta(minutes=15)
PER_NUMBER = 5
A_DAY = timedelta(days=1)
PER_NUMBER_A_DAY = 10
"""There are 366 birthdays: with five tries in a quarter of an hour every number would be opened within a day."""
PER_TERMINAL = 20
TUBES_PER_TERMINAL = 60
"""Their numbers follow one another, so even right ones are not opened without end."""

_COUNT = """
INSERT INTO identification_attempt AS a (hospital_id, subject, since, tries) VALUES ($1, $2, $3, 1)
ON CONFLICT (hospital_id, subject) DO UPDATE SET
  tries = CASE WHEN a.since <= $4 THEN 1 ELSE a.tries + 1 END,
  since = CASE WHEN a.since <= $4 THEN excluded.since ELSE a.since END
RETURNING tries
"""
_GIVE_BACK = """
UPDATE identification_attempt SET tries = tries - 1 WHERE hospital_id = $1 AND subject = $2 AND tries > 0
"""


async def count(tx: Tx, hospital_id: int, terminal_id: str, number_index: bytes, now: datetime) -> bool:
    """One more try at this terminal and for this number, counted before its outcome is known, so that many at once
    do not slip through. False: too many within a quarter of an hour, or for this number within a day."""
    cannot_come_again()
    limits = zip(_subjects(terminal_id, number_index), (PER_TERMINAL, PER_NUMBER), strict=True)
    within = True
    for subject, limit in limits:
        within &= await tx.fetchval(_COUNT, hospital_id, subject, now, now - WITHIN) <= limit
    return within and await _within_day(tx, hospital_id, f"number:{number_index.hex()}", now)


async def count_tube(tx: Tx, hospital_id: int, terminal_id: str, now: datetime) -> bool:
    """One more tube at this terminal, right or wrong. False: too many within a quarter of an hour."""
    cannot_come_again()
    tries = await tx.fetchval(_COUNT, hospital_id, f"tubes:{terminal_id}", now, now - WITHIN)
    return tries <= TUBES_PER_TERMINAL


async def count_holder(tx: Tx, hospital_id: int, number_index: bytes, now: datetime) -> bool:
    """One more name that an institution has said for this number; see ``count``."""
    subject = f"holder:{number_index.hex()}"
    tries = await tx.fetchval(_COUNT, hospital_id, subject, now, now - WITHIN)
    return tries <= PER_NUMBER and await _within_day(tx, hospital_id, subject, now)


async def give_back_holder(tx: Tx, hospital_id: int, number_index: bytes) -> None:
    for subject in _with_day(f"holder:{number_index.hex()}"):
        await tx.execute(_GIVE_BACK, hospital_id, subject)


async def give_back(tx: Tx, hospital_id: int, terminal_id: str, number_index: bytes) -> None:
    """The try succeeded, or could not be judged: it does not count."""
    at_terminal, number = _subjects(terminal_id, number_index)
    for subject in (at_terminal, *_with_day(number)):
        await tx.execute(_GIVE_BACK, hospital_id, subject)


async def _within_day(tx: Tx, hospital_id: int, subject: str, now: datetime) -> bool:
    """Counted only where the quarter of an hour lets it pass: whoever is impatient is not sent away for a day."""
    _, of_day = _with_day(subject)
    return await tx.fetchval(_COUNT, hospital_id, of_day, now, now - A_DAY) <= PER_NUMBER_A_DAY


def _with_day(subject: str) -> tuple[str, str]:
    return subject, f"day:{subject}"


def _subjects(terminal_id: str, number_index: bytes) -> list[str]:
    return [f"terminal:{terminal_id}", f"number:{number_index.hex()}"]
