"""Plans are made once, often while tables are still empty: also then by the index that tells rows apart."""

import asyncio
import re

import asyncpg
import pytest

from yinyi.business.payments import store

STATEMENTS = {
    "open": store.OPEN.replace(":record", ""),
    "claim one": store.CLAIM_ONE,
    "release": store.RELEASE,
}
"""What every payment runs; those that are found in a loop of their own are left out."""
_LARGE = r"payment|payment_step|payment_event|payment_callback"


async def _plan(url: str, statement: str) -> str:
    connection = await asyncpg.connect(url, server_settings={"plan_cache_mode": "force_generic_plan"})
    try:
        prepared = await connection.prepare(statement)
        values = ", ".join(["NULL"] * len(prepared.get_parameters()))
        await connection.execute(f"PREPARE asked AS {statement}")
        return "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE asked ({values})"))
    finally:
        await connection.close()


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_large_table_is_read_from_end_to_end(platform_url: str, name: str) -> None:
    plan = asyncio.run(_plan(platform_url, STATEMENTS[name]))
    assert not re.findall(rf"Seq Scan on (?:{_LARGE})\b", plan), plan
    assert not re.findall(r"Index Cond: \(\(?hospital_id = \S+\)\)?$", plan, re.MULTILINE), plan
