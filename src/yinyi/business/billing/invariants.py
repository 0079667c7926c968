"""What has to hold of bills."""

from yinyi.business.watch.model import Invariant


class LineRefundsAreMade(Invariant):
    """Lines of bills that are to be given back are booked or refused by the hospital within an hour, and what it has
    booked was there to be given back."""

    name = "line_refunds_are_made"
    zh = "部分退费在一小时内由医院入账或拒绝，入账的都有钱可退。"
    every_s = 60.0
    statement = """
(SELECT r.reference AS subject, r.state || ' since ' || r.wanted_at || ' ' || r.problem AS detail,
  NULL::bigint AS position
FROM invoice_refund r
WHERE r.next_at IS NOT NULL AND r.wanted_at < :now::timestamptz - interval '1 hour' AND r.hospital_id + 0 = :hospital
ORDER BY r.wanted_at LIMIT 50)
UNION ALL
(SELECT r.reference, r.problem, NULL FROM invoice_refund r
WHERE r.state = 'short' AND r.hospital_id + 0 = :hospital
ORDER BY r.wanted_at LIMIT 50)
"""
