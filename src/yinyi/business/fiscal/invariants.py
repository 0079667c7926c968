"""What has to hold of electronic receipts."""

from yinyi.business.watch.model import Invariant


class FiscalInvoicesAreIssued(Invariant):
    """Every electronic receipt that is wanted is issued within a day, and no payment that has ended waits for one to be
    wanted."""

    name = "fiscal_invoices_are_issued"
    zh = "应开的电子票据在一天内开出，没有结束的支付漏开。"
    every_s = 60.0
    statement = """
(SELECT f.reference AS subject, f.state || ' since ' || f.wanted_at || ' ' || f.problem AS detail,
  NULL::bigint AS position
FROM fiscal_invoice f
WHERE f.wanted_at < :now::timestamptz - interval '1 day' AND f.state IN ('wanted', 'sent')
  AND f.hospital_id + 0 = :hospital
ORDER BY f.wanted_at LIMIT 50)
UNION ALL
(SELECT p.payment_no, 'ended, and nobody has looked whether it has a receipt', NULL
FROM payment_end e JOIN payment p ON p.hospital_id = e.hospital_id AND p.payment_id = e.payment_id
WHERE e.hospital_id = :hospital AND p.ended_at < :now::timestamptz - interval '1 hour'
ORDER BY e.payment_id LIMIT 50)
"""
