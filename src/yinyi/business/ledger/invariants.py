"""What has to hold of the ledger by itself."""

from yinyi.business.ledger.model import Moves, limited_side
from yinyi.business.watch.model import Invariant, Walk, slices

ENTRIES = Walk(table="journal_entry", key="entry_id", at="posted_at", lag_s=15)
"""Longer than any transaction lasts: nothing with a lower number is committed later."""


class EntriesHavePostings(Invariant):
    """Every journal entry has its postings."""

    name = "entries_have_postings"
    zh = "每张凭证都有分录。"
    walk = ENTRIES
    statement = """
SELECT e.source AS subject, e.kind || ', without a posting' AS detail,
  e.entry_id AS position
FROM :entries AS e
WHERE NOT EXISTS (SELECT FROM posting p WHERE p.hospital_id = :hospital AND p.entry_id = e.entry_id)
LIMIT 100
""".replace(":entries", slices(ENTRIES))


UNKNOWN_MOVE = """
NOT EXISTS (
  SELECT FROM unnest(:kinds::text[], :debits::text[], :credits::text[]) AS m (kind, debit, credit)
  WHERE m.kind = e.kind AND starts_with(p.debit_account, m.debit) AND starts_with(p.credit_account, m.credit))
"""
"""Of posting ``p`` of entry ``e``: nothing that we do moves money so."""


def moves_as_rows(moves: Moves) -> dict[str, list[str]]:
    """What ``UNKNOWN_MOVE`` is given: a row for each pair of accounts."""
    rows = [(kind, a, b) for kind, between in moves.items() for a in between.debit for b in between.credit]
    return {name: [row[at] for row in rows] for at, name in enumerate(("kinds", "debits", "credits"))}


class EntriesMoveAsTheirKind(Invariant):
    """Every entry of the ledger is of a kind that we know, and moves money between accounts that this kind is for."""

    name = "entries_move_as_their_kind"
    zh = "账簿中每张凭证的类型都是已知的，且只在该类型对应的账户之间划转。"
    walk = ENTRIES
    statement = """
SELECT e.source AS subject, 'booked as ' || e.kind || ': ' || p.amount_fen || ' fen, debit ' || p.debit_account
  || ', credit ' || p.credit_account AS detail, e.entry_id AS position
FROM :entries AS e JOIN posting p ON p.hospital_id = :hospital AND p.entry_id = e.entry_id
WHERE :unknown
LIMIT 100
""".replace(":entries", slices(ENTRIES)).replace(":unknown", UNKNOWN_MOVE)

    def __init__(self, moves: Moves) -> None:
        self.parameters = moves_as_rows(moves)


class BalancesAreTheirPostings(Invariant):
    """The balance of every prepaid account and of every stay's deposit is the sum of its postings."""

    name = "balances_are_their_postings"
    zh = "每个门诊预交金账户和住院押金账户的余额等于其分录之和。"
    walk = ENTRIES
    statement = (
        """
WITH touched AS (
  SELECT a.account, max(e.entry_id) AS entry_id
  FROM :entries AS e JOIN posting p ON p.hospital_id = :hospital AND p.entry_id = e.entry_id
  CROSS JOIN LATERAL (VALUES (p.debit_account), (p.credit_account)) AS a (account)
  WHERE a.account LIKE 'prepaid:%' OR a.account LIKE 'deposit:%'
  GROUP BY a.account
)
SELECT t.account AS subject, 'the postings say ' || s.credits - s.debits || ' fen, the balance '
  || coalesce(b.balance_fen, 0) AS detail, t.entry_id AS position
FROM touched t
LEFT JOIN account_balance b ON b.account = t.account AND b.hospital_id = :hospital
CROSS JOIN LATERAL (SELECT
  (SELECT coalesce(sum(p.amount_fen), 0) FROM posting p
   WHERE p.credit_account = t.account AND p.hospital_id = :hospital AND (:limited_credit))::bigint AS credits,
  (SELECT coalesce(sum(p.amount_fen), 0) FROM posting p
   WHERE p.debit_account = t.account AND p.hospital_id = :hospital AND (:limited_debit))::bigint AS debits) AS s
WHERE s.credits - s.debits <> coalesce(b.balance_fen, 0)
LIMIT 100
""".replace(":entries", slices(ENTRIES))
        .replace(":limited_credit", limited_side("credit"))
        .replace(":limited_debit", limited_side("debit"))
    )


PATIENTS = Walk(table="patient", key="patient_id", at="created_at", lag_s=15)


class PrepaidBalancesAreTheirPostings(Invariant):
    """Whatever stands on a patient's prepaid account has been posted there."""

    name = "prepaid_balances_are_their_postings"
    zh = "每位患者门诊预交金账户上的余额都有对应的分录。"
    walk = PATIENTS
    statement = (
        """
SELECT b.account AS subject, 'the postings say ' || s.credits - s.debits || ' fen, the balance ' || b.balance_fen
  AS detail, t.patient_id AS position
FROM :patients AS t
JOIN account_balance b ON b.account = 'prepaid:' || t.patient_id AND b.hospital_id = :hospital
CROSS JOIN LATERAL (SELECT
  (SELECT coalesce(sum(p.amount_fen), 0) FROM posting p
   WHERE p.credit_account = b.account AND p.hospital_id = :hospital AND (:limited_credit))::bigint AS credits,
  (SELECT coalesce(sum(p.amount_fen), 0) FROM posting p
   WHERE p.debit_account = b.account AND p.hospital_id = :hospital AND (:limited_debit))::bigint AS debits) AS s
WHERE s.credits - s.debits <> b.balance_fen
LIMIT 100
""".replace(":patients", slices(PATIENTS))
        .replace(":limited_credit", limited_side("credit"))
        .replace(":limited_debit", limited_side("debit"))
    )


def ledger_invariants(moves: Moves) -> list[Invariant]:
    """All of this domain's. ``moves``: of every domain that posts."""
    of_entries = [EntriesHavePostings(), EntriesMoveAsTheirKind(moves), BalancesAreTheirPostings()]
    return [*of_entries, PrepaidBalancesAreTheirPostings()]
