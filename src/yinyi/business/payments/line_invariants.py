"""What has to hold between payments and the bank line."""

from yinyi.business.watch.model import Invariant


class StuckReversalsAreLookedInto(Invariant):
    """The payment of a reversal that is stuck is in the human queue within the hour, of a void within 25 hours, until
    two people have said what became of it."""

    name = "stuck_reversals_are_looked_into"
    zh = "冲正停滞的消费在一小时内、撤销在二十五小时内进入人工处理队列，直到两人裁定结果。"
    every_s = 30.0
    # states are named as the partial index of unfinished messages names them, so that it is found
    statement = """
SELECT s.acquirer || '/' || s.merchant_no || '/' || s.terminal_no || ' ' || m.batch_no || ' ' || m.trace_no AS subject,
  m.kind || ' ' || m.reference || ' is stuck, and '
    || coalesce('payment ' || p.payment_no || ' is in no queue', 'of no payment') AS detail, NULL::bigint AS position
FROM line_message m JOIN line_session s ON s.hospital_id = :hospital AND s.session_id = m.session_id
LEFT JOIN payment_step t ON t.reference = m.reference AND t.hospital_id = :hospital
LEFT JOIN payment p ON p.payment_id = t.payment_id AND p.hospital_id = :hospital
WHERE m.hospital_id = :hospital AND m.state IN ('sent', 'in_doubt', 'stuck') AND m.state = 'stuck'
  AND coalesce(p.attention, '') = ''
  AND m.sent_at < :now::timestamptz - CASE m.kind WHEN 'void' THEN interval '25 hours' ELSE interval '1 hour' END
  AND NOT EXISTS (
    SELECT FROM payment_settlement r
    WHERE r.payment_id = t.payment_id AND r.reference = m.reference AND r.hospital_id = :hospital
      AND r.settled_at IS NOT NULL)
ORDER BY m.sent_at LIMIT 100
"""
