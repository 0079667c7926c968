"""What has to hold of keys and messages of the bank line."""

from yinyi.business.watch.model import Invariant


class KeyComponentsExpire(Invariant):
    """No component of a key waits for longer than it may."""

    name = "key_components_expire"
    zh = "没有超过保留时限的密钥分量。"
    every_s = 30.0
    statement = """
SELECT c.acquirer || '/' || c.merchant_no || '/' || c.terminal_no AS subject,
  'component ' || c.part || ' was to be deleted' AS detail, NULL::bigint AS position
FROM line_key_component c
WHERE c.hospital_id = :hospital AND c.expires_at < :now::timestamptz - interval '5 minutes'
ORDER BY c.expires_at LIMIT 100
"""


class LineDoubtsAreSeenTo(Invariant):
    """What is in doubt on the bank line has its reversal tried within the hour, until it is reversed or stuck."""

    name = "line_doubts_are_seen_to"
    zh = "银行专线上结果未知的交易在一小时内发起过冲正，直到冲正成功或列为冲正停滞。"
    every_s = 30.0
    statement = """
SELECT s.acquirer || '/' || s.merchant_no || '/' || s.terminal_no || ' ' || m.batch_no || ' ' || m.trace_no AS subject,
  m.kind || ' is ' || m.state || ' ' || m.reference AS detail, NULL::bigint AS position
FROM line_message m JOIN line_session s ON s.hospital_id = :hospital AND s.session_id = m.session_id
WHERE m.hospital_id = :hospital AND m.state IN ('sent', 'in_doubt', 'stuck') AND m.state <> 'stuck'
  AND coalesce(m.reversal_at, m.sent_at) < :now::timestamptz - interval '1 hour'
  AND (s.busy_until IS NULL OR s.busy_until < :now::timestamptz - interval '1 hour')
ORDER BY m.sent_at LIMIT 100
"""


class LineBatchesAreSettled(Invariant):
    """No batch with money in it was left behind by its bank without having been settled."""

    name = "line_batches_are_settled"
    zh = "银行已切换批次时，没有留下未结算的批次。"
    every_s = 30.0
    statement = """
SELECT s.acquirer || '/' || s.merchant_no || '/' || s.terminal_no || ' ' || b.batch_no AS subject,
  'the bank has gone on to another batch, and this one is not settled' AS detail, NULL::bigint AS position
FROM line_session s CROSS JOIN LATERAL unnest(s.left_batches) AS b (batch_no)
WHERE s.hospital_id = :hospital AND cardinality(s.left_batches) > 0
ORDER BY 1 LIMIT 100
"""


class CardDataIsForgotten(Invariant):
    """No card data are kept for more than a year after what they were for has become certain."""

    name = "card_data_is_forgotten"
    zh = "交易结果确定后，卡数据保存不超过一年。"
    every_s = 30.0
    statement = """
SELECT s.acquirer || '/' || s.merchant_no || '/' || s.terminal_no || ' ' || m.batch_no || ' ' || m.trace_no AS subject,
  'card data of a batch that is not open any more were to be deleted' AS detail, NULL::bigint AS position
FROM line_message m JOIN line_session s ON s.hospital_id = :hospital AND s.session_id = m.session_id
WHERE m.sent_at < :now::timestamptz - interval '366 days' AND m.hospital_id = :hospital AND m.card_data IS NOT NULL
  AND m.batch_no <> s.batch_no AND m.state NOT IN ('sent', 'in_doubt', 'stuck')
ORDER BY m.sent_at LIMIT 100
"""
