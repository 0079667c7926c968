"""SQL of imports: what waits to be taken over, and how far it is."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from yinyi.bus.database import Row, Tx
from yinyi.business.identity.many import SealedBinding, SealedPatient
from yinyi.business.imports.errors import AnotherImport
from yinyi.business.imports.model import BalanceLine, ImportFile, Problem
from yinyi.kernel.errors import SecondPersonNeeded
from yinyi.kernel.secrets import Sealed

_BEGIN = """
INSERT INTO import_run (hospital_id, import_no, most_fen, patients_header, balances_header, patients_lines,
                        balances_lines, patients_chain, balances_chain, begun_by, begun_at, done_before)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, count(*) FROM import_run WHERE hospital_id = $1 AND state = 'done'
"""
_DROP_OLD = """
UPDATE import_run SET state = 'withdrawn', withdrawn_by = begun_by, withdrawn_at = $2
WHERE hospital_id = $1 AND state = 'draft' AND begun_at < $3
"""
_FIND = "SELECT * FROM import_run WHERE import_no = $2 AND hospital_id = $1"
_LOCK = f"{_FIND} FOR UPDATE"
_LATEST = "SELECT * FROM import_run WHERE hospital_id = $1 ORDER BY import_id DESC LIMIT 20"
_PROPOSE = """
UPDATE import_run SET state = 'proposed', proposed_by = $3, proposed_at = $4
WHERE hospital_id = $1 AND import_id = $2 AND state = 'draft'
"""
_CONFIRM = """
UPDATE import_run SET state = 'confirmed', confirmed_by = $3, confirmed_at = $4
WHERE hospital_id = $1 AND import_id = $2 AND state = 'proposed'
"""
_WITHDRAW = """
UPDATE import_run SET state = 'withdrawn', withdrawn_by = $3, withdrawn_at = $4
WHERE hospital_id = $1 AND import_id = $2 AND state IN ('draft', 'proposed')
"""
_DONE = "SELECT count(*) FROM import_run WHERE hospital_id = $1 AND state = 'done'"


async def begin(tx: Tx, *values: Any) -> None:
    """In the order of ``_BEGIN``."""
    await tx.execute(_BEGIN, *values)


async def drop_drafts(tx: Tx, hospital_id: int, now: datetime, before: datetime) -> None:
    """Whoever began them has left them alone."""
    await tx.execute(_DROP_OLD, hospital_id, now, before)


async def find(tx: Tx, hospital_id: int, import_no: str) -> Row | None:
    return await tx.fetchrow(_FIND, hospital_id, import_no)


async def lock(tx: Tx, hospital_id: int, import_no: str) -> Row | None:
    """Until the end of the transaction nobody else changes it."""
    return await tx.fetchrow(_LOCK, hospital_id, import_no)


async def latest(tx: Tx, hospital_id: int) -> list[Row]:
    return await tx.fetch(_LATEST, hospital_id)


async def propose(tx: Tx, run: Row, by: str, now: datetime) -> None:
    """
    Raises:
        AnotherImport: one is proposed or under way.
    """
    try:
        await tx.execute(_PROPOSE, run["hospital_id"], run["import_id"], by, now)
    except asyncpg.UniqueViolationError as error:
        raise AnotherImport from error


async def confirm(tx: Tx, run: Row, by: str, now: datetime) -> None:
    """
    Raises:
        SecondPersonNeeded: the database keeps the two apart.
    """
    try:
        await tx.execute(_CONFIRM, run["hospital_id"], run["import_id"], by, now)
    except asyncpg.CheckViolationError as error:
        if error.constraint_name != "import_run_two_people_check":
            raise
        raise SecondPersonNeeded from error


async def withdraw(tx: Tx, run: Row, by: str, now: datetime) -> None:
    await tx.execute(_WITHDRAW, run["hospital_id"], run["import_id"], by, now)


async def done_since(tx: Tx, run: Row) -> bool:
    """Whether an import has ended since this one began, by the database's own order, whatever clocks say: what it took
    over was there before it ended, and what began after that was checked against it."""
    return await tx.fetchval(_DONE, run["hospital_id"]) > run["done_before"]


BY_INDEX = """
SELECT set_config('enable_seqscan', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)
"""
"""A plan that was made while a table was empty, as it is after a rehearsal, reads a full one from end to end."""


async def by_index(tx: Tx) -> None:
    """Until the end of the transaction, whatever the planner believes of tables that are filled in one night."""
    await tx.fetchrow(BY_INDEX)


# ---- what is checked
#
# LIMIT 1 beside a whole unique key: each is one look-up. ``+ 0``: by no other key; without statistics, one that begins
# with the import looks as good, and is shorter.


EARLIER_PATIENTS = """
SELECT f.patient_no, f.line FROM unnest($3::text[]) AS n (patient_no) CROSS JOIN LATERAL (
  SELECT p.patient_no, p.line FROM import_patient p
  WHERE p.patient_no = n.patient_no AND p.import_id + 0 = $2 AND p.hospital_id + 0 = $1 LIMIT 1) AS f
"""
EARLIER_BALANCES = EARLIER_PATIENTS.replace("import_patient", "import_balance")
EARLIER_BINDINGS = """
SELECT f.kind, f.number_index, f.line
FROM unnest($3::text[], $4::bytea[]) AS n (kind, number_index) CROSS JOIN LATERAL (
  SELECT b.kind, b.number_index, b.line FROM import_binding b
  WHERE b.number_index = n.number_index AND b.kind = n.kind AND b.import_id + 0 = $2 AND b.hospital_id + 0 = $1
  LIMIT 1) AS f
"""
_PUT_PATIENTS = """
INSERT INTO import_patient (hospital_id, import_id, line, patient_no, name, sex, born_on, phone_key_id, phone_data,
                            phone_index)
SELECT $1, $2, n.* FROM unnest(
  $3::int[], $4::text[], $5::text[], $6::text[], $7::date[], $8::int[], $9::bytea[], $10::bytea[]) AS n
"""
_PUT_BINDINGS = """
INSERT INTO import_binding (hospital_id, import_id, line, place, patient_no, kind, number_key_id, number_data,
                            number_index)
SELECT $1, $2, n.* FROM unnest(
  $3::int[], $4::int[], $5::text[], $6::text[], $7::int[], $8::bytea[], $9::bytea[]) AS n
"""
_PUT_BALANCES = """
INSERT INTO import_balance (hospital_id, import_id, line, patient_no, amount_fen)
SELECT $1, $2, n.* FROM unnest($3::int[], $4::text[], $5::bigint[]) AS n
"""
_PUT_PROBLEMS = """
INSERT INTO import_problem (hospital_id, import_id, file, line, field, reason, earlier_line)
SELECT $1, $2, $3, n.* FROM unnest($4::int[], $5::text[], $6::text[], $7::int[]) AS n
ON CONFLICT DO NOTHING
"""
PROBLEMS = """
SELECT *, count(*) OVER () AS problems FROM (
  SELECT file, line, field, reason, earlier_line, row_number() OVER (PARTITION BY line ORDER BY field, reason) AS place
  FROM import_problem WHERE hospital_id = $1 AND import_id = $2 AND file = $3 AND line >= $4 AND line <= $5) AS each
ORDER BY place, line LIMIT $6
"""
_LEFT_OUT = """
SELECT file, line, field, reason, earlier_line FROM import_problem
WHERE hospital_id = $1 AND import_id = $2 AND reason = 'bound_meanwhile' ORDER BY line, field LIMIT 100
"""
_COUNT_PATIENTS = """
UPDATE import_run SET patients_lines = $3, patients_chain = $4, problems = problems + $5, patients = patients + $6,
  bindings = bindings + $7
WHERE hospital_id = $1 AND import_id = $2
"""
_COUNT_BALANCES = """
UPDATE import_run SET balances_lines = $3, balances_chain = $4, problems = problems + $5, balances = balances + $6,
  empty_accounts = empty_accounts + $7, total_fen = total_fen + $8
WHERE hospital_id = $1 AND import_id = $2
"""


def _of(run: Row) -> tuple[int, int]:
    return run["hospital_id"], run["import_id"]


async def earlier_patients(tx: Tx, run: Row, patient_nos: list[str]) -> dict[str, int]:
    """In which line of the patients file they stand, of those that do."""
    return {row["patient_no"]: row["line"] for row in await tx.fetch(EARLIER_PATIENTS, *_of(run), patient_nos)}


async def earlier_balances(tx: Tx, run: Row, patient_nos: list[str]) -> dict[str, int]:
    """The same of the balances file."""
    return {row["patient_no"]: row["line"] for row in await tx.fetch(EARLIER_BALANCES, *_of(run), patient_nos)}


async def earlier_bindings(tx: Tx, run: Row, bindings: Sequence[SealedBinding]) -> dict[tuple[str, bytes], int]:
    """In which line of the patients file (kind, index) stands."""
    kinds, indexes = [each.kind for each in bindings], [each.number_index for each in bindings]
    rows = await tx.fetch(EARLIER_BINDINGS, *_of(run), kinds, indexes)
    return {(row["kind"], row["number_index"]): row["line"] for row in rows}


async def put_patients(tx: Tx, run: Row, patients: list[tuple[int, SealedPatient]]) -> None:
    """Each with the number of its line."""
    each = [patient for _, patient in patients]
    await tx.execute(
        _PUT_PATIENTS,
        *_of(run),
        [line for line, _ in patients],
        [one.patient_no for one in each],
        [one.name for one in each],
        [one.sex for one in each],
        [one.born_on for one in each],
        [one.phone.key_id if one.phone else None for one in each],
        [one.phone.data if one.phone else None for one in each],
        [one.phone_index for one in each],
    )


async def put_bindings(tx: Tx, run: Row, bindings: list[tuple[int, SealedBinding]]) -> None:
    """Each with the number of its line."""
    each = [binding for _, binding in bindings]
    await tx.execute(
        _PUT_BINDINGS,
        *_of(run),
        [line for line, _ in bindings],
        list(range(len(bindings))),
        [one.patient_no for one in each],
        [one.kind for one in each],
        [one.number.key_id for one in each],
        [one.number.data for one in each],
        [one.number_index for one in each],
    )


async def put_balances(tx: Tx, run: Row, balances: list[BalanceLine]) -> None:
    lines, numbers = [each.line for each in balances], [each.patient_no for each in balances]
    await tx.execute(_PUT_BALANCES, *_of(run), lines, numbers, [each.amount_fen for each in balances])


async def put_problems(tx: Tx, run: Row, file: ImportFile, problems: list[Problem]) -> None:
    lines, fields = [each.line for each in problems], [each.field for each in problems]
    reasons, earlier = [each.reason for each in problems], [each.earlier_line for each in problems]
    await tx.execute(_PUT_PROBLEMS, *_of(run), file, lines, fields, reasons, earlier)


async def problems_of(tx: Tx, run: Row, file: str, first_line: int, last_line: int, limit: int) -> list[Row]:
    """The first of every line before the second of any; ``problems``: how many there are without the limit."""
    return await tx.fetch(PROBLEMS, *_of(run), file, first_line, last_line, limit)


async def left_out(tx: Tx, run: Row) -> list[Row]:
    """Bindings that somebody else has got meanwhile."""
    return await tx.fetch(_LEFT_OUT, *_of(run))


async def count_patients(tx: Tx, run: Row, last_line: int, chain: bytes, *counts: int) -> None:
    """``counts``: problems, patients, bindings."""
    await tx.execute(_COUNT_PATIENTS, *_of(run), last_line, chain, *counts)


async def count_balances(tx: Tx, run: Row, last_line: int, chain: bytes, *counts: int) -> None:
    """``counts``: problems, balances, empty accounts, fen."""
    await tx.execute(_COUNT_BALANCES, *_of(run), last_line, chain, *counts)


# ---- what is taken over


_HAS_WORK = """
SELECT EXISTS (SELECT FROM import_run WHERE state = 'confirmed' OR state = 'withdrawn' AND swept_at IS NULL)
"""
_TAKE_WORK = """
SELECT * FROM import_run
WHERE (state = 'confirmed' OR state = 'withdrawn' AND swept_at IS NULL) AND import_id <> ALL ($1::bigint[])
ORDER BY state = 'confirmed', import_id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
TAKE_PATIENTS = """
DELETE FROM import_patient WHERE hospital_id = $1 AND import_id = $2 AND line > $3 AND line <= $4
RETURNING patient_no, name, sex, born_on, phone_key_id, phone_data, phone_index
"""
TAKE_BINDINGS = """
DELETE FROM import_binding WHERE hospital_id = $1 AND import_id = $2 AND line > $3 AND line <= $4
RETURNING line, patient_no, kind, number_key_id, number_data, number_index
"""
BALANCES = """
SELECT line, patient_no, amount_fen FROM import_balance
WHERE hospital_id = $1 AND import_id = $2 AND line > $3 AND line <= $4 AND opened_at IS NULL
  AND amount_fen > 0
"""
OPENED = """
UPDATE import_balance b SET patient_id = n.patient_id, opened_at = $5
FROM unnest($3::int[], $4::bigint[]) AS n (line, patient_id)
WHERE b.hospital_id = $1 AND b.import_id = $2 AND b.line > $6 AND b.line <= $7 AND b.line = n.line
"""
_TAKEN_TO = """
UPDATE import_run SET taken_to = $3, made = made + $4, bound = bound + $5, left_out = left_out + $6
WHERE hospital_id = $1 AND import_id = $2
"""
_OPENED_TO = """
UPDATE import_run SET opened_to = $3, opened = opened + $4, opened_fen = opened_fen + $5
WHERE hospital_id = $1 AND import_id = $2
"""
_END = "UPDATE import_run SET state = 'done', done_at = $3, swept_at = $3 WHERE hospital_id = $1 AND import_id = $2"
SWEEP = """
WITH p AS (DELETE FROM import_patient WHERE hospital_id = $1 AND import_id = $2 AND line > $3 AND line <= $4),
  b AS (DELETE FROM import_binding WHERE hospital_id = $1 AND import_id = $2 AND line > $3 AND line <= $4),
  a AS (DELETE FROM import_balance WHERE hospital_id = $1 AND import_id = $2 AND line > $3 AND line <= $4),
  f AS (DELETE FROM import_problem WHERE hospital_id = $1 AND import_id = $2 AND line > $3 AND line <= $4)
UPDATE import_run SET taken_to = $4,
  swept_at = CASE WHEN $4 >= greatest(patients_lines, balances_lines) THEN $5::timestamptz END
WHERE hospital_id = $1 AND import_id = $2
"""


async def has_work(tx: Tx) -> bool:
    """Whether there is an import that has something to be done."""
    return await tx.fetchval(_HAS_WORK)


async def take_work(tx: Tx, beside: Collection[int]) -> Row | None:
    """The oldest import that has something to be done, unless another process is at it; first what is to be forgotten,
    for names stand in it. ``beside``: not these."""
    return await tx.fetchrow(_TAKE_WORK, list(beside))


async def take_patients(tx: Tx, run: Row, to_line: int) -> list[SealedPatient]:
    """Out of what waits, up to this line."""
    rows = await tx.fetch(TAKE_PATIENTS, *_of(run), run["taken_to"], to_line)
    return [
        SealedPatient(
            patient_no=row["patient_no"],
            name=row["name"],
            sex=row["sex"],
            born_on=row["born_on"],
            phone=Sealed(row["phone_key_id"], row["phone_data"]) if row["phone_data"] else None,
            phone_index=row["phone_index"],
        )
        for row in rows
    ]


async def take_bindings(tx: Tx, run: Row, to_line: int) -> list[tuple[int, SealedBinding]]:
    """Out of what waits, up to this line; each with the number of its line."""
    rows = await tx.fetch(TAKE_BINDINGS, *_of(run), run["taken_to"], to_line)
    return [
        (
            row["line"],
            SealedBinding(
                patient_no=row["patient_no"],
                kind=row["kind"],
                number=Sealed(row["number_key_id"], row["number_data"]),
                number_index=row["number_index"],
            ),
        )
        for row in rows
    ]


async def balances(tx: Tx, run: Row, to_line: int) -> list[BalanceLine]:
    """Those that are not opened yet, up to this line."""
    rows = await tx.fetch(BALANCES, *_of(run), run["opened_to"], to_line)
    return [BalanceLine(line=row["line"], patient_no=row["patient_no"], amount_fen=row["amount_fen"]) for row in rows]


async def opened(
    tx: Tx, run: Row, to_line: int, balances: list[BalanceLine], patient_ids: list[int], now: datetime
) -> None:
    """These of the lines up to this one were opened on these patients' accounts."""
    lines = [each.line for each in balances]
    await tx.execute(OPENED, *_of(run), lines, patient_ids, now, run["opened_to"], to_line)


async def taken_to(tx: Tx, run: Row, to_line: int, *counts: int) -> None:
    """``counts``: patients made, numbers bound, numbers left out."""
    await tx.execute(_TAKEN_TO, *_of(run), to_line, *counts)


async def opened_to(tx: Tx, run: Row, to_line: int, *counts: int) -> None:
    """``counts``: accounts opened, fen."""
    await tx.execute(_OPENED_TO, *_of(run), to_line, *counts)


async def end(tx: Tx, run: Row, now: datetime) -> None:
    """All of it is taken over; the database refuses that if it is not what was confirmed."""
    await tx.execute(_END, *_of(run), now)


async def sweep(tx: Tx, run: Row, to_line: int, now: datetime) -> None:
    """Nothing of a withdrawn import stays but its figures. What was swept before is not passed over again: its rows are
    dead, not gone."""
    await tx.execute(SWEEP, *_of(run), run["taken_to"], to_line, now)
