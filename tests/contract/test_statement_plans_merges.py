"""What is looked up of one patient, one charge or one part of a list is found by it, in tables that were empty when it
was planned."""

import asyncio
import re
from typing import Any

import asyncpg

from yinyi.business.news import merge_store
from yinyi.business.payments import means_store, taken_list_store
from yinyi.business.prepaid import agreeing_store

ASKED = {
    "lock": merge_store.LOCK,
    "numbered": merge_store.NUMBERED,
    "by id": merge_store.BY_ID,
    "standing": merge_store.STANDING,
    "say": merge_store.SAY,
    "merge": merge_store.MERGE,
    "opened late": merge_store.OPENED_LATE,
    "left behind": merge_store.LEFT_BEHIND,
    "lock day": taken_list_store.LOCK_DAY,
    "forget": taken_list_store.FORGET,
    "keep part": taken_list_store.KEEP_PART,
    "keep rows": taken_list_store.KEEP_ROWS,
    "totals": taken_list_store.TOTALS,
    "differences": taken_list_store.DIFFERENCES,
    "means": means_store.REMEMBER,
    "want": agreeing_store.WANT,
    "claim": agreeing_store.CLAIM,
    "here": agreeing_store.HERE,
    "survivors": agreeing_store.SURVIVORS,
    "found": agreeing_store.FOUND,
    "open": agreeing_store.OPEN,
    "days": agreeing_store.DAYS,
    "settle": agreeing_store.SETTLE,
}
GROWING = (
    "patient|account_balance|payment|payment_obligation|guardianship|credential|visit_change|report|report_value|fee"
    "|fiscal_invoice|document|institution_take|taken_list_row|prepaid_charge|prepaid_charge_day"
    "|prepaid_charge_difference"
)
_FEW = "payment_means|prepaid_charge_day|prepaid_charge_difference"
"""A row for each channel, or each day; of differences those that stand."""
_BY_HOSPITAL = (
    rf"using (?!(?:{_FEW})_)\w+ on (?:{GROWING})\b.*\n +Index Cond: \(hospital_id = \S+\)\n"
    r"|Bitmap Index Scan on \w+ .*\n +Index Cond: \(hospital_id = \S+\)\n"
)


def test_whoever_is_looked_up_is_found_by_an_index(platform_url: str) -> None:
    for name, plan in asyncio.run(_plans(platform_url)).items():
        assert not re.findall(rf"Seq Scan on (?:{GROWING})\b", plan), f"{name}: {plan}"
        assert not re.findall(_BY_HOSPITAL, plan), f"{name}, all of a hospital: {plan}"


async def _plans(url: str) -> dict[str, str]:
    connection = await asyncpg.connect(url, server_settings={"plan_cache_mode": "force_generic_plan"})
    try:
        return {name: await _plan(connection, statement) for name, statement in ASKED.items()}
    finally:
        await connection.close()


async def _plan(connection: Any, statement: str) -> str:
    values = ", ".join(["NULL"] * len((await connection.prepare(statement)).get_parameters()))
    await connection.execute(f"PREPARE asked AS {statement}")
    rows = await connection.fetch(f"EXPLAIN EXECUTE asked{f' ({values})' if values else ''}")
    await connection.execute("DEALLOCATE asked")
    return "\n".join(row[0] for row in rows) + "\n"
