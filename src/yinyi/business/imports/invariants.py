"""What has to hold of what was taken over."""

from yinyi.business.ledger.invariants import ENTRIES
from yinyi.business.ledger.model import OPENING
from yinyi.business.watch.model import Invariant, slices


class OpeningsConfirmed(Invariant):
    """Every balance that was opened stands in an import that two people have confirmed, with the same amount."""

    name = "openings_confirmed"
    zh = "每笔期初余额都出自经两人确认的导入，金额一致。"
    walk = ENTRIES
    statement = (
        """
SELECT e.source AS subject, 'opened, and nobody has confirmed it: ' || p.amount_fen || ' fen' AS detail,
  e.entry_id AS position
FROM :entries AS e
JOIN posting p ON p.hospital_id = :hospital AND p.entry_id = e.entry_id
WHERE p.debit_account = ':opening' AND NOT EXISTS (
  SELECT FROM import_balance b
  JOIN import_run r ON r.hospital_id = b.hospital_id AND r.import_id = b.import_id AND r.confirmed_by <> r.proposed_by
  WHERE b.patient_id = CASE WHEN e.source ~ '^opening:[0-9]{1,18}$' THEN split_part(e.source, ':', 2)::bigint END
    AND b.hospital_id = :hospital AND b.amount_fen = p.amount_fen AND p.credit_account = 'prepaid:' || b.patient_id)
LIMIT 100
""".replace(":opening", OPENING)
    ).replace(":entries", slices(ENTRIES))
