"""The hospital's own windows: they sell the same numbers at the same time."""

import asyncio
import secrets
from typing import Any

import asyncpg
import msgspec
import structlog

log = structlog.get_logger()

Pool = asyncpg.Pool

_OPEN_NOW = """
SELECT s.schedule_id FROM his.schedule s
WHERE s.work_date = his.today_() AND NOT s.stopped AND s.closes_at > his.instant_()
      AND (SELECT count(*) FROM his.number n
           WHERE n.schedule_id = s.schedule_id AND n.busy_until <= his.instant_()) > $1
ORDER BY md5(s.schedule_id || $2) LIMIT 1
"""
_SOMEBODY = """
SELECT p.patient_no FROM his.patient p
WHERE p.made_by LIKE 'seed%' AND NOT EXISTS (
  SELECT FROM his.registration r JOIN his.number n ON n.schedule_id = r.schedule_id AND n.no = r.no AND n.ref = r.ref
  WHERE r.schedule_id = $2 AND r.patient_no = p.patient_no AND n.busy_until > his.instant_())
ORDER BY md5(p.patient_no || $1) LIMIT 1
"""
"""Whom the hospital knows and who has no number of this schedule yet."""
_LEFT_FOR_OTHERS = 5


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """What a window sold, or with which of the hospital's codes it could not."""

    reference: str
    code: str
    message: str
    state: str = ""
    number: int = 0
    registration_no: str = ""


async def sell(pool: Pool, schedule_id: str, patient_no: str = "", reference: str = "") -> Sale:
    """One number of the schedule to this patient, or to somebody of the hospital's who has none."""
    reference = reference or f"W{secrets.token_hex(8)}"
    patient_no = patient_no or await pool.fetchval(_SOMEBODY, reference, int(schedule_id))
    query = "SELECT * FROM his.window_sell_($1, $2, $3)"
    return _sale(reference, await pool.fetchrow(query, reference, int(schedule_id), patient_no))


async def collect(pool: Pool, reference: str) -> Sale:
    """The holder of a kept number pays at the window."""
    receipt_no = f"W{secrets.token_hex(8)}"
    row = await pool.fetchrow("SELECT * FROM his.window_collect_($1, $2)", reference, receipt_no)
    return _sale(reference, row)


async def give_back(pool: Pool, reference: str) -> Sale:
    """The number of this reference becomes free, whoever sold it."""
    return _sale(reference, await pool.fetchrow("SELECT * FROM his.release_number($1)", reference))


async def sell_all(pool: Pool, schedule_id: str) -> int:
    """Everything that is left of a schedule, one number after the other; answers how many."""
    people = await pool.fetch("SELECT patient_no FROM his.patient WHERE made_by LIKE 'seed%'")
    sold = 0
    for person in people:
        sale = await sell(pool, schedule_id, person["patient_no"])
        sold += sale.code == "0"
        if sale.code not in ("0", "N02"):
            break
    return sold


async def sell_steadily(pool: Pool, per_minute: float) -> None:
    """A number of today's sessions every so often, until cancelled; the last few of a session are left to others."""
    while True:
        await asyncio.sleep(60 / per_minute)
        try:
            mark = secrets.token_hex(8)
            schedule_id = await pool.fetchval(_OPEN_NOW, _LEFT_FOR_OTHERS, mark)
            if schedule_id is not None:
                await sell(pool, str(schedule_id))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("window could not sell", error=type(error).__name__)


def _sale(reference: str, row: Any) -> Sale:
    return Sale(
        reference=reference,
        code=row["ret_code"],
        message=row["ret_msg"],
        state=row["state"] or "",
        number=row["no"] or 0,
        registration_no=row["registration_no"] or "",
    )
