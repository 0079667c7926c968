"""Plans are made once, often while tables are still empty: also then by the index that tells rows apart. Payments:
``test_statement_plans_payments``."""

import asyncio
import re
from itertools import pairwise

import asyncpg
import pytest

from yinyi.business.identity import many
from yinyi.business.imports import store as imports

IMPORTS = {
    "earlier patients": imports.EARLIER_PATIENTS,
    "earlier balances": imports.EARLIER_BALANCES,
    "earlier bindings": imports.EARLIER_BINDINGS,
    "problems": imports.PROBLEMS,
    "take patients": imports.TAKE_PATIENTS,
    "take bindings": imports.TAKE_BINDINGS,
    "balances": imports.BALANCES,
    "opened": imports.OPENED,
    "sweep": imports.SWEEP,
    "ids": many.IDS,
    "bound": many.BOUND,
}
"""What runs for each slice of an import."""
_VALUES = {
    "int4": "2",
    "int8": "1",
    "text": "'patients'",
    "timestamptz": "'2026-03-02 08:00+08'",
    "int4[]": f"'{{{','.join(map(str, range(1000)))}}}'",
    "int8[]": f"'{{{','.join(map(str, range(1000)))}}}'",
    "text[]": f"'{{{','.join(f'P{n}' for n in range(1000))}}}'",
    "bytea[]": f"'{{{','.join(f'{n:04}' for n in range(1000))}}}'",
}
_FILLED = (
    "import_patient (hospital_id, import_id, line, patient_no, name, sex) SELECT 1, 1, n, 'P' || n, 'x', 'male'",
    "import_binding (hospital_id, import_id, line, place, patient_no, kind, number_key_id, number_data, number_index)"
    " SELECT 1, 1, n, 0, 'P' || n, 'passport', 1, '', sha256(n::text::bytea)",
    "import_balance (hospital_id, import_id, line, patient_no, amount_fen) SELECT 1, 1, n, 'P' || n, 1",
    "import_problem (hospital_id, import_id, file, line, field, reason, earlier_line)"
    " SELECT 1, 1, 'patients', n, 'sex', 'form', 0",
    "patient (hospital_id, patient_no, name, sex, created_at, updated_at)"
    " SELECT 1, 'P' || n, 'x', 'male', '2026-03-02', '2026-03-02'",
    "credential (hospital_id, patient_id, kind, number_key_id, number_data, number_index, bound_at)"
    " SELECT 1, n - 1, 'passport', 1, '', sha256(n::text::bytea), '2026-03-02'",
)
_NIGHT = (2, 1_000, 3_000, 10_000, 30_000)
"""So many rows are there by and by."""
_FILLED_IN_A_NIGHT = r"import_(?:patient|binding|balance|problem)|patient|credential"
_SMALL = r"on import_run .*\n +Index Cond: .*"
_ROW = r"patient_no =|number_index =|line =|line >=? .*line <="


@pytest.mark.parametrize("emptied", [False, True], ids=["never analysed", "emptied by a rehearsal"])
def test_a_slice_is_found_by_index_in_tables_that_were_empty_when_it_was_planned(
    platform_url: str, emptied: bool
) -> None:
    plans = asyncio.run(_plans_of_the_night(platform_url, emptied))
    assert len(plans) == len(IMPORTS) * (len(_NIGHT) - 1)
    for name, plan in plans.items():
        assert not re.findall(rf"Seq Scan on (?:{_FILLED_IN_A_NIGHT})\b", plan), f"{name}: {plan}"
        found = re.findall(r"Index Cond: (.*)", re.sub(_SMALL, "", plan))
        assert found, f"{name}: {plan}"
        assert [each for each in found if not re.search(_ROW, each)] == [], f"{name}: {plan}"


async def _plans_of_the_night(url: str, emptied: bool) -> dict[str, str]:
    """Of statements whose plans were kept since their tables were empty."""
    connection = await asyncpg.connect(url, server_settings={"plan_cache_mode": "force_generic_plan"})
    try:
        if emptied:
            await connection.execute("VACUUM ANALYZE")
        for table in _FILLED:  # on a slow machine it would come in the middle of this night
            await connection.execute(f"ALTER TABLE {table.split()[0]} SET (autovacuum_enabled = off)")
        asked = dict[str, str]()
        for number, (name, statement) in enumerate(IMPORTS.items()):
            parameters = (await connection.prepare(statement)).get_parameters()
            asked[name] = f"EXECUTE asked_{number} ({', '.join(_VALUES[each.name] for each in parameters)})"
            await connection.execute(f"PREPARE asked_{number} AS {statement}")
            await connection.execute(asked[name])
        plans = dict[str, str]()
        for first, last in pairwise(_NIGHT):
            for table in _FILLED:
                await connection.execute(f"INSERT INTO {table} FROM generate_series({first}, {last - 1}) AS n")
            async with connection.transaction():
                await connection.execute(imports.BY_INDEX)
                for name, execute in asked.items():
                    rows = await connection.fetch(f"EXPLAIN {execute}")
                    plans[f"{name} of {last}"] = "\n".join(row[0] for row in rows)
        return plans
    finally:
        await connection.close()
