"""The ledger's SQL."""

from datetime import datetime
from typing import Any

import msgspec

from yinyi.bus.database import Row, Tx
from yinyi.business.ledger.model import JournalEntry


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
  JOIN jsonb_to_recordset(:parameter::jsonb) AS r(source text, postings jsonb) ON r.source = j.source
  CROSS JOIN LATERAL jsonb_array_elements(r.postings) WITH ORDINALITY AS x(p, line)
)""".replace(":parameter", parameter).replace(":source", source)


def entry_rows(entries: list[JournalEntry]) -> str:
    """The parameter for ``posting_ctes``."""
    return msgspec.json.encode(entries).decode()


_POST = "\n".join(("WITH one AS (SELECT 1),", posting_ctes("$1", "one"), "SELECT count(*) FROM j"))


async def post(tx: Tx, entries: list[JournalEntry]) -> None:
    """Post in the transaction of what moved the money."""
    await tx.fetchval(_POST, entry_rows(entries))


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
_COUNTS = """
SELECT (SELECT count(*) FROM journal_entry WHERE hospital_id = $1) AS entries,
  (SELECT count(*) FROM posting WHERE hospital_id = $1) AS postings,
  (SELECT count(*) FROM journal_entry e WHERE hospital_id = $1 AND NOT EXISTS (
    SELECT FROM posting p WHERE p.hospital_id = e.hospital_id AND p.entry_id = e.entry_id)) AS empty
"""


async def balances(tx: Tx, hospital_id: int, at: datetime | None = None) -> list[Row]:
    """``account, debit_fen, credit_fen`` by account; ``at``: as it was then."""
    return await tx.fetch(_BALANCES, hospital_id, at)


async def counts(tx: Tx, hospital_id: int) -> Any:
    """``entries, postings, empty`` (entries without a posting)."""
    return await tx.fetchrow(_COUNTS, hospital_id)


_CHANNELS = """
WITH ledger AS (
  SELECT account, sum(amount)::bigint AS fen FROM (
    SELECT debit_account AS account, amount_fen AS amount FROM posting WHERE hospital_id = $1
    UNION ALL
    SELECT credit_account, -amount_fen FROM posting WHERE hospital_id = $1
  ) AS sides WHERE account LIKE 'channel:%' GROUP BY account
), payments AS (
  SELECT 'channel:' || (params ->> 'channel') || ':' || (params ->> 'merchant') AS account,
    sum(CASE WHEN kind = 'payments.take' AND state IN ('done', 'late') THEN amount_fen
             WHEN kind = 'payments.refund' AND state IN ('done', 'late') THEN -amount_fen ELSE 0 END)::bigint AS fen
  FROM payment_step WHERE hospital_id = $1 AND kind IN ('payments.take', 'payments.refund') GROUP BY 1
)
SELECT coalesce(l.account, p.account) AS channel, coalesce(l.fen, 0) AS ledger_fen, coalesce(p.fen, 0) AS payments_fen
FROM ledger l FULL JOIN payments p USING (account)
WHERE coalesce(l.account, p.account) IS NOT NULL
"""


async def channels_against_payments(tx: Tx, hospital_id: int) -> list[Row]:
    """``channel, ledger_fen, payments_fen``: what the ledger and the payments' steps say of each channel."""
    return await tx.fetch(_CHANNELS, hospital_id)
