"""What has to hold of what the hospital charges prepaid accounts."""

from yinyi.business.ledger.invariants import ENTRIES
from yinyi.business.watch.model import Invariant, Walk, slices

WRITTEN = Walk(table="prepaid_charge", key="charge_id", at="charged_at", lag_s=15)


class ChargesAreBooked(Invariant):
    """What the hospital has charged prepaid accounts, and given back of it, stands in the ledger with its amount and
    its patient."""

    name = "prepaid_charges_are_booked"
    zh = "医院直接扣、退的门诊预交金，每笔都按金额和患者记入账簿。"
    walk = WRITTEN
    statement = """
SELECT m.source AS subject, 'not booked as such: ' || m.amount_fen || ' fen' AS detail, c.charge_id AS position
FROM :slices AS c
CROSS JOIN LATERAL (
  SELECT 'prepaid_charge:' || c.charge_id || ':charged' AS source, c.amount_fen, 1 AS sign
  UNION ALL
  SELECT 'prepaid_charge:' || c.charge_id || ':charge_back:' || r.nth, r.amount_fen, -1
  FROM prepaid_charge_return r WHERE r.hospital_id = :hospital AND r.charge_id = c.charge_id
) AS m
WHERE c.amount_fen > 0 AND NOT EXISTS (
  SELECT FROM journal_entry e JOIN posting o ON o.hospital_id = e.hospital_id AND o.entry_id = e.entry_id
  WHERE e.hospital_id = :hospital AND e.source = m.source AND o.amount_fen = m.amount_fen
    AND CASE WHEN m.sign > 0 THEN o.debit_account ELSE o.credit_account END = 'prepaid:' || c.patient_id)
LIMIT 100
""".replace(":slices", slices(WRITTEN))


class ChargeEntriesHaveTheirCharge(Invariant):
    """Every entry of the ledger about a charge is of a charge that the hospital has asked for."""

    name = "charge_entries_have_their_charge"
    zh = "账簿中每笔医院直接扣、退预交金的凭证都有对应的扣费记录。"
    walk = ENTRIES
    statement = """
SELECT e.source AS subject, 'booked as ' || e.kind || ', and no charge says so' AS detail, e.entry_id AS position
FROM :entries AS e
WHERE e.kind IN ('charged', 'charge_back') AND NOT EXISTS (
  SELECT FROM prepaid_charge c LEFT JOIN prepaid_charge_return r
    ON r.hospital_id = c.hospital_id AND r.charge_id = c.charge_id
  WHERE c.hospital_id = :hospital AND c.charge_id = split_part(e.source, ':', 2)::bigint
    AND (e.kind = 'charged' OR r.nth = split_part(e.source, ':', 4)::int))
LIMIT 100
""".replace(":entries", slices(ENTRIES))


CHARGES: tuple[Invariant, ...] = (ChargesAreBooked(), ChargeEntriesHaveTheirCharge())
