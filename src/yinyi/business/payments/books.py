"""What the ledger says, beside what payments say of the same money."""

from yinyi.bus.database import Row, Tx
from yinyi.business.ledger.invariants import ENTRIES
from yinyi.business.watch.model import Invariant, slices

_CHANNELS = """
WITH ledger AS (
  SELECT account, sum(amount)::bigint AS fen FROM (
    SELECT debit_account AS account, amount_fen AS amount FROM posting WHERE hospital_id = $1
    UNION ALL
    SELECT credit_account, -amount_fen FROM posting WHERE hospital_id = $1
  ) AS sides WHERE account LIKE 'channel:%' GROUP BY account
), payments AS (
  SELECT 'channel:' || channel || ':' || merchant AS account, sum(fen)::bigint AS fen FROM (
    SELECT params ->> 'channel' AS channel, params ->> 'merchant' AS merchant,
      CASE WHEN state NOT IN ('done', 'late') THEN 0 WHEN kind = 'payments.take' THEN amount_fen ELSE -amount_fen END
    FROM payment_step WHERE hospital_id = $1 AND kind IN ('payments.take', 'payments.refund')
      AND params ->> 'channel' <> 'prepaid'
    UNION ALL
    SELECT channel, merchant, CASE WHEN outcome IN ('over_found', 'short_made_good') THEN amount_fen
      WHEN outcome IN ('short_found', 'over_given_back') THEN -amount_fen ELSE 0 END
    FROM payment_settlement WHERE hospital_id = $1 AND settled_at IS NOT NULL AND channel <> ''
  ) AS moves (channel, merchant, fen) GROUP BY channel, merchant
)
SELECT coalesce(l.account, p.account) AS account, coalesce(l.fen, 0) AS ledger_fen, coalesce(p.fen, 0) AS payments_fen
FROM ledger l FULL JOIN payments p USING (account)
WHERE coalesce(l.account, p.account) IS NOT NULL
"""


async def channels_against_payments(tx: Tx, hospital_id: int) -> list[Row]:
    """``account, ledger_fen, payments_fen``: what the ledger says of each channel, and what the payments' steps say
    together with what people have found there."""
    return await tx.fetch(_CHANNELS, hospital_id)


_DOUBTS = """
WITH ledger AS (
  SELECT scope, sum(fen)::bigint AS fen FROM (
    SELECT split_part(credit_account, ':', 2) AS scope, amount_fen AS fen FROM posting
    WHERE hospital_id = :hospital AND credit_account LIKE 'his:%'
    UNION ALL
    SELECT split_part(debit_account, ':', 2), -amount_fen FROM posting
    WHERE hospital_id = :hospital AND debit_account LIKE 'his:%'
  ) AS sides GROUP BY scope
), doubtful AS (
  SELECT p.scope, sum(CASE
    WHEN s.kind = 'payments.take' AND s.state = 'done' THEN s.amount_fen
    WHEN s.kind = 'payments.refund' AND (s.state IN ('doing', 'waiting', 'unknown', 'done', 'late')
        OR p.facts ? 'credited' AND (s.state = 'planned' OR s.params ->> 'how' IS DISTINCT FROM 'void'
          AND s.reason NOT IN ('superseded', 'not_believed')))
      AND EXISTS (SELECT FROM payment_step t WHERE t.hospital_id = :hospital AND t.payment_id = p.payment_id
        AND t.reference = s.params ->> 'of' AND t.state = 'done') THEN -s.amount_fen
    WHEN s.evidence ? 'receivable' AND s.state IN ('done', 'undoing', 'undo_unknown', 'late')
      THEN (s.evidence ->> 'receivable_fen')::bigint
    ELSE 0 END)::bigint AS fen
  FROM (
    SELECT payment_id, scope, facts, ended_at FROM payment
    WHERE lease_epoch IS NULL AND next_at IS NOT NULL AND hospital_id = :hospital
    UNION ALL
    SELECT payment_id, scope, facts, ended_at FROM payment WHERE lease_epoch IS NOT NULL AND hospital_id = :hospital
  ) AS p JOIN payment_step s ON s.hospital_id = :hospital AND s.payment_id = p.payment_id
  WHERE p.ended_at IS NULL AND EXISTS (
    SELECT FROM payment_step d WHERE d.hospital_id = :hospital AND d.payment_id = p.payment_id
      AND d.position >= 40 AND d.position < 900
      AND (d.state IN ('unknown', 'undo_unknown') OR d.state = 'undoing' AND d.tries > 0)
      AND NOT EXISTS (
        SELECT FROM payment_step n WHERE n.hospital_id = :hospital AND n.payment_id = d.payment_id
          AND n.position = d.position AND n.attempt > d.attempt))
  GROUP BY p.scope
)
SELECT 'his:' || scope AS account, coalesce(l.fen, 0) AS ledger_fen, coalesce(d.fen, 0) AS payments_fen
FROM ledger l FULL JOIN doubtful d USING (scope)
"""
"""Of what the HIS was told and may not have booked: what the ledger says, and what the open payments say."""


async def doubts_against_payments(tx: Tx, hospital_id: int) -> list[Row]:
    """``account, ledger_fen, payments_fen``: of what the HIS was told and may not have booked."""
    return await tx.fetch(_DOUBTS.replace(":hospital", "$1"), hospital_id)


OWED_BY_INSURANCE = """
coalesce(CASE WHEN s.state IN ('done', 'late') THEN p.amount_fen - (
    SELECT (q.evidence ->> 'cash_fen')::bigint FROM payment_step q
    WHERE q.hospital_id = p.hospital_id AND q.payment_id = p.payment_id AND q.kind = 'insurance.quote'
      AND q.state = 'done'
    ORDER BY q.attempt DESC LIMIT 1)
  WHEN s.state IN ('undoing', 'undo_unknown') THEN (s.evidence ->> 'receivable_fen')::bigint END, 0)
"""
"""For step ``s``, a settlement of payment ``p``: what was quoted, whatever the settlement itself has told; while it is
being undone, what was known to be settled."""
_INSURANCES = """
WITH ledger AS (
  SELECT account, sum(fen)::bigint AS fen FROM (
    SELECT debit_account AS account, amount_fen AS fen FROM posting
    WHERE hospital_id = $1 AND debit_account LIKE 'insurance:%'
    UNION ALL
    SELECT credit_account, -amount_fen FROM posting WHERE hospital_id = $1 AND credit_account LIKE 'insurance:%'
  ) AS sides GROUP BY account
), settled AS (
  SELECT 'insurance:' || (p.facts #>> '{claim,scheme}') AS account, sum(:owed)::bigint AS fen
  FROM payment_step s JOIN payment p ON p.hospital_id = s.hospital_id AND p.payment_id = s.payment_id
  WHERE s.hospital_id = $1 AND s.kind = 'insurance.settle' GROUP BY 1
)
SELECT coalesce(l.account, s.account, 'insurance:?') AS account, coalesce(l.fen, 0) AS ledger_fen,
  coalesce(s.fen, 0) AS payments_fen
FROM ledger l FULL JOIN settled s USING (account)
""".replace(":owed", OWED_BY_INSURANCE)


async def insurances_against_payments(tx: Tx, hospital_id: int) -> list[Row]:
    """``account, ledger_fen, payments_fen``: of what each insurance owes."""
    return await tx.fetch(_INSURANCES, hospital_id)


FUNDS = """
(SELECT coalesce(sum(m.fen), 0)::bigint AS fen
 FROM (SELECT p.payment_no AS number UNION ALL SELECT s.reference FROM payment_step s
   WHERE s.hospital_id = :hospital AND s.payment_id = p.payment_id AND s.reference NOT IN ('', p.payment_no)) AS n
 CROSS JOIN LATERAL (
   SELECT CASE WHEN o.credit_account = 'patient_funds:' || p.scope THEN o.amount_fen
     WHEN o.debit_account = 'patient_funds:' || p.scope THEN -o.amount_fen ELSE 0 END AS fen
   FROM (SELECT e.entry_id FROM journal_entry e
     WHERE e.hospital_id = :hospital AND e.source >= n.number || ':' AND e.source < n.number || ';' OFFSET 0) AS e
   JOIN posting o ON o.hospital_id = :hospital AND o.entry_id = e.entry_id OFFSET 0) AS m)
"""
"""Of payment ``p``: what its entries have left among patients' money, which is neither delivered nor given back."""
OPEN = """
(SELECT * FROM payment
 WHERE lease_epoch IS NULL AND next_at IS NOT NULL AND hospital_id = :hospital AND ended_at IS NULL
 UNION ALL
 SELECT * FROM payment WHERE lease_epoch IS NOT NULL AND hospital_id = :hospital AND ended_at IS NULL)
"""
"""By two small partial indexes, however many have ended."""
_HELD = (
    """
WITH ledger AS (
  SELECT account, sum(fen)::bigint AS fen FROM (
    SELECT credit_account AS account, amount_fen AS fen FROM posting
    WHERE hospital_id = :hospital AND credit_account LIKE 'patient_funds:%'
    UNION ALL
    SELECT debit_account, -amount_fen FROM posting
    WHERE hospital_id = :hospital AND debit_account LIKE 'patient_funds:%'
  ) AS sides GROUP BY account
), held AS (
  SELECT 'patient_funds:' || p.scope AS account, sum(f.fen)::bigint AS fen
  FROM :open AS p CROSS JOIN LATERAL :funds AS f GROUP BY p.scope
)
SELECT account, coalesce(l.fen, 0) AS ledger_fen, coalesce(h.fen, 0) AS payments_fen
FROM ledger l FULL JOIN held h USING (account)
""".replace(":open", OPEN)
    .replace(":funds", FUNDS)
    .replace(":hospital", "$1")
)


async def funds_against_payments(tx: Tx, hospital_id: int) -> list[Row]:
    """``account, ledger_fen, payments_fen``: of patients' money, which is only of payments that are open."""
    return await tx.fetch(_HELD, hospital_id)


MISPLACED = """
FROM :entries AS e
JOIN posting o ON o.hospital_id = :hospital AND o.entry_id = e.entry_id
JOIN payment p ON p.payment_no = split_part(e.source, ':', 1) AND p.hospital_id = :hospital
CROSS JOIN LATERAL (SELECT 'patient_funds:' || p.scope AS funds,
  coalesce(nullif(p.facts ->> 'credited', ''), 'hospital:' || p.scope || ':' || p.purpose) AS owner) AS a
CROSS JOIN LATERAL (SELECT
  CASE e.kind WHEN 'delivered' THEN o.debit_account ELSE o.credit_account END AS funds,
  CASE e.kind WHEN 'delivered' THEN o.credit_account ELSE o.debit_account END AS owner) AS b
WHERE e.kind IN ('delivered', 'taken_back') AND (
  b.funds <> a.funds
  OR b.owner <> a.owner AND NOT (e.kind = 'taken_back' AND b.owner = 'suspense:short') AND NOT EXISTS (
    SELECT FROM patient m WHERE m.hospital_id = :hospital AND 'prepaid:' || m.merged_into = a.owner
      AND m.patient_id = CASE WHEN b.owner LIKE 'prepaid:%' THEN split_part(b.owner, ':', 2)::bigint END))
"""
"""Of entries ``e``: delivered, or taken back, and not between the accounts of its payment. What was credited to an
account before its patient was merged into another one stays where it was booked."""
_DELIVERIES = f"""
SELECT count(DISTINCT e.entry_id)::int
{MISPLACED}
""".replace(":entries", "(SELECT * FROM journal_entry WHERE hospital_id = :hospital)").replace(":hospital", "$1")


async def differences(tx: Tx, hospital_id: int) -> list[str]:
    """Where the two disagree, in words."""
    of_all = [*await channels_against_payments(tx, hospital_id), *await insurances_against_payments(tx, hospital_id)]
    of_open = [*await doubts_against_payments(tx, hospital_id), *await funds_against_payments(tx, hospital_id)]
    found = [
        f"{row['account']}: the ledger says {row['ledger_fen']} fen, {who} say {row['payments_fen']} fen"
        for who, rows in (("the payments", of_all), ("open payments", of_open))
        for row in rows
        if row["ledger_fen"] != row["payments_fen"]
    ]
    misplaced = await tx.fetchval(_DELIVERIES, hospital_id)
    return [*found, f"{misplaced} deliveries are booked elsewhere than their payment is for"] if misplaced else found


class OpenPaymentsHoldNoLess(Invariant):
    """No open payment has delivered or given back more in the ledger than stands there for it among patients' money."""

    name = "open_payments_hold_no_less"
    zh = "未结束的支付在账簿中交付或退回的金额不超过为它记入患者资金的金额。"
    statement = """
SELECT p.payment_no AS subject, 'it is open, and ' || f.fen || ' fen of it stand among patients'' money' AS detail,
  NULL::bigint AS position
FROM :open AS p CROSS JOIN LATERAL :funds AS f
WHERE f.fen < 0
LIMIT 100
""".replace(":open", OPEN).replace(":funds", FUNDS)


class DeliveriesGoWhereTheyBelong(Invariant):
    """What was delivered for a payment, or taken back, is booked between patients' money of its scope and the account
    that this payment is for."""

    name = "deliveries_go_where_they_belong"
    zh = "每笔支付的交付和收回，只在其范围的患者资金与该支付对应的账户之间记账。"
    walk = ENTRIES
    statement = """
SELECT p.payment_no AS subject, 'booked as ' || e.kind || ': ' || o.amount_fen || ' fen, debit ' || o.debit_account
  || ', credit ' || o.credit_account AS detail, e.entry_id AS position
:misplaced
LIMIT 100
""".replace(":misplaced", MISPLACED).replace(":entries", slices(ENTRIES))


class DoubtsAgree(Invariant):
    """What stands on the HIS's account is what open payments are in doubt about, and nothing else."""

    name = "doubts_agree"
    zh = "应收HIS待确认款与未完成支付中结果未知的金额一致。"
    statement = """
SELECT account AS subject, 'the ledger says ' || ledger_fen || ' fen, open payments ' || payments_fen AS detail,
  NULL::bigint AS position
FROM (:doubts) AS d WHERE ledger_fen <> payments_fen
LIMIT 100
""".replace(":doubts", _DOUBTS)
