"""What is asked every second finds its rows by their keys, in tables that were empty when it was planned."""

import asyncio
import re

import asyncpg

from yinyi.business.subscriptions import store

ASKED = {
    "claim": store.CLAIM,
    "learn": store.LEARN,
    "listed": store.LISTED,
    "resend": store.RESEND,
    "resent": store.RESENT,
    "every": store.EVERY,
}
_VALUES = {
    "int4": "1",
    "int8": "100",
    "text": "'his'",
    "timestamptz": "'2026-03-02 08:00+08'",
    "jsonb": '\'[{"hospital_id": 1, "institution_id": "his", "notification_no": 7, "claim": 0}]\'',
}
_FILLED = (
    "INSERT INTO institution (hospital_id, institution_id, kind, name, per_minute, per_day, created_at)"
    " VALUES (1, 'his', 'hospital', 'HIS', 1, 1, '2026-03-02')",
    "INSERT INTO subscription (hospital_id, institution_id, endpoint, topics, set_at, rest_until)"
    " VALUES (1, 'his', 'https://his.example/', '{payment}', '2026-03-02', '2026-03-02')",
    "INSERT INTO notification (hospital_id, institution_id, topic, subject, version, body, at, next_at, delivered_at)"
    " SELECT 1, 'his', 'payment', n, 1, '{}', '2026-03-02', CASE WHEN n % 1000 = 0 THEN timestamptz '2026-03-02' END,"
    " CASE WHEN n % 1000 > 0 THEN timestamptz '2026-03-02' END FROM generate_series(1, 20000) AS n",
)


def test_what_is_due_is_found_among_all_that_was_ever_told(platform_url: str) -> None:
    plans = asyncio.run(_plans(platform_url))
    for name, plan in plans.items():
        assert not re.findall(r"Seq Scan on notification\b", plan), f"{name}: {plan}"
        found = re.findall(r"using (notification_\w+) on notification.*\n(?: +Order By.*\n)? +Index Cond: (.*)", plan)
        assert found, f"{name}: {plan}"
        for index, condition in found:
            known = "notification_no" in condition or "next_at" in condition or index != "notification_pkey"
            assert known, f"{name}: {plan}"


async def _plans(url: str) -> dict[str, str]:
    connection = await asyncpg.connect(url, server_settings={"plan_cache_mode": "force_generic_plan"})
    try:
        asked = dict[str, str]()
        for number, (name, statement) in enumerate(ASKED.items()):
            parameters = (await connection.prepare(statement)).get_parameters()
            asked[name] = f"EXECUTE told_{number} ({', '.join(_VALUES[each.name] for each in parameters)})"
            await connection.execute(f"PREPARE told_{number} AS {statement}")
        for statement in _FILLED:
            await connection.execute(statement)
        plans = dict[str, str]()
        for name, execute in asked.items():
            plans[name] = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {execute}"))
        return plans
    finally:
        await connection.close()
