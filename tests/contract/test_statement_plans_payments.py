"""What every payment runs finds its rows by what tells them apart, whatever was planned while there were none."""

import asyncio
import re
from itertools import combinations
from typing import Any

import pytest

from yinyi.bus.database import open_pool
from yinyi.business.institutions import lines_store
from yinyi.business.ledger import store as ledger
from yinyi.business.payments import (
    callbacks,
    finding,
    institution_store,
    lost_time,
    notices,
    obligations,
    signals,
    store,
    suspense,
    taken_list_store,
)
from yinyi.business.payments.writes import Parts, write_statement
from yinyi.business.scheduling import store as bookings

_PARTS = Parts._fields


def _writes() -> dict[str, str]:
    """Each part by itself, each two of them, and all together."""
    some = [each for count in (0, 1, 2, len(_PARTS)) for each in combinations(_PARTS, count)]
    told = {each: Parts(*(part in each for part in _PARTS)) for each in some}
    return {f"write {' '.join(wanted)}": write_statement(parts) for wanted, parts in told.items()}


STATEMENTS = {
    "open": store.OPEN,
    "claim one": store.CLAIM_ONE,
    "claim due": store.CLAIM_DUE,
    "release": store.RELEASE,
    "keep": callbacks.KEEP,
    "choice": signals.TENDER,
    "choice, sent": signals.TENDER_SENT,
    "locked": signals.LOCKED,
    "glance": signals.GLANCE,
    "if changed": signals.IF_CHANGED,
    "with balance": signals.WITH_BALANCE,
    "ask now": signals.ASK_NOW,
    "put steps": signals.PUT_STEPS,
    "obliged": obligations.OBLIGED,
    "among": signals.AMONG,
    "obliged among": obligations.OBLIGED_AMONG,
    "held already": store.HELD,
    "open kinds": signals.OPEN_KINDS,
    "attention": signals.ATTENTION,
    "unasked": lost_time.UNASKED,
    "ask about": lost_time.ASK_ABOUT,
    "sooner": lost_time.SOONER,
    "mismatches": notices.MISMATCHES,
    "unknown": suspense.UNKNOWN,
    "post": ledger.POST,
    "post, limited": ledger.POST_LIMITED,
    "begun": finding.BEGUN,
    "known as": finding.KNOWN_AS,
    "of a day": finding.OF_DAY,
    "posted": ledger.POSTED,
    "balance": ledger.BALANCE,
    "balance, held": ledger.HELD,
    "movements": ledger.MOVEMENTS,
    "suspense": ledger.SUSPENSE,
    "left in suspense": ledger.LEFT_IN_SUSPENSE,
    "booked": bookings.BOOKED,
    "told of bookings": bookings.OF_BOOKINGS,
    "not told yet": bookings.UNSEEN,
    "given back": bookings.GIVEN_BACK,
    "taken by a bank": institution_store.KEEP,
    "taken, known": institution_store.KNOWN,
    "taken, found": institution_store.FIND,
    "to be given back": institution_store.OPEN,
    "listed otherwise": taken_list_store.DIFFERENCES,
    "listed otherwise, one": taken_list_store.DIFFERENCE,
    "line": lines_store.FIND,
    "asked on a line": lines_store.REMEMBER,
    **_writes(),
}
_LARGE = (
    "payment|payment_step|payment_event|payment_callback|payment_obligation|payment_settlement"
    "|journal_entry|posting|idempotency|audit"
)
_BALANCES = "|account_balance"
"""While they are few, those of a whole batch are found by one pass; planned anew whenever a tenth is added."""
_SMALL_INDEXES = "payment_(?:due|lease|attention)_ix|posting_open_items_ix|payment_callback_stranger_ix"
"""Of rows that are few at any time: read as a whole if need be."""
_SCAN = r"(?:Index(?: Only)? Scan(?: Backward)?) using (?P<index>\w+) on (?:{large})\b.*(?P<next>\n.*)?"
_BY_HOSPITAL = re.compile(r"Index Cond: \(hospital_id = \S+\)$")
_FEW = 60
"""From fifty rows on PostgreSQL looks at a table by itself, and plans anew."""
_FILLED = (
    "payment (hospital_id, payment_no, ask_no, purpose, purpose_version, scope, patient_id, terminal_id, amount_fen,"
    " description, facts, pay_by, business_date, started_at, updated_at, ended_at)"
    " SELECT 1, 'P' || n, 'A' || n, 'x', 1, 'outpatient', n, '', 1, '', '{}', :at, '2026-03-02', :at, :at, :at",
    "payment_step (hospital_id, payment_id, position, attempt, kind, reference, amount_fen, params, state, tries,"
    " since, reason, evidence) SELECT 1, n, 20, 1, 'payments.take', 'R' || n, 1, '{}', 'done', 1, :at, '', '{}'",
    "payment_event (hospital_id, payment_id, version, at, what) SELECT 1, n, 1, :at, '{}'",
    "payment_callback (hospital_id, source, event_id, reference, payment_id, verdict, outcome, body_hash, received_at,"
    " applied_at) SELECT 1, 'x', 'E' || n, 'R' || n, n, 'believed', '{}', '', :at, :at",
    "payment_obligation (hospital_id, kind, number, payment_id) SELECT 1, 'x', n::text, n",
    "journal_entry (hospital_id, source, kind, business_date, posted_at)"
    " SELECT 1, 'R' || n, 'taken', '2026-03-02', :at",
    "posting (hospital_id, entry_id, line, debit_account, credit_account, amount_fen)"
    " SELECT 1, n, 1, 'channel:x', 'prepaid:' || n, 1",
    "account_balance (hospital_id, account, balance_fen, changed_at) SELECT 1, 'prepaid:' || n, 1, :at",
)


@pytest.mark.parametrize("history", ["never analysed", "a few after it was vacuumed"])
def test_every_statement_finds_its_rows_by_what_tells_them_apart(platform_url: str, history: str) -> None:
    large = _LARGE + _BALANCES if history == "never analysed" else _LARGE
    for name, plan in asyncio.run(_plans(platform_url, history)).items():
        assert not re.findall(rf"Seq Scan on (?:{_LARGE}{_BALANCES})\b", plan), f"{name}: {plan}"
        for scan in re.finditer(_SCAN.format(large=large), plan):
            told = (scan["next"] or "").strip()
            if not re.fullmatch(_SMALL_INDEXES, scan["index"]):
                assert told.startswith("Index Cond"), f"{name}, all of {scan[0]}: {plan}"
                assert not _BY_HOSPITAL.search(told), f"{name}, a hospital's by {scan['index']}: {plan}"


async def _plans(url: str, history: str) -> dict[str, str]:
    """As the platform's own connections have them."""
    pool = await open_pool(url, size=1, name="test")
    try:
        async with pool.acquire() as connection:
            if history != "never analysed":
                await connection.execute("VACUUM ANALYZE")
                await _fill(connection)
            return {name: await _plan(connection, text.replace(":record", "")) for name, text in STATEMENTS.items()}
    finally:
        await pool.close()


async def _fill(connection: Any) -> None:
    for rows in _FILLED:
        told = rows.replace(":at", "'2026-03-02 08:00+08'::timestamptz")
        await connection.execute(f"INSERT INTO {told} FROM generate_series(1, {_FEW}) AS n")
    await connection.execute("ANALYZE")


async def _plan(connection: Any, statement: str) -> str:
    prepared = await connection.prepare(statement)
    values = ", ".join(["NULL"] * len(prepared.get_parameters()))
    await connection.execute(f"PREPARE asked AS {statement}")
    rows = await connection.fetch(f"EXPLAIN EXECUTE asked{f' ({values})' if values else ''}")
    await connection.execute("DEALLOCATE asked")
    return "\n".join(row[0] for row in rows)
