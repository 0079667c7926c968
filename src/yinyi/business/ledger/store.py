"""The ledger's SQL."""

from collections import Counter
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from yinyi.bus.database import Row, Tx
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.ledger.invariants import UNKNOWN_MOVE, moves_as_rows
from yinyi.business.ledger.model import JournalEntry, Moves, is_limited, limited_side
from yinyi.business.watch.model import numbered


def posting_ctes(parameter: str, source: str) -> str:
    """Two common table expressions that post what ``entry_rows`` made, as part of another statement: so that money and
    the step that moved it are one write. ``source``: the expression that has a row exactly if the write takes place."""
    return """
j AS (
  INSERT INTO journal_entry (hospital_id, source, kind, business_date, posted_at)
  SELECT r.hospital_id, r.source, r.kind, r.business_date, r.posted_at
  FROM :source, jsonb_to_recordset(:parameter::jsonb)
    AS r(hospital_id int, source text, kind text, business_date date, posted_at timestamptz)
  RETURNING hospital_id, entry_id, source
), l AS (
  INSERT INTO posting (hospital_id, entry_id, line, debit_account, credit_account, amount_fen)
  SELECT j.hospital_id, j.entry_id, x.line, x.p ->> 'debit_account', x.p ->> 'credit_account',
    (x.p ->> 'amount_fen')::bigint
  FROM j
  JOIN (SELECT r.* FROM :source, jsonb_to_recordset(:parameter::jsonb) AS r(source text, postings jsonb)) AS r
    ON r.source = j.source
  CROSS JOIN LATERAL jsonb_array_elements(r.postings) WITH ORDINALITY AS x(p, line)
)""".replace(":parameter", parameter).replace(":source", source)


def entry_rows(entries: list[JournalEntry]) -> str:
    """The parameter for ``posting_ctes``."""
    return msgspec.json.encode(entries).decode()


# ---- balances that have a limit


def balance_ctes(parameter: str, source: str) -> str:
    """Two more for what ``balance_rows`` made: the balances move in the statement that posts, and the database refuses
    what would leave less than nothing. A row that is there is updated; only one that is not is inserted, because
    PostgreSQL checks a row that is proposed before it looks for one to update. ``source`` tells the ``hospital_id``."""
    rows = """:source JOIN jsonb_to_recordset(:parameter::jsonb)
    AS r(hospital_id int, account text, change_fen bigint, changed_at timestamptz)
    ON r.hospital_id = :source.hospital_id"""
    return (
        """
moved_balance AS (
  UPDATE account_balance a SET balance_fen = a.balance_fen + r.change_fen, changed_at = r.changed_at
  FROM :rows
  WHERE a.account = r.account AND a.hospital_id = r.hospital_id
), new_balance AS (
  INSERT INTO account_balance AS b (hospital_id, account, balance_fen, changed_at)
  SELECT r.hospital_id, r.account, r.change_fen, r.changed_at
  FROM :rows
  WHERE NOT EXISTS (SELECT FROM account_balance a WHERE a.account = r.account AND a.hospital_id = r.hospital_id)
  ON CONFLICT (account, hospital_id) DO UPDATE
    SET balance_fen = b.balance_fen + excluded.balance_fen, changed_at = excluded.changed_at
)""".replace(":rows", rows)
        .replace(":parameter", parameter)
        .replace(":source", source)
    )


def balance_rows(entries: list[JournalEntry]) -> str:
    """The parameter for ``balance_ctes``; empty: no account with a limit is touched. A credit raises a balance."""
    if not any(is_limited(side) for entry in entries for each in entry.postings for side in each.accounts):
        return ""
    changes: Counter[tuple[int, str]] = Counter()
    for entry in entries:
        for posting in entry.postings:
            changes[entry.hospital_id, posting.credit_account] += posting.amount_fen
            changes[entry.hospital_id, posting.debit_account] -= posting.amount_fen
    rows = [
        {"hospital_id": hospital_id, "account": account, "change_fen": fen, "changed_at": entries[0].posted_at}
        for (hospital_id, account), fen in sorted(changes.items())
        if fen and is_limited(account)
    ]
    return msgspec.json.encode(rows).decode() if rows else ""


def overdraws(error: Exception) -> bool:
    """Whether a statement failed because a balance would have fallen below zero; nothing of it was done."""
    return isinstance(error, asyncpg.CheckViolationError) and error.constraint_name == "account_balance_balance_check"


POST = "\n".join(("WITH one AS (SELECT 1),", posting_ctes("$1", "one"), "SELECT count(*) FROM j"))
POST_LIMITED = POST.replace("SELECT 1", "SELECT $3::int AS hospital_id").replace(
    "SELECT count(*)", f", {balance_ctes('$2', 'one')} SELECT count(*)"
)


async def post(tx: Tx, entries: list[JournalEntry]) -> None:
    """Post in the transaction of what moved the money.

    Raises:
        BalanceTooLow: an account with a limit has not so much.
    """
    rows, changes = entry_rows(entries), balance_rows(entries)
    if not changes:
        await tx.fetchval(POST, rows)
        return
    try:
        await tx.fetchval(POST_LIMITED, rows, changes, entries[0].hospital_id)
    except asyncpg.CheckViolationError as error:
        if not overdraws(error):
            raise
        raise BalanceTooLow from error


POSTED = """
SELECT f.source FROM unnest($2::text[]) AS n (source) CROSS JOIN LATERAL (
  SELECT e.source FROM journal_entry e WHERE e.hospital_id = $1 AND e.source = n.source LIMIT 1) AS f
"""


async def posted(tx: Tx, hospital_id: int, sources: list[str]) -> set[str]:
    """Those of these sources that were posted."""
    return {row["source"] for row in await tx.fetch(POSTED, hospital_id, sources)}


_BALANCES = """
WITH counted AS (
  SELECT p.debit_account, p.credit_account, p.amount_fen FROM posting p
  WHERE p.hospital_id = $1 AND ($2::timestamptz IS NULL OR EXISTS (
    SELECT FROM journal_entry e
    WHERE e.hospital_id = p.hospital_id AND e.entry_id = p.entry_id AND e.posted_at <= $2))
)
SELECT account, sum(debit)::bigint AS debit_fen, sum(credit)::bigint AS credit_fen FROM (
  SELECT debit_account AS account, sum(amount_fen) AS debit, 0 AS credit FROM counted GROUP BY 1
  UNION ALL
  SELECT credit_account, 0, sum(amount_fen) FROM counted GROUP BY 1
) AS sides GROUP BY account ORDER BY account
"""
_OWNERS_AS_ONE = """
CASE WHEN {0} LIKE 'prepaid:%' THEN 'prepaid:*' WHEN {0} LIKE 'deposit:%' THEN 'deposit:*' ELSE {0} END
"""
_TOGETHER = _BALANCES.replace(
    "debit_account AS account", f"{_OWNERS_AS_ONE.format('debit_account')} AS account"
).replace("SELECT credit_account,", f"SELECT {_OWNERS_AS_ONE.format('credit_account')},")
_COUNTS = """
SELECT (SELECT count(*) FROM journal_entry WHERE hospital_id = $1) AS entries,
  (SELECT count(*) FROM posting WHERE hospital_id = $1) AS postings,
  (SELECT count(*) FROM journal_entry e WHERE hospital_id = $1 AND NOT EXISTS (
    SELECT FROM posting p WHERE p.hospital_id = e.hospital_id AND p.entry_id = e.entry_id)) AS empty
"""


async def balances(tx: Tx, hospital_id: int, at: datetime | None = None) -> list[Row]:
    """``account, debit_fen, credit_fen`` by account; ``at``: as it was then."""
    return await tx.fetch(_BALANCES, hospital_id, at)


async def balances_together(tx: Tx, hospital_id: int, at: datetime | None = None) -> list[Row]:
    """The same with all patients' own accounts as one, and all stays': there may be half a million of them."""
    return await tx.fetch(_TOGETHER, hospital_id, at)


async def counts(tx: Tx, hospital_id: int) -> Any:
    """``entries, postings, empty`` (entries without a posting)."""
    return await tx.fetchrow(_COUNTS, hospital_id)


_UNKNOWN = """
SELECT e.kind, count(DISTINCT e.entry_id)::int AS entries
FROM journal_entry e JOIN posting p ON p.hospital_id = e.hospital_id AND p.entry_id = e.entry_id
WHERE e.hospital_id = :hospital AND :unknown GROUP BY e.kind ORDER BY e.kind LIMIT 100
""".replace(":unknown", UNKNOWN_MOVE)


async def unknown_moves(tx: Tx, hospital_id: int, moves: Moves) -> list[Row]:
    """``kind, entries``: of entries of a kind that nobody posts, or between accounts that it is not for."""
    statement, values = numbered(_UNKNOWN, {"hospital": hospital_id, **moves_as_rows(moves)})
    return await tx.fetch(statement, *values)


def _limited(statement: str) -> str:
    """With the very words by which the indexes of accounts with a limit are found."""
    for side in ("credit", "debit"):
        statement = statement.replace(f":limited_{side}", limited_side(side))
    return statement


BALANCE = "SELECT balance_fen FROM account_balance WHERE account = $2 AND hospital_id = $1"
_ABOVE_ZERO = """
SELECT account, balance_fen FROM account_balance WHERE hospital_id = $1 AND account LIKE $2 || ':%' AND balance_fen > 0
ORDER BY account LIMIT $3
"""
MOVEMENTS = _limited("""
SELECT e.entry_id, e.posted_at, e.kind, e.source, m.amount_fen FROM (
  SELECT hospital_id, entry_id, amount_fen FROM posting
  WHERE credit_account = $2 AND hospital_id = $1 AND entry_id < $4 AND (:limited_credit)
  UNION ALL
  SELECT hospital_id, entry_id, -amount_fen FROM posting
  WHERE debit_account = $2 AND hospital_id = $1 AND entry_id < $4 AND (:limited_debit)
  ORDER BY entry_id DESC LIMIT $3
) AS m JOIN journal_entry e USING (hospital_id, entry_id) ORDER BY e.entry_id DESC
""")
_LIMITED = _limited("""
WITH ledger AS (
  SELECT account, sum(amount)::bigint AS fen FROM (
    SELECT credit_account AS account, amount_fen AS amount FROM posting
    WHERE hospital_id = $1 AND (:limited_credit)
    UNION ALL
    SELECT debit_account, -amount_fen FROM posting
    WHERE hospital_id = $1 AND (:limited_debit)
  ) AS sides GROUP BY account
), balance AS (SELECT account, balance_fen FROM account_balance WHERE hospital_id = $1)
SELECT account, coalesce(l.fen, 0) AS ledger_fen, coalesce(b.balance_fen, 0) AS balance_fen
FROM ledger l FULL JOIN balance b USING (account)
WHERE coalesce(l.fen, 0) <> coalesce(b.balance_fen, 0) ORDER BY account LIMIT 100
""")


async def balance_of(tx: Tx, hospital_id: int, account: str) -> int:
    """Of an account with a limit, in fen."""
    return await tx.fetchval(BALANCE, hospital_id, account) or 0


HELD = f"{BALANCE} FOR UPDATE"


async def balance_held(tx: Tx, hospital_id: int, account: str) -> int:
    """The same; nobody else moves it before the end of the transaction."""
    return await tx.fetchval(HELD, hospital_id, account) or 0


AT_HAND = """
SELECT account, balance_fen FROM account_balance WHERE account = ANY($2::text[]) AND hospital_id = $1
ORDER BY account FOR UPDATE
"""


async def at_hand(tx: Tx, entries: list[JournalEntry]) -> dict[str, int]:
    """What each account with a limit has that these entries take something off, in fen; nobody else takes anything off
    it before the end of the transaction."""
    accounts = {each.debit_account for entry in entries for each in entry.postings if is_limited(each.debit_account)}
    if not accounts:
        return {}
    rows = await tx.fetch(AT_HAND, entries[0].hospital_id, sorted(accounts))
    return {row["account"]: row["balance_fen"] for row in rows}


async def above_zero(tx: Tx, hospital_id: int, kind: str, limit: int) -> list[Row]:
    """``account, balance_fen`` of accounts with a limit, of this kind, on which something is left."""
    return await tx.fetch(_ABOVE_ZERO, hospital_id, kind, limit)


async def movements(tx: Tx, hospital_id: int, account: str, limit: int, before: int = 0) -> list[Row]:
    """``entry_id, posted_at, kind, source, amount_fen`` of an account with a limit, newest first; less than zero: it
    was debited. before: only what was booked before this entry; 0: to the last one."""
    return await tx.fetch(MOVEMENTS, hospital_id, account, limit, before or 2**63 - 1)


async def balances_against_postings(tx: Tx, hospital_id: int) -> list[Row]:
    """``account, ledger_fen, balance_fen`` of the first hundred accounts with a limit of which the postings and the
    balance say different things."""
    return await tx.fetch(_LIMITED, hospital_id)


# ---- accounts on which nothing is to stay

SUSPENSE = """
SELECT p.entry_id, e.posted_at AS at, e.kind, e.source,
  CASE WHEN p.debit_account LIKE 'suspense:%' THEN p.debit_account ELSE p.credit_account END AS account,
  CASE WHEN p.debit_account LIKE 'suspense:%' THEN p.amount_fen ELSE -p.amount_fen END AS debit_fen
FROM posting p JOIN journal_entry e USING (hospital_id, entry_id)
WHERE p.hospital_id = $1 AND (p.debit_account LIKE 'suspense:%' OR p.credit_account LIKE 'suspense:%')
  AND p.entry_id < $3
ORDER BY p.entry_id DESC LIMIT $2
"""
LEFT_IN_SUSPENSE = """
SELECT account, sum(fen)::bigint AS debit_fen FROM (
  SELECT p.debit_account AS account, p.amount_fen AS fen FROM posting p
  WHERE p.hospital_id = $1 AND p.debit_account LIKE 'suspense:%'
  UNION ALL
  SELECT p.credit_account, -p.amount_fen FROM posting p
  WHERE p.hospital_id = $1 AND p.credit_account LIKE 'suspense:%'
) AS sides GROUP BY account
"""


async def suspense(tx: Tx, hospital_id: int, limit: int, before: int = 0) -> list[Row]:
    """``entry_id, at, kind, source, account, debit_fen`` of what came to suspense or left it last, newest first; less
    than zero: a credit. before: only what was booked before this entry; 0: to the last one."""
    return await tx.fetch(SUSPENSE, hospital_id, limit, before or 2**63 - 1)


async def left_in_suspense(tx: Tx, hospital_id: int) -> dict[str, int]:
    """Debits less credits of each account in suspense, in fen."""
    rows = await tx.fetch(LEFT_IN_SUSPENSE, hospital_id)
    return {row["account"]: row["debit_fen"] for row in rows}
